"""Which values of a petition's folder can be written in the preview's page, and in what form."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any, Literal

from bot.petition_folder.edit import Value, at, path_of
from bot.petition_folder.markup_check import LIMITS, LONGEST, PLAIN
from bot.petition_folder.placeholders import values_in
from bot.petition_folder.read import Folder
from bot.petition_folder.schema import (
    PETITION_FILE,
    Controller,
    FrozenModel,
    PetitionFile,
    RetentionTable,
    Texts,
)
from bot.petition_folder.screen_lengths import rooms
from telegram_text.markup import length, seen

Kind = Literal["html", "plain", "pages", "line", "lines", "numbers", "number", "yes_no", "date"]
"""How a value is written: Telegram's HTML, plain text, pages of HTML, one line, a list of lines,
a list of whole numbers, one of them, yes or no, a day. What is chosen of a few is a line."""

# In the order in which the page shows them.
_FACTS: Mapping[str, Kind] = MappingProxyType(
    {
        "controller.email": "line",
        "controller.web_form": "line",
        "controller.data_protection_officer": "line",
        "controller.address": "plain",
        "goals": "numbers",
        "closes_on": "date",
        "closing_is_draft": "yes_no",
        "updates_at_most": "number",
        "handed_over": "line",
        "names_go_to": "line",
        "retention.months_after_delivery": "number",
        "retention.months_at_most": "number",
        "version": "date",
        "asks_again_since": "date",
        "time_zone": "line",
    }
)
_BY_LANGUAGE: Mapping[str, Kind] = MappingProxyType(
    {"addressee": "line", "demands": "lines", "controller.name": "line"}
)
EARLIER = "earlier_versions"
_NEEDED = frozenset({"version", "goals"})
_SECTIONS: Mapping[tuple[str, ...], type[FrozenModel]] = MappingProxyType(
    {(): PetitionFile, ("controller",): Controller, ("retention",): RetentionTable}
)


@dataclass(frozen=True, slots=True)
class Field:
    """One value that can be written: its file, its key as in a `Problem`, and its form.

    `optional` values can be left out; `language` is None for what holds for all languages.
    """

    file: str
    key: str
    kind: Kind
    language: str | None = None
    optional: bool = False

    @property
    def path(self) -> tuple[str, ...]:
        """Where the value is in its file, as `edit.changed` has it."""
        return path_of(self.key)

    @property
    def order(self) -> tuple[str, ...]:
        """The keys beside it, in the order of the schema."""
        section = _SECTIONS.get(self.path[:-1]) if self.file == PETITION_FILE else Texts
        return tuple(section.model_fields) if section else ()


def fields_of(read: Folder) -> Iterator[Field]:
    """Yields every value that can be written; none of a file that could not be read."""
    for language in read.languages:
        for key in Texts.model_fields:
            optional = not Texts.model_fields[key].is_required()
            yield Field(f"{language}.toml", key, _kind(key), language, optional)
    if read.petition is None:
        return
    for key, kind in _by_language(read.petition):
        if isinstance(_found(read.petition, path_of(key)), str | list):
            yield Field(PETITION_FILE, key, kind)
            continue
        for language in read.languages:
            yield Field(PETITION_FILE, f"{key}.{language}", kind, language)
    for key, kind in _FACTS.items():
        yield Field(PETITION_FILE, key, kind, optional=key not in _NEEDED)


def _by_language(petition: Mapping[str, Any]) -> Iterator[tuple[str, Kind]]:
    yield from _BY_LANGUAGE.items()
    if "image" in petition:
        yield "image.credit", "line"
    earlier = petition.get("earlier_versions")
    for number, _ in enumerate(earlier if isinstance(earlier, list) else (), 1):
        yield f"{EARLIER}.{number}.changed", "plain"


def _kind(key: str) -> Kind:
    if key == "language_name":
        return "line"
    if key in PLAIN or key == "title":
        return "plain"
    return "pages" if key in ("appeal", "privacy") else "html"


def value_of(field: Field, table: Mapping[str, Any]) -> Value | None:
    """Returns what a file says for a field, stripped as the bot strips it.

    None if it says nothing, or something of another form, which is a problem of the folder.
    """
    try:
        return written(field, _found(table, field.path))
    except ValueError:
        return None


def _found(table: Mapping[str, Any], path: Sequence[str]) -> Any:
    value = at(table, path)
    # A date without quotation marks; a time would not be a day.
    return value.isoformat() if type(value) is date else value


def written(field: Field, value: object) -> Value | None:
    """Returns what somebody wrote as a value for the file; None takes an optional one out.

    Raises:
        ValueError: it has another form than this field's.
    """
    if value is None or (value == "" and field.optional):
        if not field.optional:
            raise ValueError(f"{field.key} cannot be taken out")
        return None
    if field.kind == "yes_no" and isinstance(value, bool):
        return value
    if field.kind == "number":
        return _number(value)
    if field.kind == "numbers" and isinstance(value, list):
        return [_number(each) for each in value]
    if field.kind in ("pages", "lines"):
        if isinstance(value, list) and value:
            return [text(each, one_line=field.kind == "lines") for each in value]
    elif field.kind in ("html", "plain", "line", "date"):
        return text(value, one_line=field.kind in ("line", "date"))
    raise ValueError(f"{field.key} has another form")


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > 10**12:
        raise ValueError("this is no whole number")
    return value


def text(value: object, *, one_line: bool = False) -> str:
    """Returns what somebody wrote as a text, stripped and with the line breaks of a file.

    Raises:
        ValueError: it is none, or has half a character in it.
    """
    if not isinstance(value, str):
        raise ValueError(f"a text, not {type(value).__name__}")  # noqa: TRY004
    value.encode()  # ValueError for half a character, which no file can hold
    lines = value.replace("\r\n", "\n").replace("\r", "\n").strip().split("\n")
    return (" " if one_line else "\n").join(lines)


def limits(read: Folder, language: str) -> dict[str, int]:
    """Returns by key how long a text of this language can be, as Telegram counts."""
    return rooms(read.texts[language], values_in(read.petition, language)) | LIMITS


def lengths(read: Folder, language: str) -> dict[str, int]:
    """Returns by placeholder how long what the bot fills in can be, as Telegram counts."""
    longest = {name: length(value) for name, value in LONGEST.items()}
    values = values_in(read.petition, language)
    return longest | {name: length(seen(value)) for name, value in values.items()}
