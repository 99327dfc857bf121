"""The fields of a petition's files, as their schema describes them: nobody lists them again."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import BaseModel

from bot.petition_folder.edit import at

EACH = "*"
EVERY_LANGUAGE = "*"

Place = tuple[str | int, ...]
"""The keys and numbers, from 0, that lead to a part of a file's content."""


@dataclass(frozen=True, slots=True)
class SchemaField:
    """One value of a file: the keys that lead to it, and what the JSON schema says of it.

    `kind` is how it is written: Telegram's "html" or a "heading" in it, "pages" of it, "plain"
    text, a "line" or "lines", a "number" or "numbers", "yes_no", a "date", a "time-zone" or a
    "choice". `beside` are the keys of its section, and `section` is one that may be missing.
    In a list of sections, `EACH` stands for the place of one.
    """

    path: tuple[str, ...]
    said: Mapping[str, Any]
    kind: str
    is_by_language: bool
    is_optional: bool
    beside: tuple[str, ...]
    section: tuple[str, ...]

    @property
    def name(self) -> str:
        """The key by which it is known in every language and in every section of a list."""
        return ".".join(each for each in self.path if each != EACH)


@cache
def fields_of(model: type[BaseModel]) -> tuple[SchemaField, ...]:
    """Returns every field of a file, also those of its sections, in the order of the schema."""
    schema = model.model_json_schema()
    return tuple(_fields(schema, schema.get("$defs", {})))


def _fields(
    table: Mapping[str, Any],
    sections: Mapping[str, Any],
    above: tuple[str, ...] = (),
    section: tuple[str, ...] = (),
) -> Iterator[SchemaField]:
    keys = tuple(table["properties"])
    for key, stated in table["properties"].items():
        choices = stated.get("anyOf", [{}])  # what may be missing is something or null
        said, path = {**stated, **choices[0]}, (*above, key)
        by_language = said.get("additionalProperties")
        inside = said.get("$ref") or said.get("items", {}).get("$ref")
        if inside is None:
            said |= by_language or {}
            is_optional = key not in table.get("required", ())
            is_by_language = by_language is not None
            yield SchemaField(path, said, _kind(said), is_by_language, is_optional, keys, section)
            continue
        yield from _fields(
            sections[inside.rpartition("/")[2]],
            sections,
            path if "$ref" in said else (*path, EACH),
            path if "anyOf" in stated else section,
        )


def _kind(said: Mapping[str, Any]) -> str:
    if "enum" in said:
        return "choice"
    if said["type"] == "array" and said["items"]["type"] == "integer":
        return "numbers"
    if said["type"] == "array":
        return "pages" if said["items"].get("format") == "html" else "lines"
    others = {"boolean": "yes_no", "integer": "number"}
    return str(said.get("format") or others.get(said["type"], "line"))


def paths_in(table: Mapping[str, Any], field: SchemaField) -> list[tuple[str, ...]]:
    """Returns where a field is in a file: one path, or one for each section of a list."""
    if EACH not in field.path:
        return [field.path]
    place = field.path.index(EACH)
    before, behind = field.path[:place], field.path[place + 1 :]
    listed = at(table, before)
    count = len(listed) if isinstance(listed, list) else 0
    return [(*before, str(number), *behind) for number in range(count)]


def texts_in(value: object, place: Place = ()) -> Iterator[tuple[Place, str]]:
    """Yields the texts in a value of a file, however deep, each with its place.

    An empty list is an empty text.
    """
    if isinstance(value, str) or value in ([], ()):
        yield place, value if isinstance(value, str) else ""
        return
    for key, part in parts_of(value):
        yield from texts_in(part, (*place, key))


def by_language(value: object, place: Place = ()) -> Iterator[tuple[Place, dict[str, Any]]]:
    """Yields the values in a file's content that may differ by language, each with its place."""
    if isinstance(value, dict):
        yield place, value
        return
    for key, part in parts_of(value):
        yield from by_language(part, (*place, key))


def parts_of(value: object) -> Iterable[tuple[str | int, Any]]:
    """Returns the parts of a model, a table or a list, with their keys or numbers; else none."""
    if isinstance(value, BaseModel):
        return value
    if isinstance(value, dict):
        return value.items()
    return enumerate(value) if isinstance(value, list | tuple) else ()


def key_of(place: Sequence[str | int]) -> str:
    """Returns the entry at a place as a `Problem` names it, which counts from 1."""
    parts = (part for part in place if part != EVERY_LANGUAGE)
    return ".".join(str(int(part) + 1) if str(part).isdecimal() else str(part) for part in parts)
