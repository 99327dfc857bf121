"""Parses the moment that an admin writes, in the petition's time zone.

Pure: the current time and the zone are arguments. Reads «26/11 18:30», day first, with a year or
without, «mañana 18:30» and «18:30», and the same in English.
"""

import re
import unicodedata
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from bot.text.problems import Refused
from bot.text.translations import LANGUAGES, mark

FARTHEST = timedelta(days=30)
SOONEST = timedelta(minutes=1)

_DAYS_AHEAD_BY_LANGUAGE: Mapping[str, Mapping[str, int]] = {
    "es": {"hoy": 0, "manana": 1, "pasado manana": 2},
    "en": {"today": 0, "tomorrow": 1},
}
_DAYS_AHEAD = {
    name: days for code in LANGUAGES for name, days in _DAYS_AHEAD_BY_LANGUAGE[code].items()
}
_DATE = r"(?P<day>\d{1,2})[/.-](?P<month>\d{1,2})(?:[/.-](?P<year>\d{4}|\d\d))?"
_CLOCK = r"(?:a las? |at )?(?P<hour>\d{1,2})(?:[:h](?P<minute>\d\d)| ?h)"
_MOMENT = re.compile(rf"(?:(?P<name>[a-z ]+?)|{_DATE})??,? *{_CLOCK}")


UNCLEAR = mark(
    "No entiendo cuándo. Escribe el día y la hora, como «mañana 18:30» o «26/11 18:30»."
)
PAST = mark("Ese momento ya ha pasado. Escribe uno que esté por venir.")


def parse_moment(
    text: str, now: datetime, zone: tzinfo, farthest: timedelta = FARTHEST, clock: str = ""
) -> datetime:
    """Returns the moment in UTC; a time without a day is today's, a day without one at `clock`.

    Raises:
        Refused: it cannot be used.
    """
    decomposed = unicodedata.normalize("NFKD", " ".join(text.lower().split()))
    plain = "".join(c for c in decomposed if not unicodedata.combining(c))
    found = _MOMENT.fullmatch(plain) or _MOMENT.fullmatch(f"{plain} {clock}")
    if found is None:
        raise Refused(UNCLEAR)
    day = _day(found, now.astimezone(zone).date())
    try:
        at = time(int(found["hour"]), int(found["minute"] or 0))
    except ValueError:
        raise Refused("Esa hora no existe. Escríbela de 0:00 a 23:59, como «18:30».") from None
    return utc_moment(datetime.combine(day, at), now, zone, farthest)


def utc_moment(
    there: datetime, now: datetime, zone: tzinfo, farthest: timedelta = FARTHEST
) -> datetime:
    """Returns a local time in UTC; raises Refused for one skipped, past or too far ahead."""
    try:
        first, second = (there.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    except OverflowError:  # in the first or the last hours of datetime
        raise (Refused(PAST) if there.year < now.year else too_far(farthest)) from None
    if first.astimezone(zone).replace(tzinfo=None) != there.replace(tzinfo=None):
        raise Refused(
            "Esa noche los relojes se adelantan y esa hora no llega a existir. Elige una hora "
            "antes o una después."
        )
    # When the clocks go back, a local time occurs twice; the second may still be to come.
    moment = second if first < now + SOONEST else first
    if not now + SOONEST <= moment <= now + farthest:
        raise Refused(PAST) if moment < now + SOONEST else too_far(farthest)
    return moment


def too_far(farthest: timedelta) -> Refused:
    """Returns why a moment that is farther ahead is refused."""
    return Refused("Se puede programar hasta con {days} días de antelación.", days=farthest.days)


def suggested_moments(now: datetime, zone: tzinfo) -> list[tuple[datetime, str]]:
    """Returns moments an admin is likely to want, each with the label of its button."""
    # Added in absolute time: local time would be an hour off when the clocks change.
    in_an_hour = (now + timedelta(hours=1)).replace(second=0, microsecond=0)
    wanted = [(in_an_hour.astimezone(UTC), mark("Dentro de una hora ({time})"))]
    for label, typed in (
        (mark("Hoy, {time}"), "19:00"),
        (mark("Mañana, {time}"), "mañana 10:00"),
        (mark("Mañana, {time}"), "mañana 19:00"),
    ):
        with suppress(Refused):
            moment = parse_moment(typed, now, zone)
            if moment - now >= timedelta(minutes=15):
                wanted.append((moment, label))
    return wanted


def _day(found: re.Match[str], today: date) -> date:
    """Returns the day that is meant; raises Refused if there is none such.

    A day of a month is in this year, or in the next if it is 180 days past or more.
    """
    if found["day"] is None:
        ahead = _DAYS_AHEAD.get(found["name"] or "hoy")
        if ahead is None:
            raise Refused(UNCLEAR)
        return today + timedelta(days=ahead)
    year, month, day = found["year"], int(found["month"]), int(found["day"])
    try:
        if year is not None:
            return date(int(year) + (2000 if len(year) == 2 else 0), month, day)
        this_year = date(today.year, month, day)
        is_near = (today - this_year).days < 180
        return this_year if is_near else this_year.replace(year=today.year + 1)
    except ValueError:
        raise Refused(
            "Ese día no existe. Escribe primero el día y luego el mes, como «26/11 18:30»."
        ) from None
