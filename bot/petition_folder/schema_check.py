"""Checks that the files have the right keys with the right types of values."""

from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bot.petition_folder.read import Folder, Table
from bot.petition_folder.schema import (
    EVERY_LANGUAGE,
    PETITION_FILE,
    Controller,
    EarlierVersionTable,
    ImageFile,
    PetitionFile,
    RetentionTable,
    Texts,
)
from bot.text import text_limits
from bot.text.problems import Problem

_SECTIONS: Mapping[str, type[BaseModel]] = {
    "controller": Controller,
    "image": ImageFile,
    "retention": RetentionTable,
    "earlier_versions": EarlierVersionTable,
}


def schema_problems(read: Folder) -> Iterator[Problem]:
    """Yields missing and unknown keys and values of wrong types, in every file."""
    if read.petition is not None:
        yield from _validation_problems(PETITION_FILE, PetitionFile, read.petition)
        yield from _coverage(read, read.petition)
        yield from _version_problems(read.petition)
    source = read.source_language
    if source not in read.texts and not _unreadable(read, source):
        sentence = "this file is missing; it holds the texts of the source language"
        yield Problem(f"{source}.toml", "", sentence)
    for language, table in read.texts.items():
        hint = f"; translate it from {source}.toml" if language != source else ""
        yield from _validation_problems(f"{language}.toml", Texts, table, hint)


def _unreadable(read: Folder, language: str) -> bool:
    return any(problem.file == f"{language}.toml" for problem in read.problems)


def _validation_problems(
    file: str, shape: type[BaseModel], table: Table, hint: str = ""
) -> Iterator[Problem]:
    try:
        shape.model_validate(table)
    except ValidationError as refused:
        for error in refused.errors():
            yield Problem(file, _key(error, shape), _sentence(error, shape, hint))


def _key(error: ErrorDetails, shape: type[BaseModel]) -> str:
    counted = "page" if shape is Texts else "number"
    key = ""
    for part in error["loc"]:
        if isinstance(part, int):
            key += f", {counted} {part + 1}"
        elif part != EVERY_LANGUAGE:
            key += f".{part}" if key else part
    return key


def _sentence(error: ErrorDetails, shape: type[BaseModel], hint: str) -> str:
    if error["type"] == "missing":
        return f"this is missing{hint or '; add it'}"
    if error["type"] == "extra_forbidden":
        return _unknown(error, shape)
    say = _KINDS.get(error["type"])
    return say(error) if say else f"this does not fit: {error['msg']}"


def _unknown(error: ErrorDetails, shape: type[BaseModel]) -> str:
    *above, written = error["loc"]
    section = _SECTIONS.get(str(above[0]), shape) if above else shape
    near = get_close_matches(str(written), section.model_fields, n=1, cutoff=0.6)
    if near:
        return f'there is no such key; did you mean "{near[0]}"?'
    return "there is no such key; take it out, or put a # before it if it is a note"


def _a_table(error: ErrorDetails) -> str:
    section = str(error["loc"][0])
    if section in ("image", "controller") and len(error["loc"]) == 1:
        return f"this is a section: write [{section}] on a line, and its keys below"
    return 'give one text for all languages, or one per language, like es = "…"'


_KINDS: Mapping[str, Callable[[ErrorDetails], str]] = {
    "string_type": lambda _: "this has to be a text between quotation marks",
    "int_type": lambda error: (
        "this has to be a whole number, without "
        + ("a decimal point" if isinstance(error["input"], float) else "quotation marks")
    ),
    "tuple_type": lambda _: "this has to be a list: square brackets, and commas between",
    "dict_type": _a_table,
    "model_type": lambda error: (
        f"this is a section: write [{error['loc'][0]}] on a line, and its keys below"
    ),
    "literal_error": lambda error: f"write one of {error['ctx']['expected']}",
    "greater_than_equal": lambda error: f"this is at least {error['ctx']['ge']}",
    "less_than_equal": lambda error: f"this is at most {error['ctx']['le']}",
    "value_error": lambda error: str(error["ctx"]["error"]),
}


