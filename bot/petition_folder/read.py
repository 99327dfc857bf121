"""Reads a petition's folder and checks it: what its files say, and what is wrong with them.

Each value is checked by its type in the model, with all else that one file cannot have; here it is
said for people to read. What texts need together, in one message or by law, and what a translation
lacks, is checked here.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from bot.petition_folder.field_types import FolderContext, too_long
from bot.petition_folder.files import PETITION_FILE, Table, language_of, read_tables
from bot.petition_folder.law_check import law_problems
from bot.petition_folder.markup_check import markup_problems, screen_problems
from bot.petition_folder.placeholders import STAND_INS, placeholder_values
from bot.petition_folder.schema import (
    Controller,
    EarlierVersion,
    ImageFile,
    PetitionFile,
    RetentionTable,
    Texts,
)
from bot.petition_folder.schema_fields import key_of
from bot.text.problems import Problem, Sentence

_SOURCE = "es"


@dataclass(frozen=True, slots=True)
class Folder:
    """A petition's folder, read and checked.

    Attributes:
        tables: the files that could be read, as they are written, by name.
        petition, texts: what they say, the texts by language; of a file with problems, what is
            wrong is None.
        values: what fills the placeholders of the texts, by language.
        problems: every reason why the bot would not run on it, in the order of files and keys.
    """

    path: Path
    tables: dict[str, Table]
    petition: PetitionFile
    texts: dict[str, Texts]
    values: dict[str, dict[str, str]]
    problems: list[Problem]

    @property
    def source_language(self) -> str:
        """The language that the others are compared with."""
        return self.petition.source_language or _SOURCE

    @property
    def languages(self) -> tuple[str, ...]:
        """Every language with a file, the source first."""
        return _languages(self.tables, self.source_language)


def _languages(files: Iterable[str], source: str) -> tuple[str, ...]:
    found = filter(None, map(language_of, files))
    return tuple(sorted(found, key=lambda language: (language != source, language)))


def read_folder(path: Path) -> Folder:
    """Reads `petition.toml` and every language file beside it, and checks all of them."""
    if not path.is_dir():
        nothing, _ = PetitionFile.read({}, FolderContext(path, ()))
        return Folder(path, {}, nothing, {}, {}, [_no_folder(path)])
    tables, found = read_tables(path)
    context = FolderContext(path, _languages(tables, _SOURCE))
    petition, errors = PetitionFile.read(tables.get(PETITION_FILE, {}), context)
    if PETITION_FILE in tables:
        found += file_problems(PETITION_FILE, PetitionFile, errors)
    read = Folder(path, tables, petition, {}, {}, [])
    source = read.source_language
    if f"{source}.toml" not in {*tables, *(each.file for each in found)}:
        found.append(_without_source(source, read.languages))
    # Where only the picture is wrong, all else is known.
    wrong = {each.file for each in found if not each.key.startswith("image")}
    is_whole = PETITION_FILE in tables.keys() - wrong
    for language in read.languages:
        file, original = f"{language}.toml", f"{source}.toml" if language != source else ""
        texts, errors = Texts.read(tables[file], context)
        found += file_problems(file, Texts, errors, original)
        values = placeholder_values(petition, language) if is_whole else STAND_INS
        read.texts[language], read.values[language] = texts, values
        found += markup_problems(file, texts, values, read.texts.get(source))
        found += screen_problems(file, texts, values)
    found += law_problems(petition, read.texts)
    read.problems.extend(sorted(set(found)))
    return read


def _without_source(source: str, languages: Sequence[str]) -> Problem:
    if languages and language_of(f"{source}.toml") is None:
        return Sentence(
            "escribe el código del idioma, que es el nombre de su archivo: {like}",
            like=f'"{languages[0]}"',
        ).about(PETITION_FILE, "source_language")
    return Sentence(
        "falta este archivo: lleva los textos en el idioma de origen, que dice source_language"
    ).about(f"{source}.toml", "")


def _no_folder(path: Path) -> Problem:
    return Sentence(
        "esto es un archivo: escribe la carpeta en la que está, {folder}"
        if path.is_file()
        else "no existe esta carpeta: escribe la ruta de la carpeta de la petición",
        folder=str(path.parent),
    ).about(str(path), "")


_KEYS_BY_SECTION: Mapping[str, Sequence[str]] = {
    "image": [*ImageFile.model_fields],
    "controller": [*Controller.model_fields],
    "retention": [*RetentionTable.model_fields],
    "earlier_versions": [*EarlierVersion.model_fields],
}


def file_problems(
    file: str, shape: type[BaseModel], errors: Sequence[ErrorDetails], original: str = ""
) -> Iterator[Problem]:
    """Yields the errors of a file as its `shape` found them, for people to read.

    `original` is the file that it is translated from, if it is one of texts.
    """
    missing, unknown = (
        [error for error in errors if error["type"] == kind]
        for kind in ("missing", "extra_forbidden")
    )
    # One that is missing and one that is unknown are likely the same, translated.
    meant = str(missing[0]["loc"][-1]) if len(missing) == len(unknown) == 1 else None
    for error in errors:
        yield Problem(file, key_of(error["loc"]), _sentence(error, shape, original, meant))


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
    keys = _KEYS_BY_SECTION.get(str(above[0]) if above else "", [*shape.model_fields])
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
    "string_too_long": lambda error: too_long(len(error["input"]), error["ctx"]["max_length"]),
    "greater_than_equal": lambda error: Sentence(
        "el número más bajo posible es {least}", least=str(error["ctx"]["ge"])
    ),
    "less_than_equal": lambda error: Sentence(
        "el número más alto posible es {most}", most=str(error["ctx"]["le"])
    ),
    "refused": lambda error: error["ctx"]["sentence"],
}
