"""Following a broadcast until it ends."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from bot.broadcast.speed import Speed
from bot.cli.broadcast_details import capitalised, name_of
from bot.cli.broadcast_snapshot import BroadcastSnapshot, as_data
from bot.text.translations import Words

# Counting a million rows takes time: the pause is at least four times as long as the reading.
_REST: Final = 4.0
_DAY_SECONDS: Final = 24 * 60 * 60


@dataclass(frozen=True, slots=True)
class SpeedSample:
    """The progress of a broadcast and its speed.

    Attributes:
        what: what happens with it now.
        done: how many recipients have their outcome.
        total: how many recipients there are.
        per_second: the recent speed in recipients a second; None if it is not known.
        remaining_seconds: the time to the end at that speed.
        ends_at: the expected end.
    """

    what: str
    done: int
    total: int
    per_second: float | None = None
    remaining_seconds: float | None = None
    ends_at: datetime | None = None


class Display(Protocol):
    """An output that shows the progress of a broadcast."""

    def show(self, account: BroadcastSnapshot, pace: SpeedSample) -> None:
        """Shows the present progress."""
        ...


async def follow(
    read: Callable[[], Awaitable[BroadcastSnapshot]],
    screen: Display,
    clock: Callable[[], datetime],
    seconds: float,
) -> BroadcastSnapshot:
    """Shows a broadcast again and again until it has ended; returns the last snapshot."""
    watch = FollowView(clock)
    while True:
        began = time.monotonic()
        account = await read()
        screen.show(account, watch.pace(account, time.monotonic()))
        if account.is_settled:
            return account
        await asyncio.sleep(max(seconds, _REST * (time.monotonic() - began)))


class FollowView:
    """Measures the speed of a broadcast; starts again when what happens with it changes."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._what = ""
        self._speed = Speed()

    def pace(self, account: BroadcastSnapshot, now: float) -> SpeedSample:
        """Returns what to show; `now` is in seconds of a monotonic clock."""
        what, done, total = _doing(account)
        if what != self._what:
            self._what, self._speed = what, Speed()
        per_second = self._speed.note(now, done)
        if not per_second or what not in ("sending", "recalling"):
            return SpeedSample(what, done, total)
        remaining = (total - done) / per_second
        ends_at = self._clock() + timedelta(seconds=remaining)
        return SpeedSample(what, done, total, per_second, remaining, ends_at)


def _doing(account: BroadcastSnapshot) -> tuple[str, int, int]:
    broadcast, recall = account.broadcast, account.recall
    if recall is not None and broadcast.is_recalling:
        what = "recalling" if account.attended else "waiting for the bot"
        return what, recall.total - recall.open, recall.total
    what = broadcast.state
    if what == "running":
        what = "sending" if account.attended else "waiting for the bot"
    return what, account.tally.done, account.total


class LiveBar:
    """Shows a progress bar on a terminal of any width."""

    def __init__(self, live: Live, words: Words) -> None:
        self._live = live
        self._words = words

    def show(self, account: BroadcastSnapshot, pace: SpeedSample) -> None:
        """Updates the bar."""
        heading = f"{name_of(account.broadcast)}: {pace.what}"
        # Without recipients the bar is full.
        total, done = (pace.total, pace.done) if pace.total else (1, 1)
        rows = Table.grid(expand=True)
        rows.add_row(Text(capitalised(heading)))
        rows.add_row(
            ProgressBar(total=total, completed=done, complete_style="cyan", finished_style="green")
        )
        rows.add_row(Text(told(pace, self._words)))
        self._live.update(rows, refresh=True)


class Lines:
    """Prints a line for each change: for a file or a pipe."""

    def __init__(self, out: Console, words: Words, clock: Callable[[], datetime]) -> None:
        self._out = out
        self._words = words
        self._clock = clock
        self._last: tuple[str, int, int] | None = None

    def show(self, account: BroadcastSnapshot, pace: SpeedSample) -> None:
        """Prints a line, if something changed."""
        if (pace.what, pace.done, pace.total) == self._last:
            return
        self._last = (pace.what, pace.done, pace.total)
        at = self._words.clock(self._clock(), seconds=True)
        line = f"{at}  {pace.what}  {told(pace, self._words)}"
        self._out.print(line, markup=False, soft_wrap=True)


class Data:
    """Writes a JSON object at each reading: for programs."""

    def __init__(self, write: Callable[[dict[str, Any]], None]) -> None:
        self._write = write

    def show(self, account: BroadcastSnapshot, pace: SpeedSample) -> None:
        """Writes one object."""
        self._write(
            {
                **as_data(account),
                "per_second": pace.per_second,
                "remaining_seconds": pace.remaining_seconds,
            }
        )


def told(pace: SpeedSample, words: Words) -> str:
    """Returns the numbers that are shown with the bar."""
    parts = [f"{words.number(pace.done)} of {words.number(pace.total)}"]
    if pace.total:
        parts.append(words.percent(pace.done / pace.total))
    if pace.per_second is not None:
        parts.append(f"{pace.per_second:.1f} a second")
    if pace.remaining_seconds is not None and pace.ends_at is not None and pace.done < pace.total:
        parts.append(f"{words.duration(pace.remaining_seconds)} left")
        far = pace.remaining_seconds >= _DAY_SECONDS
        ends = words.moment(pace.ends_at) if far else words.clock(pace.ends_at)
        parts.append(f"ends about {ends}")
    return ", ".join(parts)
