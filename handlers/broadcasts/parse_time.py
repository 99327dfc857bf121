"""Parses the moment that an admin writes, in the petition's time zone.

Pure: the current time and the zone are arguments. Reads «mañana 18:30», «jueves a las 9»,
«26/11 18:30», «26 de noviembre de 2026, 18:30» and their English forms; «26/11» is day first.
"""

import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import Enum

from bot.text.locale_regions import locale_of
from bot.text.translations import LANGUAGES, mark

FARTHEST = timedelta(days=30)
SOONEST = timedelta(minutes=1)

_DAYS_AHEAD_BY_LANGUAGE: Mapping[str, Mapping[str, int]] = {
    "es": {"hoy": 0, "manana": 1, "pasado manana": 2},
    "en": {"today": 0, "tonight": 0, "tomorrow": 1},
}


def _letters(text: str) -> str:
    """Returns the text in lower case, without accents."""
    decomposed = unicodedata.normalize("NFKD", text.lower())
    return "".join(c for c in decomposed if not unicodedata.combining(c))


_LOCALES = tuple(map(locale_of, LANGUAGES))
_MONTH_OF = {"sept": 9, "set": 9, "setiembre": 9} | {
    short: number
    for locale in _LOCALES
    for number, name in locale.months["stand-alone"]["wide"].items()
    for short in (_letters(name), _letters(name)[:3])
}
_WEEKDAY_OF = {
    _letters(name): number
    for locale in _LOCALES
    for number, name in locale.days["stand-alone"]["wide"].items()
}
_DAYS_AHEAD = {
    name: days for code in LANGUAGES for name, days in _DAYS_AHEAD_BY_LANGUAGE[code].items()
}

# Not after 12, where "in the morning" or "at night" is ambiguous.
_HALF_OF_DAY = re.compile(
    r"(?<!\b12) (?:de|por|in) (?:la |the )?"
    r"(?P<half>manana|tarde|noche|morning|afternoon|evening)\b"
)
_TODAY = re.compile(r"\b(?:esta|this) (?:manana|tarde|noche|morning|afternoon|evening)\b")
_FILLING = re.compile(r"\b(?:a las?|at|el|la|dia|on|the|de|of|del|horas?|hrs?|este|esta|this)\b|,")
_CLOCK = re.compile(
    r"(?P<hour>\d{1,2})(?:\s*(?:[:.h]|h:)\s*(?P<minute>\d{2}))?\s*(?P<rest>h|am|pm|a\.m\.|p\.m\.)?$"
)
_SAYS_TIME = re.compile(r"\ba las?\b|\bat\b|\d ?(?:h|horas?|hrs?)\b")
_DAY_OR_TIME = re.compile(r"(?P<day>\d{1,2})(?:\.(?P<month>\d{2}))?$")
_NUMERIC = re.compile(r"(?P<day>\d{1,2})[/.-](?P<month>\d{1,2})(?:[/.-](?P<year>\d{4}|\d{2}))?$")
_TH = r"(?:st|nd|rd|th)?"
_DATES = (
    re.compile(r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})$"),
    _NUMERIC,
    re.compile(rf"(?P<day>\d{{1,2}}){_TH}\s+(?P<month>[a-z]+)(?:\s+(?P<year>\d{{4}}))?$"),
    re.compile(rf"(?P<month>[a-z]+)\s+(?P<day>\d{{1,2}}){_TH}(?:\s+(?P<year>\d{{4}}))?$"),
)


class TimeFault(Enum):
    """Why a text is no moment for a broadcast. The values are sentences for admins."""

    UNCLEAR = mark(
        "No entiendo cuándo. Escribe el día y la hora, como «mañana 18:30» o «26/11 18:30»."
    )
    DAY_OR_TIME = mark(
        "Eso puede ser un día o una hora. Escribe el día con barras, como «26/11», y la hora con "
        "dos puntos, como «18:30»."
    )
    NO_SUCH_DAY = mark(
        "Ese día no existe. Escribe primero el día y luego el mes, como «26/11 18:30»."
    )
    NO_SUCH_TIME = mark("Esa hora no existe. Escríbela de 0:00 a 23:59, como «18:30».")
    PAST = mark("Ese momento ya ha pasado. Escribe uno que esté por venir.")
    TOO_FAR = mark("Se puede programar hasta con {days} días de antelación.")
    SKIPPED = mark(
        "Esa noche los relojes se adelantan y esa hora no llega a existir. Elige una hora "
        "antes o una después."
    )


def parse_moment(
    text: str,
    now: datetime,
    zone: tzinfo,
    farthest: timedelta = FARTHEST,
    *,
    day_alone: bool = False,
) -> datetime | TimeFault:
    """Returns the moment in UTC, or why it cannot be used; a time without a day is today's.

    Where a `day_alone` may be given, a number alone may be the day of a month.
    """
    plain = _plain(text)
    if not _SAYS_TIME.search(_letters(text)) and _is_day_or_time(plain, day_alone=day_alone):
        return TimeFault.DAY_OR_TIME
    found = _read(plain, now.astimezone(zone))
    return found if isinstance(found, TimeFault) else utc_moment(found, now, zone, farthest)


