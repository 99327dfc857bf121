"""Retention: a form that was begun and never signed is forgotten thirty days after its last step.

Retention times of signatures are the petition's own affair and not kept here yet.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final

import structlog

from storage import Conversations, Unavailable

_log = structlog.stdlib.get_logger()

FORMS_KEPT_FOR: Final = timedelta(days=30)

# So many in one transaction, with a breath after each: nobody's tap waits for longer than that.
PORTION: Final = 100
BREATH_SECONDS: Final = 0.05

BETWEEN_LOOKS_SECONDS: Final = 3_600.0


class Retention:
    """Forgets what has been kept for long enough, for as long as the bot runs."""

    def __init__(
        self,
        conversations: Conversations,
        clock: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._conversations = conversations
        self._clock = clock
        self._sleep = sleep

    async def run(self) -> None:
        """Looks every hour, until cancelled; what cannot be done now is done at a later look."""
        while True:
            try:
                await self.forget()
            except Unavailable:
                _log.warning("retention_waits_for_database")
            except Exception as error:  # whatever it is, the bot goes on and so does this
                _log.exception("retention_broken", kind=type(error).__name__)
            await self._sleep(BETWEEN_LOOKS_SECONDS)

    async def forget(self) -> None:
        """Forgets every form whose time is over."""
        before = self._clock() - FORMS_KEPT_FOR
        total, forgotten = 0, PORTION
        while forgotten == PORTION:
            if total > 0:
                await self._sleep(BREATH_SECONDS)
            forgotten = await self._conversations.forget_forms(before, limit=PORTION)
            total += forgotten
        if total > 0:
            _log.info("forms_forgotten", total=total)
