"""Retention: erases a form that was begun and not touched for thirty days, and files of it.

The retention times of signatures, which each petition sets, are not applied here yet.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog

from storage import Conversations, Unavailable

_log = structlog.stdlib.get_logger()

FORMS_KEPT_FOR = timedelta(days=30)

# So many in one transaction, with a pause after each, so that no tap has to wait for longer.
PORTION = 100
BREATH_SECONDS = 0.05

BETWEEN_LOOKS_SECONDS = 3_600.0


class Retention:
    """Erases what has been stored for long enough, for as long as the bot runs.

    Args:
        conversations: where the forms are.
        clock: the time.
        sleep: waits for that many seconds.
        erase_files: removes from the chats what is due, and files without a signature that were
            sent until the time that it is given.
    """

    def __init__(
        self,
        conversations: Conversations,
        clock: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        *,
        erase_files: Callable[[datetime], Awaitable[None]],
    ) -> None:
        self._conversations = conversations
        self._clock = clock
        self._sleep = sleep
        self._erase_files = erase_files

    async def run(self) -> None:
        """Erases every hour, until cancelled; what fails is tried again an hour later."""
        while True:
            try:
                await self.forget()
            except Unavailable:
                _log.warning("retention_waits_for_database")
            except Exception as error:  # whatever it is, the bot and this task go on
                _log.exception("retention_failed", kind=type(error).__name__)
            await self._sleep(BETWEEN_LOOKS_SECONDS)

    async def forget(self) -> None:
        """Erases every form that is older than `FORMS_KEPT_FOR`, and the files that are due."""
        before = self._clock() - FORMS_KEPT_FOR
        total, forgotten = 0, PORTION
        while forgotten == PORTION:
            if total > 0:
                await self._sleep(BREATH_SECONDS)
            forgotten = await self._conversations.forget_forms(before, limit=PORTION)
            total += forgotten
        if total > 0:
            _log.info("forms_forgotten", total=total)
        await self._erase_files(before)
