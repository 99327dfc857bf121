"""Who answers for the signatures: name and contacts, put into `petition.toml`."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.petition_folder.edit import Value, changed

CONTACTS = ("email", "web_form", "data_protection_officer", "address")
_SECTION = "controller"


@dataclass(frozen=True, slots=True)
class ControllerAnswers:
    """What was answered; None leaves what is there.

    `names` is by language; a contact that is "" is taken out.
    """

    names: Mapping[str, str] | None = None
    email: str | None = None
    web_form: str | None = None
    address: str | None = None
    data_protection_officer: str | None = None


def quoted_contacts(texts: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Returns the contacts that the language files fill in: these cannot be left out."""
    written = " ".join(str(table) for table in texts)
    return frozenset(key for key in CONTACTS if f"{{{key}}}" in written)


def with_controller(text: str, answers: ControllerAnswers) -> str:
    """Returns the text of a `petition.toml` with these answers; all else in it stays.

    Raises:
        NotEditable: it is not correct TOML, or written in an unusual way.
    """
    table = tomllib.loads(text).get(_SECTION, {})
    for path, value in _changes(table.get("name"), answers):
        text = changed(text, (_SECTION, *path), value, order=("name", *CONTACTS))
    return text


def _changes(
    name: object, answers: ControllerAnswers
) -> Iterator[tuple[tuple[str, ...], Value | None]]:
    """Yields what changes, by its keys; `name` is what is there now, of any shape."""
    names = answers.names or {}
    if isinstance(name, dict):
        yield from ((("name", language), named) for language, named in names.items())
    elif len({*names.values()}) == 1:
        yield ("name",), next(iter(names.values()))
    elif names:
        yield ("name",), None
        yield from ((("name", language), named) for language, named in names.items())
    for key in CONTACTS:
        value = getattr(answers, key)
        if value is not None:
            yield (key,), value or None
