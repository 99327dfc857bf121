"""Says what is wrong with the keys and values of a file, of the errors that its model has."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import get_close_matches

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from bot.petition_folder.field_types import too_long
from bot.petition_folder.schema import (
    Controller,
    EarlierVersion,
    ImageFile,
    PetitionFile,
    RetentionTable,
)
from bot.petition_folder.schema_fields import key_of
from bot.text.problems import Problem, Sentence

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
