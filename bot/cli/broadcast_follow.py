"""Watching a broadcast until it ends."""

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

# Counting a million rows takes a moment; at most a fifth of the time goes into it.
_REST: Final = 4.0
_DAY_SECONDS: Final = 24 * 60 * 60


@dataclass(frozen=True, slots=True)
class SpeedSample:
    """How far it is, and how fast it goes.

    Attributes:
        what: what happens with it now.
        done: what needs nothing more.
        total: everything.
        per_second: how many became done a second lately; None when nothing can be said.
        remaining_seconds: until the end at that speed.
        ends_at: when that is.
    """

    what: str
    done: int
    total: int
    per_second: float | None = None
    remaining_seconds: float | None = None
    ends_at: datetime | None = None


class Screen(Protocol):
    """Where somebody watches."""

    def show(self, account: BroadcastSnapshot, pace: SpeedSample) -> None:
        """Show how it is now."""
        ...


async def follow(
    read: Callable[[], Awaitable[BroadcastSnapshot]],
    screen: Screen,
    clock: Callable[[], datetime],
    seconds: float,
) -> BroadcastSnapshot:
    """Shows it again and again until it has ended; returns the last account."""
    watch = FollowView(clock)
    while True:
        began = time.monotonic()
        account = await read()
        screen.show(account, watch.pace(account, time.monotonic()))
        if account.is_settled:
            return account
        await asyncio.sleep(max(seconds, _REST * (time.monotonic() - began)))


class FollowView:
    """Measures the speed, anew whenever something else happens with the broadcast."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._what = ""
        self._speed = Speed()

    def pace(self, account: BroadcastSnapshot, now: float) -> SpeedSample:
        """What to show of it, `now` being seconds of a clock that only goes forward."""
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


class Bar:
    """A bar that moves, on a terminal of any width."""

    def __init__(self, live: Live, words: Words) -> None:
        self._live = live
        self._words = words

    def show(self, account: BroadcastSnapshot, pace: SpeedSample) -> None:
        """Moves the bar."""
        heading = f"{name_of(account.broadcast)}: {pace.what}"
        # Of nothing, everything is done.
        total, done = (pace.total, pace.done) if pace.total else (1, 1)
        rows = Table.grid(expand=True)
        rows.add_row(Text(capitalised(heading)))
        rows.add_row(
            ProgressBar(total=total, completed=done, complete_style="cyan", finished_style="green")
        )
        rows.add_row(Text(told(pace, self._words)))
        self._live.update(rows, refresh=True)


class Lines:
    """A line whenever something changed: for a file, or a pipe."""

    def __init__(self, out: Console, words: Words, clock: Callable[[], datetime]) -> None:
        self._out = out
        self._words = words
        self._clock = clock
        self._last: tuple[str, int, int] | None = None

    def show(self, account: BroadcastSnapshot, pace: SpeedSample) -> None:
        """Prints the line."""
        if (pace.what, pace.done, pace.total) == self._last:
            return
        self._last = (pace.what, pace.done, pace.total)
        at = self._words.clock(self._clock(), seconds=True)
        line = f"{at}  {pace.what}  {told(pace, self._words)}"
        self._out.print(line, markup=False, soft_wrap=True)


class Data:
    """A JSON object whenever it was looked at: for programs."""

    def __init__(self, write: Callable[[dict[str, Any]], None]) -> None:
        self._write = write

    def show(self, account: BroadcastSnapshot, pace: SpeedSample) -> None:
        """Writes the object."""
        self._write(
            {
                **as_data(account),
                "per_second": pace.per_second,
                "remaining_seconds": pace.remaining_seconds,
            }
        )


def told(pace: SpeedSample, words: Words) -> str:
    """The numbers beside the bar."""
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
