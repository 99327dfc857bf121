"""Runs what the bot checks again every few seconds or minutes, for as long as it runs."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

from storage.errors import Unavailable

_log = structlog.stdlib.get_logger()


async def wait_for(event: asyncio.Event, seconds: float) -> bool:
    """Waits until an event is set, `seconds` at most; returns whether it is."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    return event.is_set()


def is_cancelled() -> bool:
    """Returns whether somebody cancelled the present task; false of a stray cancellation.

    That comes out of something that the task awaited, and that was cancelled.
    """
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def run_periodically(
    part: str,
    seconds: float,
    *looks: Callable[[], Awaitable[object]],
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> None:
    """Looks at once and every `seconds`, until cancelled; what fails is tried again then.

    `part` is what the log calls it.
    """
    while True:
        for look in looks:
            try:
                await look()
            except Unavailable:
                _log.warning("part_waits_for_database", part=part)
            except (Exception, asyncio.CancelledError) as error:
                if is_cancelled():
                    raise
                # Whatever it is, the bot and the other looks go on.
                _log.exception("part_failed", part=part, kind=type(error).__name__)
        await sleep(seconds)
