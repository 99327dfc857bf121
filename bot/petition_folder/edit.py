"""Changes one value in a petition's TOML file; comments, order and formatting stay as they are."""

import re
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import date
from typing import Any

import tomlkit
from tomlkit import items
from tomlkit.exceptions import TOMLKitError

from bot.petition_folder.schema_fields import Keys, Value, at, parts_of

# What a basic string cannot hold as it is, besides its quotation marks.
_ESCAPED = re.compile(r"[\\\x00-\x08\x0b-\x1f\x7f]")
_SHORT_ESCAPES = {"\\": r"\\", "\r": r"\r"}
_ON_LINES = '"""\n\n"""'
_NOT_IN_A_LITERAL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class NotEditable(Exception):
    """A file is written in a way in which this value cannot be changed without harm to others."""


def changed(toml: str, path: Keys, value: Value | None, *, order: Sequence[str] = ()) -> str:
    """Returns the content of a file with one value changed, added or, for None, taken out.

    A text keeps the quotation marks and the lines of its own that it has, a list its layout, and
    the file the line breaks of Windows. An added value follows the nearest earlier one that is
    there, in the `order` of the schema. What is returned was read back: it says the new value,
    and all the others as before.

    Raises:
        NotEditable: the file is not correct TOML, or the value cannot be changed alone.
    """
    windows = "\r\n" in toml and "\n" not in toml.replace("\r\n", "")
    text = toml.replace("\r\n", "\n") if windows else toml
    new = _changed(text, path, value, order)
    return new.replace("\n", "\r\n") if windows else new


def _changed(text: str, path: Keys, value: Value | None, order: Sequence[str]) -> str:
    try:
        before = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise NotEditable(str(error)) from error
    if at(before, path) is None and value is None:
        return text
    own = tuple(path)
    wanted = {place: said for place, said in _leaves(before) if place[: len(own)] != own}
    wanted |= {} if value is None else _leaves(value, own)
    for new in _attempts(text, path, value, order):
        with suppress(tomllib.TOMLDecodeError):
            if dict(_leaves(tomllib.loads(new))) == wanted:
                return new
    raise NotEditable(".".join(path))


def _attempts(text: str, path: Keys, value: Value | None, order: Sequence[str]) -> Iterator[str]:
    """Yields the ways to write the change, the most careful first."""
    try:
        document = tomlkit.parse(text)
        if at(document, path) is not None:
            if value is None:
                del at(document, path[:-1])[path[-1]]
            else:
                _replace(document, path, value)
            yield tomlkit.dumps(document)
        elif value is not None:
            yield from _with_new_line(document, path, value, order)
            yield from _with_new_item(text, path, value)
    except (TOMLKitError, ValueError, RecursionError):
        return


def _replace(document: Any, path: Keys, value: Value) -> None:
    table, key = at(document, path[:-1]), path[-1]
    present = table[key]
    if isinstance(value, list) and isinstance(present, items.Array):
        _replace_in_list(present, value, on_lines=len(path) == 1)
    else:
        table[key] = _item(value, present, on_lines=len(path) == 1)


def _replace_in_list(array: items.Array, values: Sequence[str | int], *, on_lines: bool) -> None:
    """Makes the list hold these, and touches only those that differ."""
    present = array.unwrap()
    first = _alike_at_start(present, values)
    same_at_end = _alike_at_start(present[first:][::-1], values[first:][::-1])
    behind = len(present) - same_at_end
    fresh = values[first : len(values) - same_at_end]
    for place, value in enumerate(fresh, first):
        like = array[min(place, len(array) - 1)] if len(array) else None
        item = _item(value, like, on_lines=on_lines)
        if place < behind:
            array[place] = item
        else:
            array.insert(place, item)
    for _ in range(behind - first - len(fresh)):
        del array[first + len(fresh)]


def _alike_at_start(some: Sequence[Any], others: Sequence[Any]) -> int:
    pairs = (map(dict, map(_leaves, pair)) for pair in zip(some, others, strict=False))
    differing = (n for n, (one, other) in enumerate(pairs) if one != other)
    return next(differing, min(len(some), len(others)))


def _with_new_line(document: Any, path: Keys, value: Value, order: Sequence[str]) -> Iterator[str]:
    """Yields the file with a line for the value behind another of the same section.

    It goes through the line break of that other one, as the library itself would put it behind
    the comment of the next section.
    """
    said = _item(value, None, on_lines=len(path) == 1).as_string()
    for depth in range(len(path) - 1, -1, -1):
        table = at(document, path[:depth])
        if not isinstance(table, items.Table | tomlkit.TOMLDocument):
            continue
        for anchor in _anchors(table, path[depth:], order):
            trail = anchor.trivia.trail
            for begin in range(depth, -1, -1):
                apart = "\n" if said.startswith('"""') else ""
                line = f"{apart}{'.'.join(map(_key, path[begin:]))} = {said}\n"
                anchor.trivia.trail = (trail or "\n") + line
                yield tomlkit.dumps(document)
            anchor.trivia.trail = trail


