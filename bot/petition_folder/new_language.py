"""Begins another language of a petition, as a copy to be translated, or takes one away."""

import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from babel import Locale, UnknownLocaleError

from bot.petition_folder.edit import changed
from bot.petition_folder.files import PETITION_FILE, language_of
from bot.petition_folder.schema import PetitionFile
from bot.petition_folder.schema_fields import at, fields_of

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


def without_language(language: str, contents: Mapping[str, str]) -> dict[str, str | None]:
    """Returns the files of a petition that has a language less; None for the one that goes.

    Raises:
        ValueError: the petition has it not, or the others are translated from it.
        NotEditable: `petition.toml` is not correct TOML, or has a form that cannot be changed.
    """
    file, petition = f"{language}.toml", contents[PETITION_FILE]
    table = tomllib.loads(petition)
    if file not in contents or language == table.get("source_language", "es"):
        raise ValueError(language)
    for path, _ in _said_in(language, table):
        petition = changed(petition, (*path, language), None)
    return {file: None, PETITION_FILE: petition}


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
    return name[:1].upper() + name[1:] if name else language
