"""Checks that the files have the right keys with the right types of values."""

import re
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bot.petition_folder.edit import at
from bot.petition_folder.read import Folder, Table, language_of
from bot.petition_folder.schema import EVERY_LANGUAGE, PETITION_FILE, PetitionFile, Texts
from bot.petition_folder.schema_fields import fields_of, key_of, paths_in, texts_in
from bot.text import text_limits
from bot.text.problems import Problem, Sentence

_KEYS_BY_SECTION = {
    each.path[0]: each.beside for each in fields_of(PetitionFile) if len(each.path) > 1
}


def schema_problems(read: Folder) -> Iterator[Problem]:
    """Yields missing and unknown keys and values of wrong types, in every file."""
    if read.petition is not None:
        yield from _validation_problems(PETITION_FILE, PetitionFile, read.petition)
        yield from _coverage(read, read.petition)
        yield from _version_problems(read.petition)
    source = read.source_language
    if source not in read.texts and not _unreadable(read, source):
        yield _without_source(read, source)
    for language, table in read.texts.items():
        original = f"{source}.toml" if language != source else ""
        yield from _validation_problems(f"{language}.toml", Texts, table, original)


def _without_source(read: Folder, source: str) -> Problem:
    if read.texts and language_of(f"{source}.toml") is None:
        like = f'"{next(iter(read.texts))}"'
        sentence = Sentence(
            "escribe el código del idioma, que es el nombre de su archivo: {like}", like=like
        )
        return Problem(PETITION_FILE, "source_language", sentence)
    sentence = Sentence(
        "falta este archivo: lleva los textos en el idioma de origen, que dice source_language"
    )
    return Problem(f"{source}.toml", "", sentence)


def _unreadable(read: Folder, language: str) -> bool:
    return any(problem.file == f"{language}.toml" for problem in read.problems)


def _validation_problems(
    file: str, shape: type[BaseModel], table: Table, original: str = ""
) -> Iterator[Problem]:
    try:
        shape.model_validate(table)
    except ValidationError as refused:
        errors = refused.errors()
        missing, unknown = (
            [error for error in errors if error["type"] == kind]
            for kind in ("missing", "extra_forbidden")
        )
        # One that is missing and one that is unknown are likely the same, translated.
        meant = str(missing[0]["loc"][-1]) if len(missing) == len(unknown) == 1 else None
        for error in errors:
            yield Problem(file, _key(error), _sentence(error, shape, original, meant))


def _key(error: ErrorDetails) -> str:
    parts = (part + 1 if isinstance(part, int) else part for part in error["loc"])
    return ".".join(str(part) for part in parts if part != EVERY_LANGUAGE)


def _sentence(
    error: ErrorDetails, shape: type[BaseModel], original: str, meant: str | None
) -> Sentence:
    if error["type"] == "missing":
        if error["loc"] == ("controller",):
            return _a_section(error)
        return Sentence(
            "falta: tradúcela de {original}" if original else "falta: añádela", original=original
        )
    if error["type"] == "extra_forbidden":
        return _unknown(error, shape, meant)
    say = _KINDS.get(error["type"])
    return say(error) if say else Sentence("este valor no puede ir aquí")


def _unknown(error: ErrorDetails, shape: type[BaseModel], meant: str | None) -> Sentence:
    *above, written = error["loc"]
    keys = _KEYS_BY_SECTION.get(str(above[0]) if above else "", tuple(shape.model_fields))
    if above and written in PetitionFile.model_fields:
        return Sentence("va más arriba, antes de la primera línea que empieza por [")
    home = next((name for name, keys in _KEYS_BY_SECTION.items() if written in keys), None)
    if home in ("controller", "retention") and shape is PetitionFile:
        return Sentence("va más abajo, en la sección [{section}]", section=home)
    near = get_close_matches(str(written), keys, n=1, cutoff=0.6)
    if near or meant:
        return Sentence(
            "esta entrada no existe: ¿querías escribir {near}?",
            near=near[0] if near else str(meant),
        )
    return Sentence(
        "esta entrada no existe: quítala, o escribe # delante si es una nota. Los nombres de las "
        "entradas no se traducen"
    )


def _a_section(error: ErrorDetails) -> Sentence:
    return Sentence(
        "falta esta sección: escribe [{section}] en una línea, y debajo sus entradas"
        if error["type"] == "missing"
        else "esto es una sección: escribe [{section}] en una línea, y debajo sus entradas",
        section=str(error["loc"][0]),
    )


def _a_table(error: ErrorDetails) -> Sentence:
    if error["loc"] in (("image",), ("controller",)):
        return _a_section(error)
    return Sentence('pon un texto para todos los idiomas, o uno para cada idioma: es = "…"')


