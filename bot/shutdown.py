"""The orderly end of a running bot: what it still finishes, and how long each part may take.

Process managers kill what has not ended ten seconds after SIGTERM; this takes eight at most.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

import structlog

from bot.broadcast.worker import Worker
from bot.intake.dispatcher import Dispatcher

# Process managers kill after ten seconds: all of these take eight.
STOP_SECONDS = 8.0
DRAIN_SECONDS = 4.5
CUT_OFF_SECONDS = 0.5  # for unfinished work to react to its cancellation
RECORD_SECONDS = 1.5  # at the same time as the drain
ACKNOWLEDGE_SECONDS = 1.0
MARK_SECONDS = 0.5  # for the last writing of the high-water mark
REWRITE_SECONDS = 0.5  # for what the journal leaves out; a thread goes on with a long one

_log = structlog.stdlib.get_logger()


class Intake(Protocol):
    """What takes the updates: by polling, or by webhook."""

    async def run(self) -> None:
        """Takes updates until it is cancelled."""

    async def acknowledge(self) -> None:
        """Lets Telegram know what was handled, once nothing is in progress."""


class TimeToStop:
    """How much is left of the time to stop, which begins with the first question.

    What is done quickly leaves its time to the closing of the database: cut off, that would leave
    what was erased in its log.
    """

    def __init__(self) -> None:
        self._ends_at: float | None = None

    def left(self) -> float:
        """Returns the seconds that are left."""
        now = asyncio.get_running_loop().time()
        self._ends_at = self._ends_at or now + STOP_SECONDS
        return self._ends_at - now


async def finish_current_work(intake: Intake, dispatch: Dispatcher, worker: Worker) -> None:
    """Finishes and acknowledges what was begun, once nothing new is taken."""
    async with at_most(DRAIN_SECONDS + CUT_OFF_SECONDS, "updates_not_drained"):
        await asyncio.gather(dispatch.drain(DRAIN_SECONDS), worker.stop(RECORD_SECONDS))
    # An unacknowledged update comes again, and handlers are safe to repeat.
    async with at_most(ACKNOWLEDGE_SECONDS, "updates_not_acknowledged"):
        await intake.acknowledge()


@asynccontextmanager
async def at_most(seconds: float, otherwise: str) -> AsyncIterator[None]:
    """Cancels the block after `seconds`, and logs it as the event `otherwise`."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        _log.warning(otherwise)
