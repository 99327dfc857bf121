"""The schema of a petition's files: `petition.toml` and one text file per language.

`bot.petition_folder.check` turns violations into sentences, and `bot.petition.petition` combines
the files into the `Petition` that the bot runs on.
"""

import re
import unicodedata
from calendar import monthrange
from datetime import date
from itertools import pairwise
from typing import Annotated, Any, Literal, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from bot.text.problems import Sentence, Value

PETITION_FILE = "petition.toml"
EVERY_LANGUAGE = "*"
MONTHS_A_YEAR = 12

_WEB_ADDRESS = r"https://[^\s<>\"]+\.[^\s<>\"]+"
_SLUG = r"[a-z][a-z0-9-]{1,39}"

T = TypeVar("T")


class ValueRefused(ValueError):
    """A value does not fit, for the reason that `sentence` gives."""

    def __init__(self, source: str, /, **values: Value) -> None:
        self.sentence = Sentence(source, **values)
        super().__init__(str(self.sentence))


class FrozenModel(BaseModel):
    """A frozen model that refuses unknown keys and converts no types."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def _slug(text: str) -> str:
    if not re.fullmatch(_SLUG, text):
        bare = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
        like = re.sub(r"[^a-z0-9]+", "-", bare).strip("-")[:40].strip("-")
        raise ValueRefused(
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
        raise ValueRefused("este día queda demasiado lejos: pon uno anterior al año 3000")
    return day


def _dated(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ValueRefused(
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
        raise ValueRefused(
            "ninguna zona horaria se llama {zone}: escríbela como "
            '"Europe/Madrid" o "America/Bogota"',
            zone=text,
        ) from None
    return text


def _country(code: str) -> str:
    if not re.fullmatch(r"[A-Z]{2}", code) or code not in Locale("en").territories:
        raise ValueRefused(
            'escribe las dos letras del país, como "ES" o "GB", o "EU" si es una institución '
            "europea"
        )
    return code


def _ascending(goals: tuple[int, ...]) -> tuple[int, ...]:
    if not goals:
        raise ValueRefused("pon al menos una meta: goals = [100, 500, 1000]")
    if goals[0] < 1:
        raise ValueRefused("la primera meta es 1 o más")
    for lower, higher in pairwise(goals):
        if higher <= lower:
            raise ValueRefused(
                "cada meta es mayor que la anterior, y {higher} va detrás de {lower}",
                higher=str(higher),
                lower=str(lower),
            )
    return goals


def _for_every_language(value: object) -> object:
    """Turns a text without languages into one for every language."""
    return {EVERY_LANGUAGE: value} if isinstance(value, str | list) else value


def _email(text: str) -> str:
    if not re.fullmatch(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>.]+", text):
        raise ValueRefused(
            'esto no es una dirección de correo: escríbela como "datos@example.org"'
        )
    return text


def _web_address(text: str) -> str:
    if not re.fullmatch(_WEB_ADDRESS, text):
        whole = "https://" + re.sub(r"^(https?:?/*)?", "", text.strip())
        like = whole if re.fullmatch(_WEB_ADDRESS, whole) else "https://…"
        raise ValueRefused("escribe la dirección web entera, con https: {like}", like=f'"{like}"')
    return text


Slug = Annotated[str, AfterValidator(_slug)]
Lines = Annotated[tuple[T, ...], Field(strict=False)]
ByLanguage = Annotated[dict[str, T], BeforeValidator(_for_every_language)]
Dated = Annotated[str, BeforeValidator(_date_as_text), AfterValidator(_dated)]
Email = Annotated[str, AfterValidator(_email)]
WebAddress = Annotated[str, AfterValidator(_web_address)]


class EarlierVersionTable(FrozenModel):
    """An earlier version of the texts, which is published: its date, and what changed after it."""

    date: Dated
    changed: ByLanguage[str]


class ImageFile(FrozenModel):
    """The petition's picture, one for all languages or one for each, and whom to credit."""

    file: ByLanguage[str]
    credit: ByLanguage[str] | None = None


class Controller(FrozenModel):
    """Who is responsible for the data, with at least one way to contact them."""

    name: ByLanguage[str]
    email: Email | None = None
    web_form: WebAddress | None = None
    data_protection_officer: Email | None = None
    address: str | None = None

    @model_validator(mode="after")
    def _reachable(self) -> "Controller":
        if not (self.email or self.web_form or self.address):
            raise ValueRefused("pon al menos una forma de contacto: email, web_form o address")
        return self


class RetentionTable(FrozenModel):
    """How many months signatures are kept; afterwards only the counts remain."""

    months_after_delivery: int = Field(1, ge=1, le=120)
    months_at_most: int = Field(21, ge=1, le=120)

    @model_validator(mode="after")
    def _ordered(self) -> "RetentionTable":
        if self.months_at_most < self.months_after_delivery:
            raise ValueRefused("months_at_most no puede ser menor que months_after_delivery")
        return self


class PetitionFile(FrozenModel):
    """The content of `petition.toml`: all that is not a text in one language."""

    slug: Slug
    version: Dated
    earlier_versions: Lines[EarlierVersionTable] = ()
    asks_again_since: Dated | None = None
    time_zone: Annotated[str, AfterValidator(_known_zone)] = "Europe/Madrid"
    source_language: str = "es"
    closes_on: Annotated[Dated, AfterValidator(_within_reach)] | None = None
    closing_is_draft: bool = False
    goals: Annotated[tuple[int, ...], Field(strict=False), AfterValidator(_ascending)]
    addressee: ByLanguage[str]
    demands: ByLanguage[Lines[str]]
    image: ImageFile | None = None
    controller: Controller
    retention: RetentionTable = RetentionTable()
    updates_at_most: int = Field(0, ge=0, le=100)
    handed_over: Literal["with_name", "without_name", "ask"] = "ask"
    names_go_to: Annotated[str, AfterValidator(_country)] | None = None


class Texts(FrozenModel):
    """All that a supporter reads of the petition in one language, in Telegram's HTML.

    `name_consent` may be missing: then the bot's own words ask for that consent.
    `language_name`, `share`, `description` and `short_description` are plain text, since Telegram
    shows them without markup.
    """

    language_name: str
    title: str
    summary: str
    appeal: Lines[str]
    privacy_short: str
    privacy: Lines[str]
    consent: str
    name_consent: str | None = None
    news: str
    thanks: str
    share: str
    closed: str
    closing_update: str
    description: str
    short_description: str


def in_language(texts: dict[str, Any], language: str) -> Any:
    """Returns the entry for a language, or the one for every language."""
    return texts.get(language, texts.get(EVERY_LANGUAGE))


def months_later(day: date, months: int) -> date:
    """Returns the same day so many months later, or the last of a month that has no such day."""
    year, month = divmod(day.year * MONTHS_A_YEAR + day.month - 1 + months, MONTHS_A_YEAR)
    if year > date.max.year:
        return date.max
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
