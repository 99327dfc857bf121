"""Changes a petition's files: one value, a language more, or a new petition of the template.

What stands around a value stays as it is written.
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import tomlkit
from babel import Locale, UnknownLocaleError
from tomlkit import items
from tomlkit.exceptions import TOMLKitError

from bot.petition_folder.files import PETITION_FILE, language_of
from bot.petition_folder.schema import PetitionFile
from bot.petition_folder.schema_fields import Keys, Value, at, fields_of, parts_of
from bot.petition_folder.unready import TEMPLATE, TEMPLATE_LANGUAGES
from bot.text.translations import capitalised


class NotEditable(Exception):
    """A file is written in a way in which this value cannot be changed without harm to others."""


def changed(toml: str, path: Keys, value: Value | None) -> str:
    """Returns the content of a file with one value changed, added or, for None, taken out.

    A text that stands on lines of its own keeps that, and the file the line breaks of Windows. An
    added value stands at the end of its section. What is returned was read back: it says the new
    value, and all the others as before.

    Raises:
        NotEditable: the file is not correct TOML, or the value cannot be changed alone.
    """
    windows = "\r\n" in toml and "\n" not in toml.replace("\r\n", "")
    text = toml.replace("\r\n", "\n") if windows else toml
    try:
        before = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise NotEditable(str(error)) from error
    if at(before, path) is None and value is None:
        return toml
    own = tuple(path)
    wanted = {place: said for place, said in _leaves(before) if place[: len(own)] != own}
    wanted |= {} if value is None else _leaves(value, own)
    for new in _attempts(text, path, value):
        with suppress(tomllib.TOMLDecodeError):
            if dict(_leaves(tomllib.loads(new))) == wanted:
                return new.replace("\n", "\r\n") if windows else new
    raise NotEditable(".".join(path))


def _attempts(text: str, path: Keys, value: Value | None) -> Iterator[str]:
    """Yields the ways to write the change, the most careful first."""
    with suppress(TOMLKitError, ValueError, RecursionError):
        document: Any = tomlkit.parse(text)
        if value is not None and at(document, path) is None:
            yield from _with_new_line(document, path, value)
        table = document
        for key in path[:-1]:
            if isinstance(table, dict) and key not in table:
                table[key] = tomlkit.table()
            table = at(table, [key])
        if value is None:
            del table[path[-1]]
        elif isinstance(table, dict):
            table[path[-1]] = _item(value, at(table, path[-1:]), on_lines=len(path) == 1)
        yield tomlkit.dumps(document)


def _with_new_line(document: Any, path: Keys, value: Value) -> Iterator[str]:
    """Yields the file with a line for the value behind the last one of the same section.

    It goes through the line break of that other one, as the library itself would put it behind
    the comment of the next section.
    """
    said = _item(value, None, on_lines=len(path) == 1).as_string()
    apart = "\n" if said.startswith('"""') else ""
    for depth in range(len(path) - 1, -1, -1):
        last = _last_line(at(document, path[:depth]))
        if last is None:
            continue
        trail = last.trivia.trail
        for begin in range(depth, -1, -1):
            keys = tomlkit.key([*path[begin:]]).as_string()
            last.trivia.trail = (trail or "\n") + f"{apart}{keys} = {said}\n"
            yield tomlkit.dumps(document)
        last.trivia.trail = trail


def _last_line(table: Any) -> items.Item | None:
    """Returns the last value that a section writes itself, or None if it writes none."""
    if not isinstance(table, items.Table | tomlkit.TOMLDocument):
        return None
    body = table.body if isinstance(table, tomlkit.TOMLDocument) else table.value.body
    for key, item in reversed(body):
        is_dotted = isinstance(item, items.Table) and item.is_super_table()
        if key and not isinstance(item, items.Table | items.AoT):
            return item
        if is_dotted and (last := _last_line(item)):
            return last
    return None


