"""Draws the chart of a broadcast's deliveries over time: the speed in each interval.

The background is dark, so that it reads alike in light and dark chats, and the letters are large
enough for a phone that shows it at a third of its size.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from functools import cache
from itertools import count
from math import ceil
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFont

from bot.text.translations import Words, mark
from storage.broadcasts import Moment

WIDTH = 1280
HEIGHT = 720
MARGIN = 48
PAPER = "#1b2430"
DELIVERED = "#58c98b"
UNREACHABLE = "#f2b45c"
_INK = "#ffffff"
_SOFT = "#c3cedb"
_GRID = "#3a4757"

_LARGE = 50
_MIDDLE = 38
_SMALL = 32
_FONTS = Path(__file__).parent / "fonts"

_TIMES_AT_MOST = 7
_NUMBERS_AT_MOST = 5
# Wider bars than this, in pixels, have a gap between them.
_WIDE = 8

# The speed is shown in the first of these units in which the fastest interval reaches one.
_UNITS = (
    (timedelta(seconds=1), mark("Por segundo")),
    (timedelta(minutes=1), mark("Por minuto")),
    (timedelta(hours=1), mark("Por hora")),
    (timedelta(days=1), mark("Por día")),
)


_MINUTE = 60
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR
# The steps of clocks and calendars, in seconds.
_STEPS = (
    *(1, 2, 5, 10, 15, 30),
    *(minutes * _MINUTE for minutes in (1, 2, 5, 10, 15, 30)),
    *(hours * _HOUR for hours in (1, 2, 3, 6, 12)),
    *(days * _DAY for days in (1, 2, 5, 10, 20, 50, 100, 200)),
)

# The width of a single interval, which has no neighbour to measure it by.
_ALONE = timedelta(seconds=1)


class Box(NamedTuple):
    """A rectangle, in pixels from the top left corner; right and bottom are exclusive."""

    left: float
    top: float
    right: float
    bottom: float


class Canvas:
    """The picture, to draw on. Colours are `#rrggbb`.

    `labels` collects the lines of text that were drawn, each with the box around its ink.
    """

    def __init__(self) -> None:
        self.labels: list[tuple[str, Box]] = []
        self._image = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
        self._draw = ImageDraw.Draw(self._image)
        # Not shared between pictures: a font must not be used in two threads at once.
        self._font = cache(_font)

    def text(
        self, text: str, at: tuple[float, float], size: float, colour: str, *, bold: bool = False,
        anchor: str = "ls", room: float | None = None,
    ) -> None:  # fmt: skip
        """Draws a line of text; one wider than `room` is made smaller.

        `anchor` is Pillow's, of the place in the text that is `at` this point: l, m or r, and s
        for the base line.
        """
        font = self._font(size, bold=bold)
        while room is not None and font.getlength(text) > room:
            size -= 1
            font = self._font(size, bold=bold)
        self._draw.text(at, text, fill=colour, font=font, anchor=anchor)
        self.labels.append((text, Box(*self._draw.textbbox(at, text, font, anchor))))

    def box(self, box: Box, colour: str) -> None:
        """Fills a rectangle, at least two pixels wide, so that it is visible."""
        corners = (box.left, box.top, max(box.right, box.left + 2), box.bottom)
        left, top, right, bottom = (round(edge) for edge in corners)
        self._draw.rectangle((left, top, right - 1, bottom - 1), fill=colour)

    def text_width(self, text: str, size: float) -> float:
        """Returns how wide a line of text would be, in pixels."""
        return self._font(size, bold=False).getlength(text)

    def png(self) -> bytes:
        """Returns the picture as a PNG file."""
        written = io.BytesIO()
        self._image.save(written, "PNG", compress_level=1)  # in half the time, a third larger
        return written.getvalue()


def _font(size: float, *, bold: bool) -> ImageFont.FreeTypeFont:
    # Pillow's own font has no accents.
    file = _FONTS / ("NotoSans-Bold.ttf" if bold else "NotoSans-Regular.ttf")
    # The basic layout is the same on every machine.
    return ImageFont.truetype(file, size, layout_engine=ImageFont.Layout.BASIC)


@dataclass(frozen=True, slots=True)
class Series:
    """The intervals that are not empty, in order, all of one width.

    The first begins at `start`, and the last ends at `end`.
    """

    bars: tuple[Moment, ...]
    width: timedelta
    start: datetime
    end: datetime


def series_of(moments: Sequence[Moment]) -> Series:
    """Returns the series of these intervals, which are in order; not all of them are empty."""
    width = moments[1].at - moments[0].at if len(moments) > 1 else _ALONE
    bars = tuple(moment for moment in moments if moment.delivered or moment.unreachable)
    return Series(bars, width, start=bars[0].at, end=bars[-1].at + width)


@dataclass(frozen=True, slots=True)
class _Panel:
    """A rectangle with a time axis from left to right and a number axis from the bottom up."""

    box: Box
    series: Series
    top: float

    def x(self, at: datetime) -> float:
        share = (at - self.series.start) / (self.series.end - self.series.start)
        return self.box.left + (self.box.right - self.box.left) * share

    def y(self, number: float) -> float:
        return self.box.bottom - self.height(number)

    def height(self, number: float) -> float:
        return (self.box.bottom - self.box.top) * number / self.top


def delivery_chart(moments: Sequence[Moment], words: Words) -> bytes:
    """Returns the chart as a PNG of 1280 × 720 pixels."""
    return paint(series_of(moments), words).png()


def paint(series: Series, words: Words) -> Canvas:
    """Returns the canvas with the whole chart."""
    canvas = Canvas()
    _head(canvas, series, words)
    most = max(bar.delivered + bar.unreachable for bar in series.bars)
    reached = (unit for unit in _UNITS if most * (unit[0] / series.width) >= 1)
    unit, caption = next(reached, _UNITS[-1])
    speed = unit / series.width
    ticks = count_ticks(max(1, ceil(most * speed)), _NUMBERS_AT_MOST)
    left = MARGIN + 16 + max(canvas.text_width(words.number(tick), _SMALL) for tick in ticks)
    panel = _Panel(Box(left, 310, WIDTH - MARGIN, HEIGHT - 100), series, ticks[-1])
    _numbers(canvas, panel, words, ticks, words.label(caption))
    _times(canvas, panel, words)
    _bars(canvas, panel, speed)
    return canvas


def _head(canvas: Canvas, series: Series, words: Words) -> None:
    room, title = WIDTH - 2 * MARGIN, words.label("Cómo avanzó la entrega")
    canvas.text(title, (MARGIN, 92), _LARGE, _INK, bold=True, room=room)
    canvas.text(_span(series, words), (MARGIN, 146), _SMALL, _SOFT, room=room)
    delivered = sum(bar.delivered for bar in series.bars)
    unreachable = sum(bar.unreachable for bar in series.bars)
    counts = (
        (DELIVERED, words.label("Entregados: {n}", n=words.number(delivered))),
        (UNREACHABLE, words.label("No localizables: {n}", n=words.number(unreachable))),
    )
    for place, (colour, text) in enumerate(counts):
        left = MARGIN + place * room / 2
        canvas.box(Box(left, 184, left + 28, 212), colour)
        canvas.text(text, (left + 44, 212), _MIDDLE, _INK, bold=True, room=room / 2 - 60)


def _span(series: Series, words: Words) -> str:
    start, end = words.plain_moment(series.start), words.plain_moment(series.end)
    if words.date(series.start) == words.date(series.end):
        end = words.clock(series.end)
    until = "" if start.endswith(end) else f" – {end}"
    lasted = words.duration((series.end - series.start).total_seconds())
    return f"{start}{until} · {lasted}"


def _numbers(canvas: Canvas, panel: _Panel, words: Words, ticks: list[int], caption: str) -> None:
    box = panel.box
    canvas.text(caption, (MARGIN, box.top - 36), _SMALL, _SOFT, room=WIDTH - 2 * MARGIN)
    for tick in ticks:
        y = panel.y(tick)
        canvas.box(Box(box.left, y - 1, box.right, y + 1), _GRID)
        canvas.text(
            words.number(tick), (box.left - 16, y + _SMALL * 0.36), _SMALL, _SOFT, anchor="rs"
        )


def _times(canvas: Canvas, panel: _Panel, words: Words) -> None:
    start, end = panel.series.start, panel.series.end
    step = time_step(start, end, _TIMES_AT_MOST)
    free = MARGIN / 2
    for moment in time_ticks(start, end, step, words.zone):
        text = _time(moment, step, words)
        half = canvas.text_width(text, _SMALL) / 2
        x = panel.x(moment)
        canvas.box(Box(x - 1, panel.box.top, x + 1, panel.box.bottom), _GRID)
        middle = min(x, WIDTH - MARGIN / 2 - half)
        if middle - half < free:
            continue  # it would overlap the one before
        canvas.text(text, (middle, panel.box.bottom + 48), _SMALL, _SOFT, anchor="ms")
        free = middle + half + 16


def _time(moment: datetime, step: timedelta, words: Words) -> str:
    there = moment.astimezone(words.zone)
    if (there.hour, there.minute, there.second) == (0, 0, 0):
        return words.day(moment)
    return words.clock(moment, seconds=step < timedelta(minutes=1))


def _bars(canvas: Canvas, panel: _Panel, speed: float) -> None:
    for bar in panel.series.bars:
        left, right = panel.x(bar.at), panel.x(bar.at + panel.series.width)
        if right - left > _WIDE:
            right -= 2
        bottom = panel.box.bottom
        for colour, number in ((DELIVERED, bar.delivered), (UNREACHABLE, bar.unreachable)):
            if number:
                # Two pixels at least: one of many thousands is visible too.
                top = min(bottom - 2, bottom - panel.height(number * speed))
                canvas.box(Box(left, top, right, bottom), colour)
                bottom = top


def count_ticks(most: int, at_most: int) -> list[int]:
    """Returns at most `at_most` round numbers, from 0 to the first that is not below `most`."""
    step = next(
        step
        for power in count()
        for step in (1 * 10**power, 2 * 10**power, 5 * 10**power)
        if -(-most // step) < at_most
    )
    return [step * n for n in range(max(2, -(-most // step) + 1))]


def time_step(start: datetime, end: datetime, at_most: int) -> timedelta:
    """Returns the shortest usual step with at most `at_most` ticks between the two."""
    seconds = (end - start).total_seconds()
    fitting = (step for step in _STEPS if seconds / step <= at_most - 1)
    return timedelta(seconds=next(fitting, _STEPS[-1]))


def time_ticks(start: datetime, end: datetime, step: timedelta, zone: tzinfo) -> list[datetime]:
    """Returns the moments between the two that are whole steps on a clock in that zone.

    Steps are counted in local time from the midnight before, so that they are round on both sides
    of a change to summer time; an hour that comes twice is marked once.
    """
    midnight = datetime.combine(start.astimezone(zone).date(), time())
    since_midnight = start.astimezone(zone).replace(tzinfo=None) - midnight
    wall = midnight + step * -(-since_midnight // step)
    last = end.astimezone(zone).replace(tzinfo=None)
    found = []
    while wall <= last:
        moment = wall.replace(tzinfo=zone).astimezone(UTC)
        # A local time that the change to summer time skips converts back to another one.
        if moment.astimezone(zone).replace(tzinfo=None) == wall and start <= moment <= end:
            found.append(moment)
        wall += step
    return found
