"""Who answers for the signatures: name and contacts, put into `petition.toml`."""

from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

import tomlkit
from tomlkit.items import Table

CONTACTS = ("email", "web_form", "address", "data_protection_officer")


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
    """Returns the contacts that texts fill in, by their keys: these cannot be left out.

    Args:
        texts: the tables of the language files.
    """
    written = " ".join(str(table) for table in texts)
    return frozenset(key for key in CONTACTS if f"{{{key}}}" in written)


def with_controller(text: str, answers: ControllerAnswers) -> str:
    """Returns the text of a `petition.toml` with these answers; its comments stay.

    Raises:
        tomlkit.exceptions.ParseError: the text is no TOML.
    """
    document = tomlkit.parse(text)
    table: Any = document.setdefault("controller", tomlkit.table())
    if answers.names is not None:
        _put_names(table, answers.names)
    for key in CONTACTS:
        value = getattr(answers, key)
        if value:
            _put(table, key, value)
        elif value == "" and key in table:
            del table[key]
    return tomlkit.dumps(document)


def _put_names(table: Table, names: Mapping[str, str]) -> None:
    """Writes the name of each language, or one for all where it is the same."""
    there = table.get("name")
    if isinstance(there, MutableMapping):
        for language in [*there]:
            there[language] = names.get(language) or next(iter(names.values()))
        there.update(names)
    elif len({*names.values()}) == 1:
        _put(table, "name", next(iter(names.values())))
    else:
        by_language = tomlkit.inline_table()
        by_language.update(names)
        _put(table, "name", by_language)


def _put(table: Table, key: str, value: object) -> None:
    """Sets a value; a new key comes before the comments that lead to the next section."""
    body, after = table.value.body, []
    while key not in table and body and body[-1][0] is None:
        after.append(body.pop())
    table[key] = value
    body.extend(reversed(after))
