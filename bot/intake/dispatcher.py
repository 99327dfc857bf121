"""Hands updates to the handler: in order within a chat, concurrently across chats.

It knows nothing of where they come from: `Polling` is one caller, a webhook can be another. Each
gets a future, and may acknowledge the update once that is done.
"""

import asyncio
import time
from bisect import bisect_left
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count, islice
from typing import Any

import structlog
from structlog.contextvars import bind_contextvars

from bot.back_off import BackOff
from bot.logs import is_debugging
from bot.periodic import is_cancelled, wait_for
from bot.tracebacks import kind_of, place_of

_log = structlog.stdlib.get_logger()

LARGEST = 2**31 - 1
"""Telegram's largest number of an update; a larger offset would acknowledge every update."""

# Half of the updates that Telegram hands out before the oldest is acknowledged.
_HELD_UP = 50
# How many updates may wait in one chat. More are a flood and are dropped, or one person would fill
# up the hundred updates that Telegram hands out at a time.
_WAITING_PER_CHAT = 20
# How many dropped messages are noted behind one update: Telegram deletes a hundred in one call.
_MOST_DROPPED = 100
# The time-out of one try; after it the update is tried again.
_HANDLER_SECONDS = 60.0
# Before that, in seconds.
_PAUSES = BackOff(0.1, longest=5.0, spread=0.2)
# An update that fails for so many seconds, while so many others are handled, is passed over: the
# database is then not to blame, and the update keeps new ones from being fetched.
_STUCK_SECONDS = 60.0
_STUCK_OTHERS = 50

DURATION_BOUNDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""In seconds, up to which updates are counted by how long they took."""


def number_of(update: object) -> int | None:
    """Returns the number of an update, None without a valid one.

    A negative offset would count from the newest update.
    """
    number = _value_at(update, "update_id")
    return number if type(number) is int and 0 <= number <= LARGEST else None


def ordering_key(update: Mapping[str, Any]) -> Hashable:
    """Returns the chat of an update, else its user, else a key of its own.

    In a private chat the chat id is the user id, so that both give the same key.
    """
    for content in update.values():
        for path in (("chat",), ("message", "chat"), ("from",)):
            number = _value_at(content, *path, "id")
            if isinstance(number, int):
                return number
    return ("update", update.get("update_id"))


def _private_message(update: dict[str, Any]) -> tuple[int, ...]:
    """Returns the message id of a new message in a private chat; nothing for other updates."""
    number = _value_at(update, "message", "message_id")
    is_private = _value_at(update, "message", "chat", "type") == "private"
    return (number,) if is_private and type(number) is int else ()


def _value_at(content: object, *path: str) -> object:
    """Returns a value within a content, None where anything on the way to it is missing."""
    for name in path:
        content = content.get(name) if isinstance(content, dict) else None
    return content


class TryAgain(Exception):
    """Raised by a handler when an update cannot be handled now, but can be later."""


class NotTaken(TryAgain):
    """Raised where another process may be handling an update, which alone may pass it over."""


@dataclass(slots=True)
class Counts:
    """How many updates were handled, retried, passed over and dropped since the start."""

    handled: int = 0
    retried: int = 0
    passed_over: int = 0
    dropped: int = 0


@dataclass(slots=True, eq=False)
class _Job:
    number: int
    update: dict[str, Any]
    place: int  # among all that were taken
    taken_at: float
    dropped: list[int] = field(default_factory=list)


class UpdatesBehind:
    """What has come after the update that is being handled; it is current at any time."""

    def __init__(self, line: Sequence[_Job], taken: Callable[[], int]) -> None:
        self._line = line  # of one chat, not finished; the update being handled is the first
        self._taken = taken

    @property
    def waiting(self) -> list[dict[str, Any]]:
        """The updates of the same chat that wait, and will replace the current one's screen."""
        return [job.update for job in islice(self._line, 1, None)]

    @property
    def dropped(self) -> Sequence[int]:
        """The ids of the private messages that were dropped right behind the current update.

        The person was at the stage to which the current update leads when they came. The list is
        live: it grows when another message is dropped meanwhile.
        """
        return self._line[0].dropped if self._line else ()

    @property
    def are_held_up(self) -> bool:
        """Whether enough updates have come since the current one for it to be in their way.

        Telegram hands out at most a hundred from the oldest unfinished one.
        """
        return bool(self._line) and self._taken() - self._line[0].place >= _HELD_UP


NOTHING_BEHIND = UpdatesBehind((), lambda: 0)