def utc_moment(
    there: datetime, now: datetime, zone: tzinfo, farthest: timedelta = FARTHEST
) -> datetime | TimeFault:
    """Returns a local time in UTC, or why it cannot be used: skipped, past or too far ahead."""
    try:
        first, second = (there.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    except OverflowError:  # in the first or the last hours of datetime
        return TimeFault.PAST if there.year < now.year else TimeFault.TOO_FAR
    if first.astimezone(zone).replace(tzinfo=None) != there.replace(tzinfo=None):
        return TimeFault.SKIPPED
    # When the clocks go back, a local time occurs twice; the second may still be to come.
    moment = second if time_fault(first, now) is TimeFault.PAST else first
    return time_fault(moment, now, farthest) or moment


def time_fault(
    moment: datetime, now: datetime, farthest: timedelta = FARTHEST
) -> TimeFault | None:
    """Returns why nothing can be scheduled at this moment; None if it can."""
    if moment < now + SOONEST:
        return TimeFault.PAST
    return TimeFault.TOO_FAR if moment > now + farthest else None


def suggested_moments(now: datetime, zone: tzinfo) -> list[tuple[datetime, str]]:
    """Returns moments an admin is likely to want, each with the label of its button."""
    here = now.astimezone(zone)
    tomorrow = here.date() + timedelta(days=1)
    # Added in absolute time: local time would be an hour off when the clocks change.
    in_an_hour = (now + timedelta(hours=1)).replace(second=0, microsecond=0)
    wanted = [(in_an_hour.astimezone(UTC), mark("Dentro de una hora ({time})"))]
    for label, day, clock in (
        (mark("Hoy, {time}"), here.date(), time(19)),
        (mark("Mañana, {time}"), tomorrow, time(10)),
        (mark("Mañana, {time}"), tomorrow, time(19)),
    ):
        moment = utc_moment(datetime.combine(day, clock), now, zone)
        if isinstance(moment, datetime) and moment - now >= timedelta(minutes=15):
            wanted.append((moment, label))
    return wanted


def _plain(text: str) -> str:
    """Returns the text in lower case, without accents and filler words, with single spaces."""
    halves = _HALF_OF_DAY.sub(
        lambda found: " am" if found["half"] in ("manana", "morning") else " pm",
        _TODAY.sub("hoy", _letters(text)),
    )
    return " ".join(_FILLING.sub(" ", halves).split())


def _is_day_or_time(plain: str, *, day_alone: bool) -> bool:
    """Whether it may be either, as «10.12», and «10» where a day alone may be given."""
    found = _DAY_OR_TIME.fullmatch(plain)
    if found is None or found["month"] is None:
        return found is not None and day_alone
    return isinstance(_clock(plain), time) and _is_date(plain)


def _read(plain: str, here: datetime) -> datetime | TimeFault:
    """Returns the local time whose time of day stands at the end or the beginning of the text."""
    words = plain.split()
    for count in (2, 1):
        for day_words, clock_words in (
            (words[:-count], words[-count:]),
            (words[count:], words[:count]),
        ):
            clock = _clock(" ".join(clock_words)) if len(clock_words) == count else None
            if isinstance(clock, TimeFault) and not day_words and _is_date(plain):
                continue  # a day without a time
            day = None if clock is None else _day(" ".join(day_words), here, clock)
            if isinstance(clock, time) and isinstance(day, date):
                return datetime.combine(day, clock)
            if isinstance(clock, TimeFault) and day is not None:
                return clock
            if isinstance(day, TimeFault):
                return day
    return TimeFault.UNCLEAR


def _clock(text: str) -> time | TimeFault | None:
    found = _CLOCK.fullmatch(text)
    if found is None:
        return None
    hour, minute = int(found["hour"]), int(found["minute"] or 0)
    half = (found["rest"] or "").replace(".", "")
    if half in ("am", "pm"):
        if not 1 <= hour <= 12:
            return TimeFault.NO_SUCH_TIME
        hour = hour % 12 + (12 if half == "pm" else 0)
    if hour > 23 or minute > 59:
        return TimeFault.NO_SUCH_TIME
    return time(hour, minute)


def _is_date(text: str) -> bool:
    """Whether it is a day and a month, in figures."""
    found = _NUMERIC.fullmatch(text)
    return found is not None and 1 <= int(found["day"]) <= 31 and 1 <= int(found["month"]) <= 12


def _day(text: str, here: datetime, clock: time | TimeFault) -> date | TimeFault | None:
    """Returns the day that is meant, or why there is none such; None of what is no day.

    A weekday is the next one at this time of day. A day of a month is in this year, or in the next
    if it is 180 days past or more.
    """
    today = here.date()
    if not text or text in _DAYS_AHEAD:
        return today + timedelta(days=_DAYS_AHEAD.get(text, 0))
    weekday, _, rest = text.partition(" ")
    if text in _WEEKDAY_OF:
        ahead = (_WEEKDAY_OF[text] - today.weekday()) % 7
        passed = ahead == 0 and isinstance(clock, time) and clock <= here.time()
        return today + timedelta(days=7 if passed else ahead)
    bare = rest if weekday in _WEEKDAY_OF else text
    found = next((found for form in _DATES if (found := form.fullmatch(bare))), None)
    if found is None:
        return None
    day, year, name = int(found["day"]), found["year"], found["month"]
    if not name.isdecimal() and name not in _MONTH_OF:
        return TimeFault.UNCLEAR
    month = int(name) if name.isdecimal() else _MONTH_OF[name]
    try:
        if year is not None:
            return date(int(year) + (2000 if len(year) == 2 else 0), month, day)
        this_year = date(today.year, month, day)
        is_near = (today - this_year).days < 180
        return this_year if is_near else this_year.replace(year=today.year + 1)
    except ValueError:
        return TimeFault.NO_SUCH_DAY
