"""Hands updates to the handler: in order within a chat, concurrently across chats.

It knows nothing of where they come from: `Polling` is one caller, a webhook can be another. Each
gets a future, and may acknowledge the update once that is done.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import Any, TypeGuard

import structlog

from bot.back_off import BackOff
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


def is_number(value: object) -> TypeGuard[int]:
    """Tells whether it is a valid number; a negative offset would count from the newest update."""
    return type(value) is int and 0 <= value <= LARGEST


def is_numbered(update: object) -> TypeGuard[dict[str, Any]]:
    """Tells whether it is an update with a valid number."""
    return isinstance(update, dict) and is_number(update.get("update_id"))


def ordering_key(update: Mapping[str, Any]) -> Hashable:
    """Returns the chat of an update, else its user, else a key of its own.

    In a private chat the chat id is the user id, so that both give the same key.
    """
    for content in update.values():
        if not isinstance(content, Mapping):
            continue
        message = content.get("message")
        in_message = message.get("chat") if isinstance(message, Mapping) else None
        for known in (content.get("chat"), in_message, content.get("from")):
            number = known.get("id") if isinstance(known, Mapping) else None
            if isinstance(number, int):
                return number
    return ("update", update.get("update_id"))


class TryAgain(Exception):
    """Raised by a handler when an update cannot be handled now, but can be later."""


@dataclass(slots=True)
class Counts:
    """How many updates were handled, retried, passed over and dropped since the start."""

    handled: int = 0
    retried: int = 0
    passed_over: int = 0
    dropped: int = 0

    def as_fields(self) -> dict[str, int]:
        """Returns the counts as fields of a log event."""
        return asdict(self)


@dataclass(slots=True, eq=False)
class _Job:
    update: dict[str, Any]
    place: int  # among all that were taken
    done: asyncio.Future[None]
    tries: int = 0
    failing_since: float = 0.0
    handled_before: int = 0
    dropped: list[int] = field(default_factory=list)

    @property
    def number(self) -> int:
        number: int = self.update["update_id"]
        return number


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

Handle = Callable[[dict[str, Any], UpdatesBehind], Awaitable[None]]


class Dispatcher:
    """Handles updates, and says of each when it is done.

    Args:
        handle: handles one update, and is given what has come after it; after `TryAgain` the
            update is handled again after a pause, after any other exception it is passed over. It
            must be safe to repeat.
        pauses: before an update is tried again, in seconds.
        clock: seconds, monotonic.
        is_spared: tells whether an update must not be dropped in a flood, but another one of its
            chat.
    """

    def __init__(
        self,
        handle: Handle,
        pauses: BackOff = _PAUSES,
        clock: Callable[[], float] = time.monotonic,
        is_spared: Callable[[dict[str, Any]], bool] = lambda _update: False,
    ) -> None:
        self._handle = handle
        self._is_spared = is_spared
        self._pauses = pauses
        self._clock = clock
        self._jobs: dict[int, _Job] = {}
        self._queues: dict[Hashable, deque[_Job]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._taken = 0
        self._progress = asyncio.Event()
        self._draining = asyncio.Event()
        self.counts = Counts()

    @property
    def in_progress(self) -> int:
        """How many updates are taken and not finished."""
        return len(self._jobs)

    def take(self, update: object) -> asyncio.Future[None]:
        """Takes an update, or finds it among those in progress.

        Returns:
            What is done once the update may be acknowledged: it was handled, passed over, or
            dropped in a flood. It is cancelled when the dispatcher is drained before that. Who
            may be cancelled while they wait for it needs `asyncio.shield`.
        """
        if not is_numbered(update):
            return self.pass_over("update_without_number")
        job = self._jobs.get(update["update_id"])
        if job is None:
            self._taken += 1
            job = _Job(update, self._taken, asyncio.get_running_loop().create_future())
            self._jobs[job.number] = job
            self._enqueue(job)
        return job.done

    def pass_over(self, event: str, number: int | None = None) -> asyncio.Future[None]:
        """Counts an update that nobody can read, and logs it as `event`; returns what is done."""
        self.counts.passed_over += 1
        _log.error(event, update_id=number)
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done

    async def wait_until_at_most(self, count: int, seconds: float) -> None:
        """Waits until at most `count` updates are in progress, or for `seconds`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self.in_progress > count:
                    self._progress.clear()
                    await self._progress.wait()

    async def drain(self, seconds: float) -> int:
        """Lets running handlers finish within `seconds`, then cancels them; no retries.

        Returns:
            How many updates are unfinished. Telegram sends them again after the next start.
        """
        self._draining.set()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for job in self._jobs.values():
            job.done.cancel()
        return self.in_progress

    def _enqueue(self, job: _Job) -> None:
        line = ordering_key(job.update)
        waiting = self._queues.get(line)
        if waiting is None:
            self._queues[line] = deque([job])
            task = asyncio.create_task(self._work(line))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif len(waiting) > _WAITING_PER_CHAT:
            self._drop_one(waiting, job)
        else:
            waiting.append(job)

    def _drop_one(self, waiting: deque[_Job], job: _Job) -> None:
        """Queues an update and drops one: itself, or if it is spared, the oldest that is not."""
        waiting.append(job)
        given_up = job
        if self._is_spared(job.update):
            others = (one for one in islice(waiting, 1, None) if not self._is_spared(one.update))
            given_up = next(others, job)
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
            while not await self._try(job, behind):
                if await wait_for(self._draining, self._pauses.pause(job.tries)):
                    return  # the updates behind it stay unfinished too, to keep the order
            self._finish(job)
            waiting.popleft()
        del self._queues[line]

    async def _try(self, job: _Job, behind: UpdatesBehind) -> bool:
        """Handles an update once; tells whether it is finished."""
        try:
            async with asyncio.timeout(_HANDLER_SECONDS):
                await self._handle(job.update, behind)
        except (TryAgain, TimeoutError) as error:
            return self._failed(job, error)
        except asyncio.CancelledError as error:
            if is_cancelled():
                raise
            return self._failed(job, error)
        except Exception as error:  # whatever it is, the updates behind this one go on
            self.counts.passed_over += 1
            # Never its message: it may contain what a person wrote.
            kind, place = kind_of(error), place_of(error)
            _log.error("update_passed_over", update_id=job.number, kind=kind, place=place)
        else:
            self.counts.handled += 1
        return True

    def _failed(self, job: _Job, error: BaseException) -> bool:
        if job.tries == 0:
            job.failing_since, job.handled_before = self._clock(), self.counts.handled
        job.tries += 1
        stuck = (
            self._clock() - job.failing_since >= _STUCK_SECONDS
            and self.counts.handled - job.handled_before >= _STUCK_OTHERS
        )
        self.counts.passed_over += stuck
        self.counts.retried += not stuck
        event, cause = "update_stuck" if stuck else "update_retried", error.__cause__ or error
        _log.warning(event, update_id=job.number, kind=kind_of(cause), attempt=job.tries)
        return stuck

    def _finish(self, job: _Job) -> None:
        del self._jobs[job.number]
        job.done.set_result(None)
        self._progress.set()


def _private_message(update: dict[str, Any]) -> tuple[int, ...]:
    """Returns the message id of a new message in a private chat; nothing for other updates."""
    message = update.get("message")
    if not isinstance(message, dict):
        return ()
    chat, number = message.get("chat"), message.get("message_id")
    if not isinstance(chat, dict) or chat.get("type") != "private":
        return ()
    return (number,) if type(number) is int else ()