def _whole_number(error: ErrorDetails) -> Sentence:
    if isinstance(error["input"], float):
        return Sentence("escribe un número entero, sin puntos ni decimales: 1000")
    digits = re.sub(r"\D", "", str(error["input"]))
    return Sentence("escribe un número entero, sin comillas: {digits}", digits=digits or "100")


def _one_of(error: ErrorDetails) -> Sentence:
    known = re.findall("'([^']*)'", error["ctx"]["expected"])
    return Sentence("escribe una de estas: {known}", known=tuple(f'"{each}"' for each in known))


_KINDS: Mapping[str, Callable[[ErrorDetails], Sentence]] = {
    "string_type": lambda _: Sentence("esto tiene que ser un texto entre comillas rectas"),
    "int_type": _whole_number,
    "bool_type": lambda _: Sentence("escribe true (sí) o false (no), sin comillas"),
    "tuple_type": lambda _: Sentence(
        "esto tiene que ser una lista: entre corchetes, y con comas entre sus partes"
    ),
    "dict_type": _a_table,
    "model_type": _a_section,
    "literal_error": _one_of,
    "greater_than_equal": lambda error: Sentence(
        "el número más bajo posible es {least}", least=str(error["ctx"]["ge"])
    ),
    "less_than_equal": lambda error: Sentence(
        "el número más alto posible es {most}", most=str(error["ctx"]["le"])
    ),
    "value_error": lambda error: error["ctx"]["error"].sentence,  # a `ValueRefused`
}


def _coverage(read: Folder, petition: Table) -> Iterator[Problem]:
    """Checks values by language: one for each language and no other, not empty, no braces."""
    for key, value in by_language(petition):
        if isinstance(value, dict):
            yield from _languages_of(key, value, read)
        for entry, text in texts_in(value, key):
            if not text.strip():
                sentence = Sentence("está vacía: escríbela, o quítala")
                yield Problem(PETITION_FILE, entry, sentence)
            if "{" in text or "}" in text:
                sentence = Sentence("esto se lee tal cual en los textos: escríbelo sin llaves")
                yield Problem(PETITION_FILE, entry, sentence)


def _version_problems(petition: Table) -> Iterator[Problem]:
    """Checks that the versions come one after the other, and that one is there to ask about."""
    listed = petition.get("earlier_versions")
    tables = (
        [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    )
    dates = [str(each.get("date", "")) for each in tables]
    later = str(petition.get("version", ""))
    for number, (table, day) in enumerate(zip(tables, dates, strict=True), 1):
        key = f"earlier_versions.{number}"
        if day >= later:
            sentence = Sentence(
                "pon primero la más reciente, y cada una anterior a la de encima; {later} no es "
                "posterior",
                later=later,
            )
            yield Problem(PETITION_FILE, f"{key}.date", sentence)
        later = day
        for entry, text in texts_in(table.get("changed"), f"{key}.changed"):
            if len(text) > text_limits.CHANGED:
                sentence = Sentence(
                    "dilo en {most} caracteres como mucho; ahora son {n}",
                    most=text_limits.CHANGED,
                    n=len(text),
                )
                yield Problem(PETITION_FILE, entry, sentence)
    since = petition.get("asks_again_since")
    if since is None:
        return
    if str(since) not in (str(petition.get("version", "")), *dates):
        sentence = Sentence("ninguna versión de la petición es de ese día: pon la fecha de una")
        yield Problem(PETITION_FILE, "asks_again_since", sentence)
    elif not any(day < str(since) for day in dates):
        sentence = Sentence(
            "a quien firmó antes se le dice qué ha cambiado, y ninguna versión anterior lo "
            "cuenta: añádela al final, debajo de [[earlier_versions]]"
        )
        yield Problem(PETITION_FILE, "asks_again_since", sentence)


def _languages_of(key: str, value: Table, read: Folder) -> Iterator[Problem]:
    for language in read.languages:
        if language not in value:
            sentence = Sentence(
                "falta: la petición tiene {file}, así que dilo también en ese idioma",
                file=f"{language}.toml",
            )
            yield Problem(PETITION_FILE, f"{key}.{language}", sentence)
    for language in value:
        # A file that exists and cannot be read is reported already.
        if language not in read.texts and not (read.path / f"{language}.toml").exists():
            sentence = Sentence(
                "la petición no tiene {file}: añade ese archivo, o quita esta entrada",
                file=f"{language}.toml",
            )
            yield Problem(PETITION_FILE, f"{key}.{language}", sentence)


def by_language(petition: Table) -> Iterator[tuple[str, Any]]:
    """Yields every value of `petition.toml` that may differ by language, with its key."""
    for field in fields_of(PetitionFile):
        for path in paths_in(petition, field) if field.is_by_language else ():
            if (value := at(petition, path)) is not None:
                yield key_of(path), value