class Dispatcher:
    """Handles updates, and says of each when it is done.

    Attributes:
        in_progress: what is done with each update that is taken and not finished, by number, in
            the order in which they came.
        seconds: how long all took together since the start, with their wait behind others.
        durations: how many, by the first of `DURATION_BOUNDS` that they did not exceed; the last
            exceeded all.

    Args:
        handle: handles one update, and is given what has come after it; after `TryAgain` the
            update is handled again after a pause, after any other exception it is passed over. It
            must be safe to repeat.
        pauses: before an update is tried again, in seconds.
        clock: seconds, monotonic.
        give_up: records that an update which fails is passed over; it is not if that fails too.
        is_spared: tells whether an update must not be dropped in a flood, but another one of its
            chat.
    """

    def __init__(
        self,
        handle: Callable[[dict[str, Any], UpdatesBehind], Awaitable[None]],
        pauses: BackOff = _PAUSES,
        clock: Callable[[], float] = time.monotonic,
        is_spared: Callable[[dict[str, Any]], bool] = lambda _update: False,
        give_up: Callable[[dict[str, Any]], Awaitable[None]] = lambda _update: asyncio.sleep(0),
    ) -> None:
        self._handle = handle
        self._is_spared = is_spared
        self._give_up = give_up
        self._pauses = pauses
        self._clock = clock
        self.in_progress: dict[int, asyncio.Future[None]] = {}
        self._queues: dict[Hashable, deque[_Job]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._taken = 0
        self._draining = asyncio.Event()
        self.counts = Counts()
        self.seconds = 0.0
        self.durations = [0] * (len(DURATION_BOUNDS) + 1)

    def take(self, update: dict[str, Any]) -> asyncio.Future[None]:
        """Takes an update that has a number, or finds it among those in progress.

        Returns:
            What is done once the update may be acknowledged: it was handled, passed over, or
            dropped in a flood. It is cancelled when the dispatcher is drained before that. Who
            may be cancelled while they wait for it needs `asyncio.shield`.
        """
        number = update["update_id"]
        done = self.in_progress.get(number)
        if done is None:
            done = self.in_progress[number] = asyncio.get_running_loop().create_future()
            self._taken += 1
            self._enqueue(_Job(number, update, self._taken, self._clock()))
        return done

    def pass_over(self, event: str, number: int | None = None) -> None:
        """Counts an update that nobody can read, and logs it as `event`."""
        self.counts.passed_over += 1
        _log.error(event, update_id=number)

    async def drain(self, seconds: float) -> None:
        """Lets running handlers finish within `seconds`, then cancels them; no retries.

        Telegram sends what is left in progress again after the next start.
        """
        self._draining.set()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for done in self.in_progress.values():
            done.cancel()

    def _enqueue(self, job: _Job) -> None:
        line = ordering_key(job.update)
        waiting = self._queues.setdefault(line, deque())
        waiting.append(job)
        if len(waiting) == 1:
            task = asyncio.create_task(self._work(line))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif len(waiting) > 1 + _WAITING_PER_CHAT:
            self._drop_one(waiting)

    def _drop_one(self, waiting: deque[_Job]) -> None:
        """Drops the newest update, or if that is spared, the oldest that is not."""
        newest = waiting[-1]
        choice = (newest, *islice(waiting, 1, None))
        given_up = next((one for one in choice if not self._is_spared(one.update)), newest)
        before = waiting[waiting.index(given_up) - 1]
        waiting.remove(given_up)
        left = (*before.dropped, *_private_message(given_up.update), *given_up.dropped)
        before.dropped[:] = left[:_MOST_DROPPED]
        self.counts.dropped += 1
        self._finish(given_up)

    async def _work(self, line: Hashable) -> None:
        waiting = self._queues[line]
        behind = UpdatesBehind(waiting, lambda: self._taken)
        while waiting:
            job = waiting[0]
            bind_contextvars(update_id=job.number)  # in the context of this task alone
            if not await self._handle_to_the_end(job, behind):
                return  # the updates behind it stay unfinished too, to keep the order
            seconds = self._clock() - job.taken_at
            self.seconds += seconds
            self.durations[bisect_left(DURATION_BOUNDS, seconds)] += 1
            if is_debugging():
                _log.debug("update_finished", seconds=round(seconds, 3))
            self._finish(waiting.popleft())
        del self._queues[line]

    async def _handle_to_the_end(self, job: _Job, behind: UpdatesBehind) -> bool:
        """Handles an update as often as it takes; False when draining leaves it unfinished."""
        for tries in count(1):
            error = await self._try(job, behind)
            if error is None:
                return True
            if tries == 1:
                since, handled_before = self._clock(), self.counts.handled
            others = self.counts.handled - handled_before
            is_long = self._clock() - since >= _STUCK_SECONDS and others >= _STUCK_OTHERS
            is_stuck = is_long and not isinstance(error, NotTaken) and await self._is_given_up(job)
            event, cause = "update_stuck" if is_stuck else "update_retried", error.__cause__
            _log.warning(event, update_id=job.number, kind=kind_of(cause or error), attempt=tries)
            if is_stuck:
                self.counts.passed_over += 1
                return True
            self.counts.retried += 1
            if await wait_for(self._draining, self._pauses.pause(tries)):
                break
        return False

    async def _is_given_up(self, job: _Job) -> bool:
        """Gives an update up; returns False where that cannot be recorded, so that it stays."""
        try:
            async with asyncio.timeout(_HANDLER_SECONDS):
                await self._give_up(job.update)
        except (Exception, asyncio.CancelledError) as error:  # whatever it is, it is tried again
            if is_cancelled():
                raise
            kind, place = kind_of(error), place_of(error)
            _log.error("update_not_given_up", update_id=job.number, kind=kind, place=place)
            return False
        return True

    async def _try(self, job: _Job, behind: UpdatesBehind) -> BaseException | None:
        """Handles an update once; returns the error for which it is to be handled again."""
        try:
            async with asyncio.timeout(_HANDLER_SECONDS):
                await self._handle(job.update, behind)
        except (TryAgain, TimeoutError, asyncio.CancelledError) as error:
            if isinstance(error, asyncio.CancelledError) and is_cancelled():
                raise
            return error
        except Exception as error:  # whatever it is, the updates behind this one go on
            self.counts.passed_over += 1
            # Never its message: it may contain what a person wrote.
            kind, place = kind_of(error), place_of(error)
            _log.error("update_passed_over", update_id=job.number, kind=kind, place=place)
        else:
            self.counts.handled += 1
        return None

    def _finish(self, job: _Job) -> None:
        self.in_progress.pop(job.number).set_result(None)