def _coverage(read: Folder, petition: Table) -> Iterator[Problem]:
    """Checks values by language: one for each language and no other, not empty, no braces."""
    for key, value in by_language(petition):
        if isinstance(value, dict):
            yield from _languages_of(key, value, read)
        for entry, said in said_in(key, value):
            if _is_empty(said):
                yield Problem(PETITION_FILE, entry, "this is empty; write it, or take it out")
            if isinstance(said, str) and ("{" in said or "}" in said):
                sentence = "this stands in the texts as it is; write it without braces"
                yield Problem(PETITION_FILE, entry, sentence)


def _version_problems(petition: Table) -> Iterator[Problem]:
    """Checks that the versions come one after the other, and that one is there to ask about."""
    tables = [each for each in _listed(petition.get("earlier_versions")) if isinstance(each, dict)]
    dates = [str(each.get("date", "")) for each in tables]
    later = str(petition.get("version", ""))
    for number, (table, day) in enumerate(zip(tables, dates, strict=True), 1):
        key = f"earlier_versions, number {number}"
        if day >= later:
            sentence = (
                f"write the newest first, each earlier than the one above; {later} is not later"
            )
            yield Problem(PETITION_FILE, f"{key}, date", sentence)
        later = day
        for entry, said in said_in(f"{key}, changed", table.get("changed")):
            if isinstance(said, str) and len(said) > text_limits.CHANGED:
                sentence = f"say it in {text_limits.CHANGED} characters; these are {len(said):,}"
                yield Problem(PETITION_FILE, entry, sentence)
    since = petition.get("asks_again_since")
    if since is None:
        return
    if str(since) not in (str(petition.get("version", "")), *dates):
        sentence = "this is none of the petition's versions; write the date of one"
        yield Problem(PETITION_FILE, "asks_again_since", sentence)
    elif not any(day < str(since) for day in dates):
        sentence = (
            "who signed before is told what changed, and no earlier version says it; add one "
            "under [[earlier_versions]]"
        )
        yield Problem(PETITION_FILE, "asks_again_since", sentence)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _languages_of(key: str, value: Table, read: Folder) -> Iterator[Problem]:
    for language in read.languages:
        if language not in value:
            sentence = f"this is missing; the petition has {language}.toml, so say it there too"
            yield Problem(PETITION_FILE, f"{key}.{language}", sentence)
    for language in value:
        # A file that exists and cannot be read is reported already.
        if not (read.path / f"{language}.toml").exists():
            sentence = f"the petition has no {language}.toml; add that file, or take this out"
            yield Problem(PETITION_FILE, f"{key}.{language}", sentence)


def said_in(key: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yields the single texts of a value by language, each with its key as shown to people."""
    texts = value if isinstance(value, dict) else {"": value}
    for language, said in texts.items():
        entry = f"{key}.{language}" if language else key
        if isinstance(said, list) and said:
            yield from ((f"{entry}, number {n}", one) for n, one in enumerate(said, 1))
        else:
            yield entry, said


def _is_empty(said: Any) -> bool:
    return said == [] or (isinstance(said, str) and not said.strip())


def by_language(petition: Table) -> Iterator[tuple[str, Any]]:
    """Yields every value of `petition.toml` that may differ by language, with its key."""
    for key in ("addressee", "demands"):
        if key in petition:
            yield key, petition[key]
    for section, key in (("controller", "name"), ("image", "file"), ("image", "credit")):
        table = petition.get(section)
        if isinstance(table, dict) and key in table:
            yield f"{section}.{key}", table[key]
    for number, version in enumerate(_listed(petition.get("earlier_versions")), 1):
        if isinstance(version, dict) and "changed" in version:
            yield f"earlier_versions, number {number}, changed", version["changed"]
