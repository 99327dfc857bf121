"""The orderly end of a running bot: what it still finishes, and how long each part may take.

Process managers kill what has not ended ten seconds after SIGTERM; this takes eight at most.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from bot.broadcast.worker import Worker
from bot.intake.dispatcher import Dispatcher
from bot.intake.polling import Polling

# Process managers kill after ten seconds: all of these take eight.
DRAIN_SECONDS = 4.5
CUT_OFF_SECONDS = 0.5  # for unfinished work to react to its cancellation
RECORD_SECONDS = 1.5  # at the same time as the drain
ACKNOWLEDGE_SECONDS = 1.0
CLOSE_SECONDS = 1.0

_log = structlog.stdlib.get_logger()


async def finish_current_work(polling: Polling, dispatch: Dispatcher, worker: Worker) -> None:
    """Finishes and acknowledges what was begun, once nothing new is taken."""
    async with at_most(DRAIN_SECONDS + CUT_OFF_SECONDS, "updates_not_drained"):
        await asyncio.gather(dispatch.drain(DRAIN_SECONDS), worker.stop(RECORD_SECONDS))
    # An unacknowledged update comes again, and handlers are safe to repeat.
    async with at_most(ACKNOWLEDGE_SECONDS, "updates_not_acknowledged"):
        await polling.acknowledge()


@asynccontextmanager
async def at_most(seconds: float, otherwise: str) -> AsyncIterator[None]:
    """Cancels the block after `seconds`, and logs it as the event `otherwise`."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        _log.warning(otherwise)
