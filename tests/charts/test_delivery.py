"""The chart of a broadcast's deliveries shows the right numbers, and all its text is legible."""

import io
import threading
from datetime import UTC, datetime, timedelta
from itertools import combinations, cycle
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops

from bot.charts import delivery_picture
from bot.charts.delivery import (
    DELIVERED,
    HEIGHT,
    UNREACHABLE,
    WIDTH,
    Box,
    count_ticks,
    delivery_chart,
    paint,
    series_of,
    time_step,
    time_ticks,
)
from bot.text.translations import Catalogs, Words
from storage.broadcasts import Moment
from tests.charts.deliveries import START, delivery

SPANISH = Catalogs.load().words("es")
ENGLISH = Catalogs.load().words("en")
MADRID = ZoneInfo("Europe/Madrid")
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))
LENGTHS = st.timedeltas(timedelta(milliseconds=1), timedelta(days=400))

EVERY = {
    "one person": [Moment(START, 1, 0)],
    "one who cannot be told": [Moment(START, 0, 1)],
    "1,530 in a minute": delivery([25, 26] * 30, 60),
    "a million in ten hours": delivery([16_667] * 60, 36_000, unreachable=300),
    "a long pause": delivery([600] * 5 + [0] * 50 + [600] * 5, 86_400, unreachable=7),
    "one a day for months": delivery([1] * 100, 100 * 86_400),
    "hardly imaginable": delivery([10**9] * 60, 10 * 86_400, unreachable=10**9),
    "a tenth of a second": delivery([3, 0, 3], 0.1),
}


def picture(parts: list[Moment], words: Words = SPANISH) -> Image.Image:
    return Image.open(io.BytesIO(delivery_chart(parts, words))).convert("RGB")


def heights(image: Image.Image, colour: str, top: int, bottom: int) -> list[int]:
    """Returns for each column how many of its pixels between top and bottom have this colour."""
    band = image.crop((0, top, WIDTH, bottom))
    other = ImageChops.difference(band, Image.new("RGB", band.size, colour)).split()
    most = ImageChops.lighter(ImageChops.lighter(other[0], other[1]), other[2]).tobytes()
    return [most[x::WIDTH].count(0) for x in range(WIDTH)]


def columns(image: Image.Image, colour: str, top: int, bottom: int) -> list[int]:
    """Returns the columns with this colour between top and bottom."""
    return [x for x, height in enumerate(heights(image, colour, top, bottom)) if height]


def overlap(one: Box, other: Box) -> bool:
    apart = one.right <= other.left or other.right <= one.left
    return not apart and one.top < other.bottom and other.top < one.bottom


