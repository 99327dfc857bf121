"""The bot's own texts in a person's language: buttons, answers, commands, numbers and dates.

A message is written in Spanish where it is used; the catalogs in `bot/locales/` translate it.
They are read at the start, so no compile step is needed.
"""

import datetime as dt
import io
from collections.abc import Container, Mapping
from functools import cache, lru_cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path
from types import MappingProxyType
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime, format_skeleton, format_timedelta
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent

from telegram_text.markup import Html, fill, time_tag

SOURCE_LANGUAGE = "es"
LANGUAGES = (SOURCE_LANGUAGE, "en")
LOCALES = Path(__file__).parent.parent / "locales"
# British formats, for a European organisation: 18 July 2025, not July 18, 2025.
_REGIONS = MappingProxyType({"en": "en-GB"})


def mark(source: str) -> str:
    """Marks a message for the catalogs that is written in a table and translated later."""
    return source


def capitalised(text: str) -> str:
    """Returns a text with a capital letter at its beginning, as it stands alone."""
    return text[:1].upper() + text[1:]


_decimal = lru_cache(format_decimal)  # most screens have a number, and the same one


class Words:
    """The texts of one language, with the petition's time zone.

    A message without a translation stays Spanish.
    """

    def __init__(
        self, language: str, locale: Locale, translations: NullTranslations, zone: dt.tzinfo
    ) -> None:
        self.language = language
        self._locale = locale
        self._translations = translations
        self.zone = zone

    def text(self, source: str, /, **values: object) -> Html:
        """Translates a message in Telegram HTML; values are escaped unless they are `Html`."""
        return fill(self._translations.gettext(source), **values)

    def label(self, source: str, /, **values: object) -> str:
        """Translates a message without markup: for a button or a command's description."""
        return self._translations.gettext(source).format(**values)

    def plural(self, one: str, many: str, n: int, /, **values: object) -> Html:
        """Translates a message in Telegram HTML that depends on a number, shown by `{n}`."""
        return fill(self._translations.ngettext(one, many, n), **{"n": self.number(n), **values})

    def plural_label(self, one: str, many: str, n: int, /, **values: object) -> str:
        """Translates a message without markup that depends on a number, shown by `{n}`."""
        form = self._translations.ngettext(one, many, n)
        return form.format(**{"n": self.number(n), **values})

    def language_name(self, code: str) -> str:
        """Returns a language's name as written inside a sentence: español, inglés; Spanish."""
        base, _, region = code.partition("-")
        names = self._locale.languages
        return str(names.get(f"{base}_{region.upper()}") or names.get(base, code))

    def number(self, n: int) -> str:
        """Formats a whole number: 1.530 in Spanish, 1,530 in English."""
        # Babel groups from four digits on in Spanish too, as the organisation writes its counts.
        return _decimal(n, locale=self._locale)

    def people(self, n: int) -> Html:
        """Counts people: 1 persona, 1.530 personas; 1 person, 1,530 people."""
        return self.plural("{n} persona", "{n} personas", n)

    def speed(self, per_second: float) -> str:
        """Formats a rate in units a second: whole numbers, with tenths below ten."""
        few = per_second < 9.95
        return format_decimal(per_second, format="0.#" if few else "#,##0", locale=self._locale)

    def percent(self, share: float) -> str:
        """Formats a share from 0 to 1 in whole per cent, rounded down: 100 only when reached."""
        whole = int(share * 100 + 1e-9)  # 0.29 * 100 is a little less than 29
        return format_percent(whole / 100, locale=self._locale)

    def date(self, when: dt.date) -> str:
        """Formats a day, of a datetime in the petition's zone: 18 de julio de 2025."""
        return format_date(self._there(when), "long", locale=self._locale)

    def version(self, version: str) -> str:
        """Formats the date of a version of the texts; as it is if that is none."""
        try:
            return self.date(dt.date.fromisoformat(version))
        except ValueError:
            return version

    def moment(self, when: dt.datetime) -> Html:
        """Tags a day and a time for the reader's zone: 18 de julio de 2025 a las 14:05."""
        return time_tag(self._at_time(self.date(when), when), when, "Dt")

    def plain_moment(self, when: dt.datetime) -> str:
        """Formats a day and a time, for a list: 18 de julio de 2025, 14:05."""
        return f"{self.date(when)}, {self.clock(when)}"

    def clock(self, when: dt.datetime, *, seconds: bool = False) -> str:
        """Formats a time of the day, in the petition's zone: 14:05, or 14:05:30."""
        pattern = "HH:mm:ss" if seconds else "HH:mm"
        return format_datetime(self._there(when), pattern, locale=self._locale)

    def appointment(self, when: dt.datetime) -> str:
        """Formats a time to come, in the petition's zone: jueves 26 de noviembre a las 18:30."""
        there = self._there(when)
        weekday = format_date(there, "EEEE", locale=self._locale)
        day = format_skeleton("MMMMd", there, locale=self._locale)
        return self._at_time(f"{weekday} {day}", when)

    def typed_moment(self, when: dt.datetime) -> str:
        """Formats a moment as an admin would type it, in the petition's zone: 26/11/2026 18:30."""
        return self._there(when).strftime("%d/%m/%Y %H:%M")

    def typed_day(self, day: dt.date) -> str:
        """Formats a day as an admin would type it: 26/11/2026."""
        return day.strftime("%d/%m/%Y")

    def offset(self, when: dt.datetime) -> str:
        """Formats the offset of the petition's zone from UTC: UTC+1, UTC-3:30, UTC."""
        east = when.astimezone(self.zone).utcoffset() or dt.timedelta()
        hours, minutes = divmod(abs(int(east.total_seconds())) // 60, 60)
        ahead = f"{hours}:{minutes:02}" if minutes else f"{hours}"
        sign = "-" if east < dt.timedelta() else "+"
        return f"UTC{sign}{ahead}" if east else "UTC"

    def day(self, when: dt.date) -> str:
        """Formats a day in short, of a datetime in the petition's zone: 18 jul."""
        return format_date(self._there(when), "d MMM", locale=self._locale)

    def short_moment(self, when: dt.datetime) -> str:
        """Formats a day and a time so that a button on a phone shows both: 26 nov, 18:30."""
        return f"{self.day(when)}, {self.clock(when)}"

    def duration(self, seconds: float) -> str:
        """Formats an approximate duration, of at least a second: 55 segundos, 2 horas."""
        span = dt.timedelta(seconds=max(1, round(seconds)))
        return format_timedelta(span, threshold=1.5, locale=self._locale)

    def _at_time(self, day: str, when: dt.datetime) -> str:
        """Returns a day with the time, as both are said inside a sentence."""
        time = self.clock(when)
        return self.label(
            "{day} a la {time}" if time.startswith("01") else "{day} a las {time}",
            day=day,
            time=time,
        )

    def _there(self, when: dt.date) -> dt.date:
        if not isinstance(when, dt.datetime):
            return when
        if when.tzinfo is None:
            raise ValueError("a moment without a time zone cannot be shown")
        return when.astimezone(self.zone)


class Catalogs:
    """The texts of every language that the bot speaks."""

    def __init__(self, translations: Mapping[str, NullTranslations], zone: dt.tzinfo) -> None:
        self._words = {
            language: Words(language, locale_of(language), catalog, zone)
            for language, catalog in translations.items()
        }

    @classmethod
    def load(cls, folder: Path = LOCALES, *, time_zone: str = "Europe/Madrid") -> "Catalogs":
        """Reads the catalog of every language that is in the folder."""
        found = {
            language: _translations(file, file.stat().st_mtime_ns)
            for language in LANGUAGES
            if (file := catalog_file(language, folder)).exists()
        }
        return cls({SOURCE_LANGUAGE: NullTranslations(), **found}, ZoneInfo(time_zone))

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages with a catalog, Spanish first."""
        return tuple(self._words)

    def words(self, language: str | None) -> Words:
        """Returns the texts of the nearest language, or the Spanish ones if there is none."""
        return self._words[nearest(language, self._words) or SOURCE_LANGUAGE]


def catalog_file(language: str, folder: Path = LOCALES) -> Path:
    """Returns the path of a language's catalog."""
    return folder / language / "LC_MESSAGES" / "bot.po"


def nearest(wanted: str | None, known: Container[str]) -> str | None:
    """Returns the language of these that a tag like `pt_BR` is a form of: `pt-br`, else `pt`."""
    tag = (wanted or "").lower().replace("_", "-")
    while tag and tag not in known:
        tag = tag.rpartition("-")[0]
    return tag or None


def locale_of(language: str) -> Locale:
    """Returns the locale of a language tag like `es` or `pt-br`; Spanish for an unknown one."""
    tag = _REGIONS.get(language.lower(), language)
    while tag:
        try:
            return Locale.parse(tag, sep="-")
        except (UnknownLocaleError, ValueError):
            tag = tag.rpartition("-")[0]
    return Locale.parse(SOURCE_LANGUAGE)


def is_spoken(language: str) -> bool:
    """Returns whether the bot has words in a language, or in the one that it is a form of."""
    return nearest(language, LANGUAGES) is not None


def sentences_in(*folders: str) -> dict[str, list[str]]:
    """Returns what the source says in some folders, in Spanish and in English, by its message."""
    found: dict[str, list[str]] = {}
    for language in LANGUAGES:
        with catalog_file(language).open("rb") as po:
            for message in read_po(po):
                is_there = any(file.startswith(folders) for file, _ in message.locations)
                if is_there and isinstance(message.id, str) and isinstance(message.string, str):
                    found.setdefault(message.id, []).append(message.string)
    return found


@cache
def _translations(file: Path, _changed_at: int) -> NullTranslations:
    """Reads a catalog; a file that has not changed is read only once by this process."""
    with file.open("rb") as po:
        catalog = read_po(po)
    for same in [message.id for message in catalog if message.id == message.string]:
        catalog.delete(same)  # a message without a translation stays as it is
    compiled = io.BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return GNUTranslations(compiled)
