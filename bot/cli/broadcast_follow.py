"""Following a broadcast until it ends."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from bot.broadcast.speed import Speed
from bot.cli.broadcast_selection import capitalised, name_of
from bot.cli.broadcast_snapshot import BroadcastSnapshot, snapshot_json
from bot.text.translations import Words

# Counting a million rows takes time: the pause is at least four times as long as the reading.
_PAUSE_TO_READING_RATIO = 4.0
_DAY_SECONDS = 24 * 60 * 60


@dataclass(frozen=True, slots=True)
class SpeedSample:
    """What happens with a broadcast, how many recipients of all have their outcome, and its speed.

    `per_second` is the recent speed, None if it is not known, as then is when it ends.
    """

    what: str
    done: int
    total: int
    per_second: float | None = None
    remaining_seconds: float | None = None
    ends_at: datetime | None = None


Display = Callable[[BroadcastSnapshot, SpeedSample], None]
"""Shows the present progress of a broadcast."""


async def follow(
    read: Callable[[], Awaitable[BroadcastSnapshot]],
    show: Display,
    clock: Callable[[], datetime],
    seconds: float,
) -> BroadcastSnapshot:
    """Shows a broadcast again and again until it has ended; returns the last snapshot."""
    watch = FollowView(clock)
    while True:
        began = time.monotonic()
        snapshot = await read()
        show(snapshot, watch.sample(snapshot, time.monotonic()))
        if snapshot.is_settled:
            return snapshot
        await asyncio.sleep(max(seconds, _PAUSE_TO_READING_RATIO * (time.monotonic() - began)))


class FollowView:
    """Measures the speed of a broadcast; starts again when what happens with it changes."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._what = ""
        self._speed = Speed()

    def sample(self, snapshot: BroadcastSnapshot, now: float) -> SpeedSample:
        """Returns what to show; `now` is in seconds of a monotonic clock."""
        what, done, total = _activity(snapshot)
        if what != self._what:
            self._what, self._speed = what, Speed()
        per_second = self._speed.note(now, done)
        if not per_second or what not in ("sending", "recalling"):
            return SpeedSample(what, done, total)
        remaining = (total - done) / per_second
        ends_at = self._clock() + timedelta(seconds=remaining)
        return SpeedSample(what, done, total, per_second, remaining, ends_at)


def _activity(snapshot: BroadcastSnapshot) -> tuple[str, int, int]:
    broadcast, recall = snapshot.broadcast, snapshot.recall
    if recall is not None and broadcast.is_recalling:
        what = "recalling" if snapshot.attended else "waiting for the bot"
        return what, recall.total - recall.open, recall.total
    what = broadcast.state
    if broadcast.is_running:
        what = "sending" if snapshot.attended else "waiting for the bot"
    return what, snapshot.tally.done, snapshot.total


def bar_display(live: Live, words: Words) -> Display:
    """Returns what shows a progress bar on a terminal of any width."""

    def show(snapshot: BroadcastSnapshot, sample: SpeedSample) -> None:
        heading = f"{name_of(snapshot.broadcast)}: {sample.what}"
        # Without recipients the bar is full.
        total, done = (sample.total, sample.done) if sample.total else (1, 1)
        rows = Table.grid(expand=True)
        rows.add_row(Text(capitalised(heading)))
        rows.add_row(
            ProgressBar(total=total, completed=done, complete_style="cyan", finished_style="green")
        )
        rows.add_row(Text(progress_text(sample, words)))
        live.update(rows, refresh=True)

    return show


def line_display(out: Console, words: Words, clock: Callable[[], datetime]) -> Display:
    """Returns what prints a line for each change: for a file or a pipe."""
    last: tuple[str, int, int] | None = None

    def show(_: BroadcastSnapshot, sample: SpeedSample) -> None:
        nonlocal last
        if (sample.what, sample.done, sample.total) == last:
            return
        last = (sample.what, sample.done, sample.total)
        at = words.clock(clock(), seconds=True)
        line = f"{at}  {sample.what}  {progress_text(sample, words)}"
        out.print(line, markup=False, soft_wrap=True)

    return show


def json_display(write: Callable[[dict[str, Any]], None]) -> Display:
    """Returns what writes a JSON object at each reading: for programs."""
    return lambda snapshot, sample: write(
        {
            **snapshot_json(snapshot),
            "per_second": sample.per_second,
            "remaining_seconds": sample.remaining_seconds,
        }
    )


def progress_text(sample: SpeedSample, words: Words) -> str:
    """Returns the numbers that are shown with the bar."""
    parts = [f"{words.number(sample.done)} of {words.number(sample.total)}"]
    if sample.total:
        parts.append(words.percent(sample.done / sample.total))
    if sample.per_second is not None:
        parts.append(f"{sample.per_second:.1f} a second")
    if (
        sample.remaining_seconds is not None
        and sample.ends_at is not None
        and sample.done < sample.total
    ):
        parts.append(f"{words.duration(sample.remaining_seconds)} left")
        far = sample.remaining_seconds >= _DAY_SECONDS
        ends = words.plain_moment(sample.ends_at) if far else words.clock(sample.ends_at)
        parts.append(f"ends about {ends}")
    return ", ".join(parts)
