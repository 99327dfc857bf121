"""Who is handled when: in order within a chat, at the same time across chats."""

import asyncio
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import Any

import structlog

from bot.intake.errors import TryAgain
from bot.intake.offset_tracker import OffsetTracker
from bot.intake.ordering import ordering_key
from bot.intake.update_numbers import is_numbered
from bot.tracebacks import kind_of, place_of

log = structlog.stdlib.get_logger()

# Half of what Telegram hands out before the oldest is acknowledged.
_IN_THE_WAY = 50
# So many dropped messages are noted behind one update: Telegram deletes a hundred at once.
_MOST_DROPPED = 100

Handle = Callable[[dict[str, Any]], Awaitable[None]]


@dataclass(slots=True)
class Counts:
    """What became of the updates since the start."""

    handled: int = 0
    retried: int = 0
    passed_over: int = 0
    dropped: int = 0

    def as_fields(self) -> dict[str, int]:
        """The counts as a log line takes them."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class DispatchPolicy:
    """How long the dispatch is patient, in seconds and in updates.

    Attributes:
        at_once: handlers that run at the same time.
        in_a_line: updates that may wait in one chat. What comes above it is a flood and is
            not handled, or one person would fill the window that everybody's updates come in.
        first_pause: before an update is tried again; each next pause doubles.
        longest_pause: the most it doubles to.
        handler_seconds: for one try; a handler that hangs is a passing failure.
        stuck_seconds: an update that has failed for so long, while
        stuck_others: so many others went well, is passed over: it is not the database that is
            away, and behind it nothing new can come.
    """

    at_once: int = 100
    in_a_line: int = 20
    first_pause: float = 0.1
    longest_pause: float = 5.0
    handler_seconds: float = 60.0
    stuck_seconds: float = 60.0
    stuck_others: int = 50


@dataclass(slots=True)
class _Job:
    update: dict[str, Any]
    number: int
    pause: float
    tries: int = 0
    failing_since: float = field(default=0.0)
    handled_before: int = 0
    dropped: list[int] = field(default_factory=list)


# The line that the running handler is working on, itself first.
_line: ContextVar[Sequence[_Job]] = ContextVar("line", default=())

# The window of the dispatch whose handler is running.
_window: ContextVar[OffsetTracker | None] = ContextVar("window", default=None)


def updates_behind() -> list[dict[str, Any]]:
    """What waits in the line of the update being handled: what it draws will be drawn over."""
    return [job.update for job in islice(_line.get(), 1, None)]


def dropped_behind() -> Sequence[int]:
    """The numbers of the private messages that came right behind this update and were dropped.

    Nothing else is known of them, but where the person stood when they came: where the update
    leads. The list is the one that grows, should another be dropped while the handler runs.
    """
    line = _line.get()
    return line[0].dropped if line else ()


def holds_others_up() -> bool:
    """Whether so many updates have come after the one being handled that it is in their way.

    Telegram hands out no more than a hundred from the oldest that is not finished.
    """
    line, window = _line.get(), _window.get()
    return bool(line) and window is not None and window.after(line[0].number) >= _IN_THE_WAY


class Dispatcher:
    """Handles updates and knows up to which one all are done.

    Args:
        handle: handles one update; `TryAgain` means the same update again after a pause, any
            other exception means that it is passed over. It must bear an update twice.
        rules: how patient it is.
        clock: seconds, monotonic.
        is_spared: whether an update is none to drop in a flood; others of its chat are.
    """

    def __init__(
        self,
        handle: Handle,
        rules: DispatchPolicy | None = None,
        clock: Callable[[], float] = time.monotonic,
        is_spared: Callable[[dict[str, Any]], bool] = lambda _update: False,
    ) -> None:
        self._handle = handle
        self._is_spared = is_spared
        self._rules = rules or DispatchPolicy()
        self._clock = clock
        self._window = OffsetTracker()
        self._lines: dict[Hashable, deque[_Job]] = {}
        self._working: set[asyncio.Task[None]] = set()
        self._places = asyncio.Semaphore(self._rules.at_once)
        self._progress = asyncio.Event()
        self._ending = asyncio.Event()
        self.counts = Counts()

    @property
    def in_progress(self) -> int:
        """How many updates have been taken and are not finished."""
        return len(self._window)

    @property
    def offset(self) -> int | None:
        """The lowest update that is not finished: asking from it acknowledges all below."""
        return self._window.offset

    def ask(self) -> int | None:
        """The offset for the next question to Telegram; there is one question at a time."""
        return self._window.ask()

    def offer(self, update: dict[str, Any]) -> bool:
        """Takes an update, unless it is known already; tells whether it was new."""
        if not is_numbered(update):
            self.counts.passed_over += 1
            log.error("update_without_number")
            return False
        number = update["update_id"]
        if not self._window.take(number):
            return False
        self._line_up(_Job(update, number, self._rules.first_pause))
        return True

    def step_over(self, number: int) -> bool:
        """Passes over an update that cannot be read; tells whether it was one that could come."""
        if number < (self.offset or 0):
            return False
        self._window.take(number)
        self._window.finish(number)
        self.counts.passed_over += 1
        log.error("update_unreadable", update_id=number)
        return True

    async def until_at_most(self, count: int, seconds: float) -> None:
        """Waits until so many updates are left in progress, or until the time is over."""
        try:
            async with asyncio.timeout(seconds):
                while self.in_progress > count:
                    self._progress.clear()
                    await self._progress.wait()
        except TimeoutError:
            return

    async def drain(self, seconds: float) -> int:
        """Lets what is being handled finish, and tries nothing again.

        Returns:
            How many updates stay unfinished. Telegram sends them again after the next start.
        """
        self._ending.set()
        if self._working:
            await asyncio.wait(self._working, timeout=seconds)
        for task in tuple(self._working):
            task.cancel()
        await asyncio.gather(*self._working, return_exceptions=True)
        return self.in_progress

    def _line_up(self, job: _Job) -> None:
        line = ordering_key(job.update)
        waiting = self._lines.get(line)
        if waiting is None:
            self._lines[line] = deque([job])
            task = asyncio.create_task(self._work(line))
            self._working.add(task)
            task.add_done_callback(self._working.discard)
        elif len(waiting) > self._rules.in_a_line:
            self._drop_one(waiting, job)
        else:
            waiting.append(job)

    def _drop_one(self, waiting: deque[_Job], job: _Job) -> None:
        """Drops what is one too many; for one that is spared, the oldest other one that waits."""
        waiting.append(job)
        line = list(waiting)
        others = (
            place for place, one in enumerate(line) if place and not self._is_spared(one.update)
        )
        place = next(others, len(line) - 1) if self._is_spared(job.update) else len(line) - 1
        given_up, before = line[place], line[place - 1]
        waiting.remove(given_up)
        left = (*before.dropped, *_private_message(given_up.update), *given_up.dropped)
        before.dropped[:] = left[:_MOST_DROPPED]
        self.counts.dropped += 1
        self._finish(given_up)

    async def _work(self, line: Hashable) -> None:
        waiting = self._lines[line]
        _line.set(waiting)
        _window.set(self._window)
        while waiting:
            job = waiting[0]
            while not await self._try(job):
                await self._pause(job)
                if self._ending.is_set():
                    return  # and what stands behind it waits too, or the order would break
            self._finish(job)
            waiting.popleft()
        del self._lines[line]

    async def _try(self, job: _Job) -> bool:
        """Tries once; tells whether the update is finished."""
        try:
            async with self._places, asyncio.timeout(self._rules.handler_seconds):
                await self._handle(job.update)
        except (TryAgain, TimeoutError) as error:
            return self._failed(job, error)
        except Exception as error:
            self.counts.passed_over += 1
            # Never its message: it may repeat what a person wrote.
            log.error(  # noqa: TRY400 - the trace is told in a form without texts
                "update_passed_over",
                update_id=job.number,
                kind=kind_of(error),
                place=place_of(error),
            )
            return True
        self.counts.handled += 1
        return True

    def _failed(self, job: _Job, error: Exception) -> bool:
        now = self._clock()
        if job.tries == 0:
            job.failing_since, job.handled_before = now, self.counts.handled
        job.tries += 1
        stuck = (
            now - job.failing_since >= self._rules.stuck_seconds
            and self.counts.handled - job.handled_before >= self._rules.stuck_others
        )
        event = "update_stuck" if stuck else "update_retried"
        log.warning(
            event, update_id=job.number, kind=kind_of(error.__cause__ or error), attempt=job.tries
        )
        if stuck:
            self.counts.passed_over += 1
        else:
            self.counts.retried += 1
        return stuck

    async def _pause(self, job: _Job) -> None:
        spread = random.uniform(0.8, 1.2)  # noqa: S311 - spreads load, keeps no secret
        try:
            async with asyncio.timeout(job.pause * spread):
                await self._ending.wait()
        except TimeoutError:
            job.pause = min(job.pause * 2, self._rules.longest_pause)

    def _finish(self, job: _Job) -> None:
        self._window.finish(job.number)
        self._progress.set()


def _private_message(update: dict[str, Any]) -> tuple[int, ...]:
    """The number of a message that a person wrote in their own chat; none of anything else."""
    message = update.get("message")
    if not isinstance(message, dict):
        return ()
    chat, number = message.get("chat"), message.get("message_id")
    if not isinstance(chat, dict) or chat.get("type") != "private":
        return ()
    return (number,) if type(number) is int else ()
