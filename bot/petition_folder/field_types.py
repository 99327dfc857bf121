"""The types of a petition's values: each refuses what it cannot be, with a sentence for people.

Whether Telegram accepts a picture is told from the header of its file.
"""

import errno
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from bot.petition_folder.files import NOT_A_FILE, read_file
from bot.petition_folder.schema_fields import EVERY_LANGUAGE, Place, texts_in
from bot.text import text_limits
from bot.text.problems import Sentence, Value
from telegram_text.markup import length

_WEB_ADDRESS = r"https://[^\s<>\"]+\.[^\s<>\"]+"
_SLUG = r"[a-z][a-z0-9-]{1,39}"

T = TypeVar("T")
Fault = tuple[Place, Sentence]
"""A part of a value that does not fit, and why."""


@dataclass(frozen=True, slots=True)
class FolderContext:
    """What a file is validated with: the petition's folder, and the languages with a file.

    `valid` collects the values that are as they should be.
    """

    folder: Path
    languages: tuple[str, ...]
    valid: dict[str, Any] = field(default_factory=dict)


class FrozenModel(BaseModel):
    """A frozen model that refuses unknown keys and converts no types.

    The text below a field is read by people: the form says it.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True
    )


def refused(source: str, /, **values: Value) -> PydanticCustomError:
    """Returns the error of a value that does not fit, for the reason that a sentence gives."""
    return _error(Sentence(source, **values))


def refuse_parts(found: Iterable[Fault]) -> None:
    """Raises an error for each part of a value that does not fit, if any does not."""
    errors = [
        InitErrorDetails(type=_error(sentence), loc=place, input=None) for place, sentence in found
    ]
    if errors:
        raise ValidationError.from_exception_data("parts", errors)


def _error(sentence: Sentence) -> PydanticCustomError:
    return PydanticCustomError("refused", "{sentence}", {"sentence": sentence})


def slug_like(name: str) -> str:
    """Returns a short name made of any name, which may still be none: Río Limpio, rio-limpio."""
    bare = unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", bare).strip("-")[:40].rstrip("-")


def too_long(measured: int, most: int) -> Sentence:
    """Returns by how many characters a text is too long."""
    return Sentence(
        "tiene {n} caracteres y caben {most}: acórtala en {over}",
        n=measured,
        most=most,
        over=measured - most,
    )


def _slug(text: str) -> str:
    if not re.fullmatch(_SLUG, text):
        like = slug_like(text)
        raise refused(
            "usa de 2 a 40 letras minúsculas sin tilde, cifras y guiones, y empieza por una "
            "letra: {like}",
            like=f'"{like}"' if re.fullmatch(_SLUG, like) else '"agua-limpia"',
        )
    return text


def _date_as_text(value: object) -> object:
    # 2026-11-24 without quotation marks is a TOML date, which is accepted too.
    return value.isoformat() if type(value) is date else value


def _within_reach(day: str) -> str:
    if day >= "3000":  # the last years of datetime cannot be told in every time zone
        raise refused("este día queda demasiado lejos: pon uno anterior al año 3000")
    return day


def _dated(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise refused(
            "escribe la fecha como año-mes-día: {like}", like=f'"{_day_like(text)}"'
        ) from None


def _day_like(text: str) -> str:
    """Returns a day that was written in another order as it should be, or else an example."""
    found = re.fullmatch(r"(\d{1,2})[/. -](\d{1,2})[/. -](\d{4})", text.strip())
    try:
        return date(int(found[3]), int(found[2]), int(found[1])).isoformat() if found else _A_DAY
    except ValueError:
        return _A_DAY


_A_DAY = "2026-11-24"


def _known_zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise refused(
            "ninguna zona horaria se llama {zone}: escríbela como "
            '"Europe/Madrid" o "America/Bogota"',
            zone=text,
        ) from None
    return text


def _country(code: str) -> str:
    if not re.fullmatch(r"[A-Z]{2}", code) or code not in Locale("en").territories:
        raise refused(
            'escribe las dos letras del país, como "ES" o "GB", o "EU" si es una institución '
            "europea"
        )
    return code


def _ascending(goals: tuple[int, ...]) -> tuple[int, ...]:
    if not goals:
        raise refused("pon al menos una meta: goals = [100, 500, 1000]")
    if goals[0] < 1:
        raise refused("la primera meta es 1 o más")
    for lower, higher in pairwise(goals):
        if higher <= lower:
            raise refused(
                "cada meta es mayor que la anterior, y {higher} va detrás de {lower}",
                higher=str(higher),
                lower=str(lower),
            )
    return goals


def _for_every_language(value: object) -> object:
    """Turns a text without languages into one for every language."""
    return {EVERY_LANGUAGE: value} if isinstance(value, str | list) else value


def _in_each_language(texts: dict[str, T], info: ValidationInfo) -> dict[str, T]:
    refuse_parts([*_other_languages(texts, info.context), *_unreadable(texts)])
    return texts


def _other_languages(texts: dict[str, T], context: FolderContext | None) -> Iterator[Fault]:
    """Yields the languages in which a value is missing, and those that the petition has not."""
    if context is None or EVERY_LANGUAGE in texts:
        return
    for language in context.languages:
        if language not in texts:
            sentence = Sentence(
                "falta: la petición tiene {file}, así que dilo también en ese idioma",
                file=f"{language}.toml",
            )
            yield (language,), sentence
    for language in texts:
        # A file that exists and cannot be read is reported already.
        is_there = language in context.languages or (context.folder / f"{language}.toml").exists()
        if not is_there:
            sentence = Sentence(
                "la petición no tiene {file}: añade ese archivo, o quita esta entrada",
                file=f"{language}.toml",
            )
            yield (language,), sentence


def _unreadable(texts: dict[str, T]) -> Iterator[Fault]:
    for place, text in texts_in(texts):
        if not text.strip():
            yield place, Sentence("está vacía: escríbela, o quítala")
        if "{" in text or "}" in text:
            yield place, Sentence("esto se lee tal cual en los textos: escríbelo sin llaves")


def _email(text: str) -> str:
    if not re.fullmatch(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>.]+", text):
        raise refused('esto no es una dirección de correo: escríbela como "datos@example.org"')
    return text


def _below_a_picture(text: str) -> str:
    if (measured := length(text)) > text_limits.CAPTION:
        raise _error(too_long(measured, text_limits.CAPTION))
    return text


def _picture(name: str, info: ValidationInfo) -> str:
    # An empty name is refused as any empty text is.
    folder = info.context.folder if info.context and name.strip() else None
    if folder and (fault := picture_problem(folder, name)):
        raise _error(fault)
    return name


def _web_address(text: str) -> str:
    if not re.fullmatch(_WEB_ADDRESS, text):
        whole = "https://" + re.sub(r"^(https?:?/*)?", "", text.strip())
        like = whole if re.fullmatch(_WEB_ADDRESS, whole) else "https://…"
        raise refused("escribe la dirección web entera, con https: {like}", like=f'"{like}"')
    return text


def _format(name: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "format": name})


Slug = Annotated[str, AfterValidator(_slug)]
Lines = Annotated[tuple[T, ...], Field(strict=False)]
ByLanguage = Annotated[
    dict[str, T], BeforeValidator(_for_every_language), AfterValidator(_in_each_language)
]
Email = Annotated[str, AfterValidator(_email)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
Picture = Annotated[str, AfterValidator(_picture)]
Caption = Annotated[str, AfterValidator(_below_a_picture)]
# A text that is only a `str` is one line, without markup.
Html = Annotated[str, _format("html")]
Heading = Annotated[str, _format("heading")]
Plain = Annotated[str, _format("plain")]
Dated = Annotated[str, BeforeValidator(_date_as_text), AfterValidator(_dated), _format("date")]
LastDay = Annotated[Dated, AfterValidator(_within_reach)]
TimeZone = Annotated[str, AfterValidator(_known_zone), _format("time-zone")]
Country = Annotated[str, AfterValidator(_country)]
Goals = Annotated[tuple[int, ...], Field(strict=False), AfterValidator(_ascending)]


# Telegram's limits of a photo: https://core.telegram.org/bots/api#sendphoto
PICTURE_BYTES = 10 * 1024 * 1024
PICTURE_SIDES = 10_000  # pixels, the sum of width and height
_LONGEST_RATIO = 20
_ENDINGS = (".png", ".jpg", ".jpeg")
# Read here, as Pillow takes 3 MB, which a running bot does without until it draws a chart.
_PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
# The markers before which a JPEG says its size: SOF0 to SOF15 but for three that are no frames.
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def picture_problem(folder: Path, name: str) -> Sentence | None:
    """Returns why Telegram would not show this file as a photo, or None if it would."""
    if Path(name).name != name or "\\" in name:
        return Sentence(
            "pon solo el nombre de un archivo que esté en esta carpeta, y no {name}", name=name
        )
    try:
        data = read_file(folder / name, PICTURE_BYTES)
    except FileNotFoundError:
        stem = Path(name).stem.lower()
        pictures = (each for each in sorted(folder.glob("*")) if each.suffix.lower() in _ENDINGS)
        near = next((each.name for each in pictures if each.stem.lower() == stem), None)
        return Sentence(
            "en esta carpeta no hay ningún archivo {name}: ¿querías escribir {near}?"
            if near
            else "en esta carpeta no hay ningún archivo {name}: ponlo ahí, o quita la sección "
            "[image] entera",
            name=name,
            near=near or "",
        )
    except OSError as error:
        reason = Sentence(error.strerror or "The system refused")
        return Sentence(
            "{name} pesa más de 10 MB, y Telegram no admite más: guárdala más pequeña"
            if error.errno == errno.EFBIG
            else "el archivo {name} no se puede leer: {reason}",
            name=name,
            reason=reason,
        )
    return NOT_A_FILE if data is None else _content_fault(name, data)


def _content_fault(name: str, data: bytes) -> Sentence | None:
    size = _size(data)
    if size is None:
        return Sentence(
            "{name} no es una imagen PNG ni JPEG: guárdala otra vez en uno de esos formatos",
            name=name,
        )
    width, height = size
    is_long = min(size) == 0 or max(size) > _LONGEST_RATIO * min(size)
    if is_long or width + height > PICTURE_SIDES:
        return Sentence(
            "{name} mide {width} × {height}: ningún lado puede ser más de 20 veces más largo que "
            "el otro"
            if is_long
            else "{name} mide {width} × {height}: anchura y altura pueden sumar {most} píxeles "
            "como mucho",
            name=name,
            width=str(width),
            height=str(height),
            most=PICTURE_SIDES,
        )
    return None


def _size(data: bytes) -> tuple[int, int] | None:
    """Returns width and height as the header says them; None if it is neither PNG nor JPEG."""
    if data.startswith(_PNG) and len(data) >= 24:
        return int.from_bytes(data[16:20]), int.from_bytes(data[20:24])
    place = 2 if data.startswith(b"\xff\xd8") else len(data)
    while place + 9 <= len(data) and data[place] == 0xFF:
        kind = data[place + 1]
        if kind in _JPEG_FRAMES:
            height, width = (int.from_bytes(data[place + n : place + n + 2]) for n in (5, 7))
            return width, height
        # Any number of 0xFF may stand before a marker; what follows one has its length first.
        place += 1 if kind == 0xFF else 2 + int.from_bytes(data[place + 2 : place + 4])
    return None
