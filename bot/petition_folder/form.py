"""The form in which the preview's page asks for a petition: its fields are those of the schema."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from bot.petition_folder.files import PETITION_FILE
from bot.petition_folder.markup_check import LONGEST, fillable, rooms
from bot.petition_folder.read import Folder
from bot.petition_folder.schema import Group, PetitionFile, Texts
from bot.petition_folder.schema_fields import FileField, Value, at, fields_of
from bot.petition_folder.unready import MARK
from bot.text import text_limits
from telegram_text.markup import length, seen

_GROUPS = [*Group]
# Signs that people write as they are, where Telegram's HTML wants "&lt;" and "&amp;".
_BEGINS_NO_TAG = re.compile(
    r"<(?!/?(?:b|strong|i|em|u|ins|s|strike|del|a|code|pre|blockquote|span|tg-[a-z]+|br|p)\b)",
    re.IGNORECASE,
)
_BEGINS_NO_SIGN = re.compile(r"&(?!#\d+;|#x[0-9a-f]+;|[a-z]{2,8};)", re.IGNORECASE)


def form_of(read: Folder) -> list[FileField]:
    """Returns the field of every value that can be written; none of a file that is not TOML."""
    found = [each for each in _fields(read) if not each.schema.get("readOnly")]
    return sorted(found, key=lambda each: _GROUPS.index(_group(each)))


def _group(field: FileField) -> Group:
    return Group(field.schema.get("group", Group.OTHER))


def _fields(read: Folder) -> Iterator[FileField]:
    for language in read.languages:
        for field in fields_of(Texts, f"{language}.toml"):
            yield replace(field, language=language)
    table = read.tables.get(PETITION_FILE)
    if table is None:
        return
    for field in fields_of(PetitionFile, PETITION_FILE, table):
        if not field.is_by_language or isinstance(at(table, field.path), str | list):
            yield field
            continue
        for language in read.languages:
            yield replace(field, path=(*field.path, language), language=language)


def shapes_of(read: Folder) -> list[dict[str, Any]]:
    """Returns the form for the page, which says its sentences in the language that it has."""
    room = {each: rooms(read.texts[each], read.values[each]) for each in read.languages}
    return [_shape(each, read, room) for each in form_of(read)]


def _shape(
    field: FileField, read: Folder, room: Mapping[str, Mapping[str, int]]
) -> dict[str, Any]:
    schema, limit = field.schema, field.schema.get("limit")
    is_text = field.file != PETITION_FILE and field.language is not None
    if is_text and limit is None:
        limit = room[str(field.language)].get(field.key, text_limits.MESSAGE)
    choices = schema.get("choices", {})
    return {
        "file": field.file,
        "key": field.key,
        "language": field.language,
        "name": field.name,
        "number": next((int(part) + 1 for part in field.path if part.isdecimal()), None),
        "group": _group(field),
        "title": schema["title"],
        "why": " ".join(schema.get("description", "").split()),
        "kind": field.kind,
        "limit": limit,
        "least": schema.get("minimum", 0),
        "choices": choices
        | {each: each for each in schema.get("enum", ()) if each not in choices},
        "fillable": fillable(field.key) if is_text else {},
        "text": text_in(read, field),
        "todo": _todo(read, field),
    }


def _todo(read: Folder, field: FileField) -> str | None:
    """Returns whether there is something to "write" or to "translate" in a field."""
    text = text_in(read, field)
    said = " ".join(text) if isinstance(text, list) else str(text)
    if MARK.search(said):
        is_draft = read.petition.closing_is_draft and field.key == "closing_update"
        return None if is_draft else "write"
    source = read.source_language
    if field.language in (None, source) or not any(map(str.isalpha, said)):
        return None
    original = replace(field, file=f"{source}.toml")
    if field.file == PETITION_FILE:
        original = replace(field, path=(*field.path[:-1], source))
    return "translate" if text == text_in(read, original) else None


def text_in(read: Folder, field: FileField) -> str | list[str] | bool:
    """Returns what a file says for a field, as it is written there; "" if that is another form."""
    value, kind = at(read.tables.get(field.file), field.path), field.kind
    if kind == "yes_no":
        return value is True
    if kind in ("pages", "lines"):
        return [_stripped(each) for each in value] if isinstance(value, list) and value else [""]
    if kind == "numbers" and isinstance(value, list):
        return ", ".join(map(str, value))
    if kind == "choice" and value is None:
        return str(field.schema.get("default", ""))
    # A date without quotation marks is one too; a time would not be a day.
    is_said = isinstance(value, str) or type(value) in (int, date)
    return _stripped(str(value)) if is_said else ""


def _stripped(text: object) -> str:
    said = text if isinstance(text, str) else ""
    return said.replace("\r\n", "\n").replace("\r", "\n").strip()


def value_from(field: FileField, said: object) -> Value | None:
    """Returns what somebody wrote as a value for the file; None takes an optional one out.

    Raises:
        ValueError: it has another form than this field's.
    """
    kind = field.kind
    if kind == "yes_no" and isinstance(said, bool):
        return said
    if kind in ("pages", "lines") and isinstance(said, list) and said:
        return [_written(each, kind) for each in said]
    if kind in ("yes_no", "pages", "lines"):
        raise ValueError(f"{field.key} has another form")
    text = _written(said, kind)
    if kind == "numbers":
        return [int(each) for each in re.split(r"[,;\s]+", text) if each]
    if text == "" and field.is_optional:
        return None
    return int(text) if kind == "number" else text


def _written(said: object, kind: str) -> str:
    """Returns what somebody wrote as a file has it; raises ValueError for what it cannot hold."""
    if not isinstance(said, str):
        raise ValueError(f"a text, not {type(said).__name__}")  # noqa: TRY004
    said.encode()  # ValueError for half a character
    text = _stripped(said)
    if kind in ("html", "heading", "pages"):
        return _BEGINS_NO_TAG.sub("&lt;", _BEGINS_NO_SIGN.sub("&amp;", text))
    return text if kind == "plain" else text.replace("\n", " ")


def lengths(read: Folder, language: str) -> dict[str, int]:
    """Returns by placeholder how long what the bot fills in can be, as Telegram counts."""
    longest = {name: length(value) for name, value in LONGEST.items()}
    values = read.values[language].items()
    return longest | {name: length(seen(value)) for name, value in values}