def bars(image: Image.Image, colour: str = DELIVERED) -> list[int]:
    return columns(image, colour, HEIGHT // 2, HEIGHT)


@pytest.mark.parametrize(("name", "words"), [*zip(EVERY, cycle([SPANISH, ENGLISH]), strict=False)])
def test_every_line_of_text_is_inside_and_stands_apart(name: str, words: Words) -> None:
    labels = paint(series_of(EVERY[name]), words).labels
    for text, box in labels:
        assert box.left >= 16, text
        assert box.right <= WIDTH - 16, text
        assert box.top >= 16, text
        assert box.bottom <= HEIGHT - 16, text
    assert [
        (a, b) for (a, one), (b, other) in combinations(labels, 2) if overlap(one, other)
    ] == []


def test_a_bar_stands_where_something_was_delivered_and_none_in_a_pause() -> None:
    filled = bars(picture(delivery([10] * 5 + [0] * 10 + [10] * 5, 3600)))
    left, right = filled[0], filled[-1]
    width = right - left
    in_the_pause = [x for x in filled if left + width * 0.27 < x < left + width * 0.73]
    assert in_the_pause == []
    assert len([x for x in filled if x < left + width * 0.25]) > width * 0.2
    assert len([x for x in filled if x > left + width * 0.75]) > width * 0.2
    image = picture(delivery([10, 5, 10], 3))
    height = heights(image, DELIVERED, HEIGHT // 3, HEIGHT)
    filled = bars(image)
    first, second = filled[len(filled) // 6], filled[len(filled) // 2]
    assert height[first] == pytest.approx(2 * height[second], abs=3)
    with_some = bars(picture(delivery([5, 5], 10, unreachable=2)), UNREACHABLE)
    with_none = bars(picture(delivery([5, 5], 10)), UNREACHABLE)
    assert len(with_some) > WIDTH / 2
    assert with_none == []


def test_totals_times_and_numbers_are_written_as_the_language_has_them() -> None:
    def written(parts: list[Moment], words: Words = SPANISH) -> list[str]:
        return [text for text, _ in paint(series_of(parts), words).labels]

    parts = delivery([1530] * 2, 7200, unreachable=6)
    assert {
        "Entregados: 3.060",
        "No localizables: 12",
        "18 de julio de 2025, 14:05 – 16:05 · 2 horas",
        "Por minuto",
        "15:00",
    } <= set(written(parts))
    english = {"Delivered: 3,060", "Unreachable: 12", "Per minute", "15:00"}
    assert english <= set(written(parts, ENGLISH))
    nights = written(delivery([5] * 60, 3 * 86_400))
    assert {"19 jul", "20 jul", "21 jul"} <= set(nights)
    assert "00:00" not in nights
    # A day of the petition is not one of UTC.
    late = START.replace(hour=22, minute=30)
    at_night = written([Moment(late, 1, 0), Moment(late + timedelta(minutes=1), 1, 0)])
    assert at_night[1].startswith("19 de julio de 2025, 00:30")


async def test_it_is_drawn_beside_the_event_loop_if_there_is_a_delivery(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert await delivery_picture([], SPANISH) is None
    assert await delivery_picture(delivery([0, 0], 10), SPANISH) is None
    drawn_in: list[threading.Thread] = []

    def noted(parts: list[Moment], words: Words) -> bytes:
        drawn_in.append(threading.current_thread())
        return b"a picture"

    monkeypatch.setattr("bot.charts.delivery.delivery_chart", noted)
    assert await delivery_picture(EVERY["one person"], SPANISH) == b"a picture"
    assert drawn_in != [threading.main_thread()]


def test_a_series_ends_with_its_last_interval() -> None:
    series = series_of(delivery([5, 0, 0, 3, 2], 50, unreachable=1))
    assert series.end - series.start == timedelta(seconds=50)
    alone = series_of([Moment(START, 1, 0)])
    assert alone.end - alone.start == timedelta(seconds=1)


@given(st.integers(0, 10**12), st.integers(2, 8))
def test_the_last_number_is_the_first_that_is_not_below(most: int, at_most: int) -> None:
    ticks = count_ticks(most, at_most)
    assert ticks[0] == 0
    assert 2 <= len(ticks) <= at_most
    assert ticks[-1] >= most
    assert len(ticks) == 2 or ticks[-2] < most


@given(MOMENTS, LENGTHS, st.integers(2, 8))
def test_times_are_in_order_and_few(start: datetime, length: timedelta, at_most: int) -> None:
    end = start + length
    step = time_step(start, end, at_most)
    ticks = time_ticks(start, end, step, MADRID)
    assert ticks == sorted(set(ticks))
    assert all(start <= tick <= end for tick in ticks)
    # One more is possible when the clocks go back.
    assert len(ticks) <= at_most + 1


def test_an_hour_that_is_left_out_has_no_mark_and_one_that_comes_twice_has_one() -> None:
    for day, hours in (
        (datetime(2025, 3, 29, 23, tzinfo=UTC), ["00", "01", "03", "04", "05"]),
        (datetime(2025, 10, 25, 22, tzinfo=UTC), ["00", "01", "02", "03"]),
    ):
        ticks = time_ticks(day, day + timedelta(hours=4), timedelta(hours=1), MADRID)
        assert [f"{at.astimezone(MADRID):%H}" for at in ticks] == hours
