"""Records the results of deliveries, many in one write, and keeps them while the database is away.

A result that an available database refuses keeps no other from being recorded: each is then
written by itself, and that one recorded as unconfirmed, so that its recipient is not written to
twice, and its broadcast is paused.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import TypeVar

import structlog

from bot.tracebacks import error_reference, kind_of, place_of
from storage import Storage
from storage.broadcast_types import Outcome, PauseReason, Result
from storage.deliveries import record_results
from storage.errors import DATABASE_IS_AWAY, Unavailable

_log = structlog.stdlib.get_logger()

_LARGEST_WRITE = 500
_REST_SECONDS = 1.0  # before what could not be written is tried again
_LONGEST_WRITE_SECONDS = 10.0  # then another connection is tried: one may have been forgotten

Item = TypeVar("Item")


async def _in_time(write: Awaitable[None]) -> None:
    """Waits for one write; raises Unavailable if it takes too long, which refuses no result."""
    try:
        async with asyncio.timeout(_LONGEST_WRITE_SECONDS):
            await write
    except TimeoutError as error:
        raise Unavailable from error


async def write_or_set_aside(
    write: Callable[[Sequence[Item]], Awaitable[None]],
    items: Sequence[Item],
    set_aside: Callable[[Item, Exception], Awaitable[None]],
) -> None:
    """Writes items together, and sets those aside that an available database refuses.

    Raises:
        Unavailable, DatabaseUrlWrong, SchemaMissing: no single item can be the cause.
    """
    try:
        await write(items)
    except DATABASE_IS_AWAY:
        raise
    except Exception as error:  # one item's fault; the trace is logged when it is found
        if len(items) == 1:
            await set_aside(items[0], error)
            return
        for each in items:
            await write_or_set_aside(write, [each], set_aside)


@dataclass(slots=True, eq=False)
class ResultRecorder:
    """Records results in batches, bounded in delay and size.

    It outlives broadcasts and leases, so that a result is kept until it is recorded.

    Attributes:
        pause: pauses a broadcast, for a reason that is stored with it.
        delay: how many seconds a result waits for others to be recorded with it.
    """

    storage: Storage
    pause: Callable[[bytes, PauseReason, str], Awaitable[None]]
    now: Callable[[], datetime]
    delay: float
    _waiting: list[tuple[bytes, Result]] = field(default_factory=list, init=False)
    _unwritable: set[tuple[bytes, int]] = field(default_factory=set, init=False)
    _writing: asyncio.Task[None] | None = field(default=None, init=False)

    def add(self, broadcast: bytes, result: Result) -> None:
        """Queues a result to be recorded."""
        self._waiting.append((broadcast, result))
        self._begin()

    def is_unwritable(self, broadcast: bytes, position: int) -> bool:
        """Tells whether no outcome of this delivery could be recorded, not even unconfirmed.

        Its row says that it is being sent, so a later process takes it for the delivery of a
        killed one, and sends it once more.
        """
        return (broadcast, position) in self._unwritable

    async def flush(self) -> None:
        """Waits until every result is recorded or set aside."""
        while self._waiting:
            await asyncio.wait({self._begin()})

    async def close(self) -> None:
        """Gives up what is not recorded yet; their rows say that they are being sent."""
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.wait({self._writing})

    def _begin(self) -> asyncio.Task[None]:
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())
        return self._writing

    async def _write(self) -> None:
        while self._waiting:
            await asyncio.sleep(self.delay)
            try:
                await self._write_some()
            except Exception as error:  # a result is kept until it is written, whatever happens
                _log.warning(
                    "results_not_recorded",
                    kind=kind_of(error),
                    place=place_of(error),
                    waiting=len(self._waiting),
                )
                await asyncio.sleep(_REST_SECONDS)

    async def _write_some(self) -> None:
        some = self._waiting[:_LARGEST_WRITE]
        for broadcast in dict.fromkeys(key for key, _ in some):
            results = [result for key, result in some if key == broadcast]
            set_aside = partial(self._set_aside, broadcast)
            await write_or_set_aside(partial(self._record, broadcast), results, set_aside)
        del self._waiting[: len(some)]

    async def _record(self, broadcast: bytes, results: Sequence[Result]) -> None:
        await _in_time(self.storage.write(record_results, broadcast, results, self.now()))
        if self._unwritable:
            self._unwritable.difference_update((broadcast, each.position) for each in results)

    async def _set_aside(self, broadcast: bytes, result: Result, error: Exception) -> None:
        kind, name = error_reference(error)
        _log.error("result_refused_by_database", kind=kind, reference=name, exc_info=error)
        unconfirmed = replace(result, outcome=Outcome.UNCONFIRMED, messages=())
        if not await self._done(self._record(broadcast, [unconfirmed]), name):
            self._unwritable.add((broadcast, result.position))
        pausing = self.pause(broadcast, PauseReason.UNRECORDED, f"{kind} {name}")
        await self._done(_in_time(pausing), name)

    async def _done(self, work: Awaitable[None], reference: str) -> bool:
        """Tells whether that could be done: what could not must not keep others waiting."""
        try:
            await work
        except DATABASE_IS_AWAY:
            raise
        except Exception as error:  # logged with the reference of what it follows
            _log.error("result_not_set_aside", reference=reference, exc_info=error)
            return False
        return True