def _anchors(table: Any, rest: Keys, order: Sequence[str]) -> Iterator[items.Item]:
    """Yields the items behind which a line can stand: an example of it first, then its peers."""
    body = table.body if isinstance(table, tomlkit.TOMLDocument) else table.value.body
    example = re.compile(rf"#\s*{re.escape('.'.join(rest))}\s*=")
    yield from (
        item
        for _, item in body
        if isinstance(item, items.Comment) and example.match(str(item.trivia.comment))
    )
    peers = [(key.key, leaf) for key, item in body if key and (leaf := _last_line(item))]
    earlier = set(order[: order.index(rest[0])] if rest[0] in order else order)
    yield from (leaf for key, leaf in reversed(peers) if key in earlier)
    yield from (leaf for _, leaf in reversed(peers))


def _last_line(item: items.Item) -> items.Item | None:
    """Returns the last value that an item of a section writes there, or None for a section."""
    if not isinstance(item, items.Table):
        return None if isinstance(item, items.AoT) else item
    if not item.is_super_table():
        return None
    inner = [each for key, each in item.value.body if key]
    return _last_line(inner[-1]) if inner else None


def _with_new_item(text: str, path: Keys, value: Value) -> Iterator[str]:
    """Yields the file as the library adds a value, for files without a line to put it behind."""
    document: Any = tomlkit.parse(text)
    table = document
    for key in path[:-1]:
        if not isinstance(table, dict):
            return
        if key not in table:
            table[key] = tomlkit.table()
        table = table[key]
    if isinstance(table, dict):
        table[path[-1]] = _item(value, None, on_lines=len(path) == 1)
        yield tomlkit.dumps(document)


def _item(value: Value, like: Any, *, on_lines: bool = False) -> items.Item:
    """Returns a value as an item of a file, written like the one in its place, if there is one.

    With `on_lines` a text of several lines that has none in its place stands between triple
    quotation marks.
    """
    if isinstance(value, str):
        if isinstance(like, items.Date):
            return tomlkit.date(date.fromisoformat(value).isoformat())
        fresh = _ON_LINES if on_lines and "\n" in value else ""
        return _string(value, like.as_string() if isinstance(like, items.String) else fresh)
    if not isinstance(value, list):
        return tomlkit.item(value)
    array = tomlkit.array()
    for each in value:
        array.append(_item(each, None, on_lines=on_lines))
    return array.multiline(any(isinstance(each, str) for each in value))


def _string(text: str, like: str) -> items.String:
    """Returns a text as an item; `like` is how the former one is written, with its marks."""
    lines = like.startswith(('"""', "'''"))
    literal = like.startswith("'") and not _NOT_IN_A_LITERAL.search(text)
    if literal and not lines and not re.search(r"['\n]", text):
        return _made(items.StringType.SLL, text, text)
    if not lines:
        escaped = _escaped(text).replace('"', r"\"").replace("\n", r"\n")
        return _made(items.StringType.SLB, text, escaped)
    inside = like[3:-3]
    opened = "\n" if inside.startswith("\n") or text.startswith("\n") else ""
    shown = text + "\n" if inside.endswith("\n") and not text.endswith("\n") else text
    if literal and "'''" not in shown and not shown.endswith("'"):
        return _made(items.StringType.MLL, shown, opened + shown)
    escaped = re.sub(r'"{3,}|"+$', lambda found: r"\"" * len(found[0]), _escaped(shown))
    return _made(items.StringType.MLB, shown, opened + escaped)


def quoted(text: str) -> str:
    """Returns a text as a file has it, on one line between quotation marks."""
    return _string(text, "").as_string()


def _made(kind: items.StringType, value: str, written: str) -> items.String:
    return items.String(kind, value, written, items.Trivia())


def _escaped(text: str) -> str:
    return _ESCAPED.sub(lambda at: _SHORT_ESCAPES.get(at[0], f"\\u{ord(at[0]):04x}"), text)


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else f'"{name}"'


def _leaves(value: object, place: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yields what a value says to the bot, which strips the texts that it reads, by its place."""
    if isinstance(value, dict) or (isinstance(value, list) and value):
        for key, part in parts_of(value):
            yield from _leaves(part, (*place, str(key)))
    elif isinstance(value, str | date):
        yield place, str(value).strip()
    else:
        yield place, (type(value), value)
