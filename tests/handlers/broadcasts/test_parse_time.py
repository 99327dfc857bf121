"""Times are parsed as people write them, in the petition's time zone, or refused with a reason."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text.problems import Refused
from handlers.broadcasts.parse_time import (
    FARTHEST,
    parse_moment,
    suggested_moments,
    too_far,
    utc_moment,
)

MADRID = ZoneInfo("Europe/Madrid")
# A Wednesday.
NOW = datetime(2026, 11, 25, 14, 0, tzinfo=MADRID)

IN_AN_HOUR, TONIGHT, TOMORROW = "Dentro de una hora ({time})", "Hoy, {time}", "Mañana, {time}"


def read(text: str, now: datetime = NOW) -> str:
    """The moment on Madrid's clock, or the beginning of what is wrong."""
    try:
        return parse_moment(text, now, MADRID).astimezone(MADRID).strftime("%d/%m/%Y %H:%M")
    except Refused as refused:
        return refused.why.source.partition(".")[0]


@pytest.mark.parametrize(
    ("moment", "texts"),
    {
        "26/11/2026 18:30": (
            *("mañana 18:30", "Mañana, a las 18:30", "manana 18h30", "tomorrow at 18:30"),
            *("26/11 18:30", "26/11/26\n18:30", "26-11-2026 18:30", "26.11 18:30"),
        ),
        "25/11/2026 18:30": ("18:30", "a las 18:30"),
        "25/11/2026 19:00": ("hoy 19 h",),
        "27/11/2026 09:05": ("pasado mañana 9:05",),
        "01/12/2026 00:00": ("1/12 0:00",),
    }.items(),
)
def test_each_way_to_say_it_means_what_it_says(moment: str, texts: tuple[str, ...]) -> None:
    assert {text: read(text) for text in texts} == dict.fromkeys(texts, moment)


def test_a_day_in_january_is_next_years_and_the_farthest_is_taken() -> None:
    assert read("5/1 10:00", datetime(2026, 12, 20, tzinfo=MADRID)) == "05/01/2027 10:00"
    last = (NOW + FARTHEST).replace(tzinfo=None)
    assert utc_moment(last, NOW, MADRID) == NOW + FARTHEST
    with pytest.raises(Refused, match=too_far(FARTHEST).args[0]):
        utc_moment(last + timedelta(seconds=1), NOW, MADRID)


@pytest.mark.parametrize(
    ("fault", "texts"),
    {
        "No entiendo cuándo": (
            "",
            "hola",
            "mañana",
            "ayer 18:30",
            "mañana 1830",
            "jueves 18:30",
            "10.12",
        ),
        "Ese día no existe": ("11/26 18:30", "31/11 10:00"),
        "Esa hora no existe": ("25:00", "mañana 24:00", "mañana 10:75"),
        "Ese momento ya ha pasado": ("13:59", "14:00", "24/11 18:30", "30/5 10:00"),
        too_far(FARTHEST).args[0].rstrip("."): (
            "26/12 18:30",
            "29/5 10:00",
            "26/11/2027 18:30",
        ),
    }.items(),
)
def test_what_is_no_moment_to_send_at_is_refused_with_its_reason(
    fault: str, texts: tuple[str, ...]
) -> None:
    assert {text: read(text) for text in texts} == dict.fromkeys(texts, fault)


def test_a_time_that_the_clocks_leave_out_is_refused() -> None:
    before = datetime(2026, 3, 28, 14, 0, tzinfo=MADRID)
    assert read("mañana 2:30", before).startswith("Esa noche los relojes se adelantan")
    assert read("mañana 3:30", before) == "29/03/2026 03:30"


def test_a_time_that_comes_twice_is_the_first_of_them() -> None:
    found = parse_moment("mañana 2:30", datetime(2026, 10, 24, 14, 0, tzinfo=MADRID), MADRID)
    assert found == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    between = datetime(2026, 10, 25, 0, 50, tzinfo=UTC)
    for typed, minute in (("2:45", 45), ("2:50", 50)):  # for the first of which it is too late
        again = datetime(2026, 10, 25, 1, minute, tzinfo=UTC)
        assert parse_moment(typed, between, MADRID) == again


@pytest.mark.parametrize(
    ("hour", "labels"),
    [
        (9, [IN_AN_HOUR, TONIGHT, TOMORROW, TOMORROW]),
        (18, [IN_AN_HOUR, TONIGHT, TOMORROW, TOMORROW]),
        (19, [IN_AN_HOUR, TOMORROW, TOMORROW]),
    ],
)
def test_what_is_offered_is_still_to_come(hour: int, labels: list[str]) -> None:
    now = NOW.replace(hour=hour, minute=20)
    moments = suggested_moments(now, MADRID)
    assert [label for _, label in moments] == labels
    assert all(now < at < now + FARTHEST for at, _ in moments)


@given(st.text(max_size=40))
def test_nothing_anybody_writes_breaks_it(text: str) -> None:
    with suppress(Refused):
        assert NOW < parse_moment(text, NOW, MADRID) <= NOW + FARTHEST


@given(st.datetimes(datetime(2026, 11, 25, 15), datetime(2026, 12, 24)))
def test_what_is_written_out_in_full_is_read_back(wanted: datetime) -> None:
    wanted = wanted.replace(second=0, microsecond=0)
    found = parse_moment(wanted.strftime("%d/%m/%Y %H:%M"), NOW, MADRID)
    assert found == utc_moment(wanted, NOW, MADRID)


@pytest.mark.parametrize("month", [3, 10])
def test_in_an_hour_is_an_hour_from_now_whatever_the_clocks_do(month: int) -> None:
    nights = {
        3: datetime(2026, 3, 29, 0, 30, tzinfo=UTC),
        10: datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
    }
    first, _ = suggested_moments(nights[month], MADRID)[0]
    assert first - nights[month] == timedelta(hours=1)
