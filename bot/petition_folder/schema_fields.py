"""The fields of a petition's files, as their schema describes them: nobody lists them again."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel

EVERY_LANGUAGE = "*"

Place = tuple[str | int, ...]
"""The keys and numbers, from 0, that lead to a part of a file's content."""


Value = str | int | bool | list[str] | list[int]
Keys = Sequence[str]
"""The keys of a value from the outermost to its own, such as `("controller", "email")`; the first
of several sections of one name is `"0"`, as in `("earlier_versions", "0", "date")`."""


@dataclass(frozen=True, slots=True)
class FileField:
    """One value of a file: the keys that lead to it, and what JSON schema says of it.

    Attributes:
        file: the name of the file.
        name: the key by which it is known in every language and in every section of a list.
        kind: how it is written: Telegram's "html" or a "heading" in it, "pages" of it, "plain"
            text, a "line" or "lines", a "number" or "numbers", "yes_no", a "date", a "time-zone"
            or a "choice".
        is_optional: whether it can be left out, and not in one language alone.
        language: None for what holds for all languages.
    """

    file: str
    path: tuple[str, ...]
    name: str
    schema: Mapping[str, Any]
    kind: str
    is_by_language: bool
    is_optional: bool
    language: str | None = None

    @property
    def key(self) -> str:
        """The entry as a `Problem` names it."""
        return key_of(self.path)


_schema_of = cache(lambda model: model.model_json_schema())


def fields_of(
    model: type[BaseModel], file: str, table: Mapping[str, Any] = MappingProxyType({})
) -> Iterator[FileField]:
    """Yields every field that a file can have, in the order of the schema.

    Those of a section that may be missing, or of a list of sections, if the `table` has it.
    """
    schema = _schema_of(model)
    yield from _fields(file, schema, schema.get("$defs", {}), table)


def _fields(
    file: str,
    section: Mapping[str, Any],
    sections: Mapping[str, Any],
    table: Mapping[str, Any],
    above: tuple[str, ...] = (),
) -> Iterator[FileField]:
    for key, stated in section["properties"].items():
        choices = stated.get("anyOf", [{}])  # what may be missing is something or null
        said, path = {**stated, **choices[0]}, (*above, key)
        inside = said.get("$ref") or said.get("items", {}).get("$ref")
        if inside is None:
            is_by_language = "additionalProperties" in said
            said |= said.get("additionalProperties", {})
            is_optional = not (is_by_language or key in section.get("required", ()))
            name = ".".join(each for each in path if not each.isdecimal())
            yield FileField(file, path, name, said, _kind(said), is_by_language, is_optional)
            continue
        there = at(table, path)
        paths = [path] if there is not None or "anyOf" not in stated else []
        if "$ref" not in said:
            paths = [(*path, str(n)) for n in range(len(there) if isinstance(there, list) else 0)]
        for each in paths:
            yield from _fields(file, sections[inside.rpartition("/")[2]], sections, table, each)


def _kind(said: Mapping[str, Any]) -> str:
    if "enum" in said:
        return "choice"
    if said["type"] == "array" and said["items"]["type"] == "integer":
        return "numbers"
    if said["type"] == "array":
        return "pages" if said["items"].get("format") == "html" else "lines"
    others = {"boolean": "yes_no", "integer": "number"}
    return str(said.get("format") or others.get(said["type"], "line"))


def at(table: Any, path: Keys) -> Any:
    """Returns the value at a path of a table that was read, or None if there is none."""
    for key in path:
        if isinstance(table, list) and key.isdecimal() and int(key) < len(table):
            table = table[int(key)]
        elif isinstance(table, dict) and key in table:
            table = table[key]
        else:
            return None
    return table


def texts_in(value: object, place: Place = ()) -> Iterator[tuple[Place, str]]:
    """Yields the texts in a value of a file, however deep, each with its place.

    An empty list is an empty text.
    """
    if isinstance(value, str) or value in ([], ()):
        yield place, value if isinstance(value, str) else ""
        return
    for key, part in parts_of(value):
        yield from texts_in(part, (*place, key))


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