def _item(value: Value, like: Any, *, on_lines: bool) -> items.Item:
    """Returns a value as an item of a file; `like` is the one in its place, if there is one.

    With `on_lines` a text of several lines stands between triple quotation marks.
    """
    if isinstance(value, list):
        array = tomlkit.array()
        for each in value:
            array.append(_item(each, None, on_lines=on_lines))
        return array.multiline(any(isinstance(each, str) for each in value))
    if not isinstance(value, str):
        return tomlkit.item(value)
    stood = isinstance(like, items.String) and like.as_string().startswith(('"""', "'''"))
    if not stood and not (on_lines and "\n" in value):
        return tomlkit.string(value)
    lines = tomlkit.string(f"{value}\n", multiline=True).as_string()
    return tomlkit.value(lines.replace('"""', '"""\n', 1))


def _leaves(value: object, place: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yields what a value says to the bot, which strips the texts that it reads, by its place."""
    if isinstance(value, dict) or (isinstance(value, list) and value):
        for key, part in parts_of(value):
            yield from _leaves(part, (*place, str(key)))
    elif isinstance(value, str | date):
        yield place, str(value).strip()
    else:
        yield place, (type(value), value)


_NOTE = (
    "# Por traducir: esto es una copia de {source}. Traduce lo que va entre comillas.\n"
    "# To translate: this is a copy of {source}. Translate what is between quotation marks.\n"
    "\n"
)


def new_language(language: str, source: str, contents: Mapping[str, str]) -> dict[str, str]:
    """Returns the new content of the two files that another language needs, by their names.

    Whatever `petition.toml` says in several languages it says in this one too, in the source's
    words for now. `contents` are the petition's files, by name.

    Raises:
        ValueError: this is no language, or the petition has it already.
        NotEditable: a file is not correct TOML, or has a form that cannot be changed.
    """
    file, source_file = f"{language}.toml", f"{source}.toml"
    if language_of(file) != language or file in contents:
        raise ValueError(language)
    name = ("language_name",)
    texts = changed(contents[source_file], name, own_name(language))
    petition = contents[PETITION_FILE]
    for path, said in _said_in(source, tomllib.loads(petition)):
        if language not in said:
            petition = changed(petition, (*path, language), said[source])
    return {file: _NOTE.format(source=source_file) + texts, PETITION_FILE: petition}


def _said_in(
    language: str, table: Mapping[str, Any]
) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """Yields what `petition.toml` says by language, this one among them, each with its path."""
    for field in fields_of(PetitionFile, PETITION_FILE, table):
        said = at(table, field.path)
        if field.is_by_language and isinstance(said, dict) and language in said:
            yield field.path, said


def own_name(language: str) -> str:
    """Returns what those who speak a language call it, such as `Français`; its tag if unknown."""
    try:
        name = Locale.parse(language, sep="-").get_display_name()
    except (UnknownLocaleError, ValueError):
        return language
    return capitalised(name) if name else language


def copy_template(
    folder: Path, *, slug: str, languages: Sequence[str] = TEMPLATE_LANGUAGES
) -> None:
    """Begins a petition in a folder, which is made; its texts are dated today.

    The schema has to accept its short name, the `slug`; it has these of the template's languages.

    Raises:
        FileExistsError: a petition is there already; nothing of it is touched.
        OSError: the files cannot be written there, and none is left.
    """
    files = {each.name: each.read_text(encoding="utf-8") for each in TEMPLATE.glob("*.toml")}
    petition = files.pop(PETITION_FILE)
    # By the day where the petition is.
    today = datetime.now(ZoneInfo(tomllib.loads(petition)["time_zone"])).date().isoformat()
    own = {"slug": slug, "source_language": languages[0], "version": today}
    for key, value in own.items():
        petition = changed(petition, (key,), value)
    for unwanted in set(TEMPLATE_LANGUAGES) - {*languages}:
        del files[f"{unwanted}.toml"]
        for path, _ in _said_in(unwanted, tomllib.loads(petition)):
            petition = changed(petition, (*path, unwanted), None)
    folder.mkdir(parents=True, exist_ok=True)
    made: list[Path] = []
    try:
        for name, text in sorted((files | {PETITION_FILE: petition}).items()):
            with (folder / name).open("x", encoding="utf-8") as file:
                made.append(folder / name)
                file.write(text)
    except OSError:
        for each in made:
            each.unlink()
        raise
