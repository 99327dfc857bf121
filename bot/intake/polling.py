"""Updates by long polling: the offset moves only past what was handled."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import structlog
from telegram.error import TelegramError

from bot.intake.dispatch import Dispatch
from bot.intake.errors import TokenUnknown
from bot.transport.client import TelegramClient
from bot.transport.outcome import Remedy, TelegramRefused, remedy, seconds_to_wait

log = structlog.stdlib.get_logger()

ALLOWED_UPDATES = ("message", "edited_message", "callback_query", "my_chat_member")

_LONG_POLL_SECONDS = 25
_GRACE_SECONDS = 10.0
_AT_A_TIME = 100  # Telegram's most

# While something is in progress Telegram answers at once with what it has told already, so the
# next poll waits a little: for half of the updates to be done, and for no longer than this, since
# new ones may stand behind one that is slow.
_LONGEST_WAIT_SECONDS = 0.2

_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 15.0


class Polling:
    """Fetches updates for the dispatch until it is stopped.

    Args:
        client: raw calls to Telegram.
        dispatch: takes the updates and tells the offset.
        allowed_updates: the kinds that Telegram shall send.
    """

    def __init__(
        self,
        client: TelegramClient,
        dispatch: Dispatch,
        allowed_updates: Sequence[str] = ALLOWED_UPDATES,
    ) -> None:
        self._client = client
        self._dispatch = dispatch
        self._allowed = list(allowed_updates)
        self._stopping = asyncio.Event()
        self._pause = _FIRST_PAUSE_SECONDS

    async def run(self) -> None:
        """Polls until `stop`.

        Raises:
            TokenUnknown: Telegram does not know the token, so no later try will work.
        """
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            while not self._stopping.is_set():
                polling = asyncio.create_task(self._poll())
                await asyncio.wait({polling, stopping}, return_when=asyncio.FIRST_COMPLETED)
                if not polling.done():
                    polling.cancel()
                await asyncio.gather(polling, return_exceptions=True)
                if not polling.cancelled():
                    polling.result()
        finally:
            stopping.cancel()

    def stop(self) -> None:
        """Ends the polling at once; nothing that is being handled is touched."""
        self._stopping.set()

    async def acknowledge(self) -> None:
        """Tells Telegram what was handled; to be called once nothing is in progress any more."""
        if self._dispatch.offset is None:
            return
        try:
            await self._fetch(long_poll=0, limit=1, timeout=2.0)
        except (TelegramRefused, TelegramError) as error:
            # They come again after the next start, and every handler can bear that.
            log.warning("not_acknowledged", remedy=remedy(error).name.lower())

    async def _poll(self) -> None:
        try:
            updates = await self._fetch(
                long_poll=_LONG_POLL_SECONDS,
                limit=_AT_A_TIME,
                timeout=_LONG_POLL_SECONDS + _GRACE_SECONDS,
            )
        except (TelegramRefused, TelegramError) as error:
            await self._recover(error)
            return
        self._pause = _FIRST_PAUSE_SECONDS
        for update in updates:
            self._dispatch.offer(update)
        if updates:
            half = self._dispatch.in_progress // 2
            await self._dispatch.until_at_most(half, _LONGEST_WAIT_SECONDS)

    async def _fetch(self, *, long_poll: int, limit: int, timeout: float) -> list[dict[str, Any]]:
        updates: list[dict[str, Any]] = await self._client.call(
            "getUpdates",
            {
                "offset": self._dispatch.offset,
                "limit": limit,
                "timeout": long_poll,
                "allowed_updates": self._allowed,
            },
            timeout=timeout,
        )
        return updates

    async def _recover(self, error: Exception) -> None:
        kind = remedy(error)
        if kind is Remedy.UNAUTHORISED:
            raise TokenUnknown from None
        if kind is Remedy.CONFLICT and "webhook" in str(error).lower():
            log.warning("webhook_removed")
            await self._client.call("deleteWebhook")
            return
        log.warning("polling_failed", remedy=kind.name.lower(), seconds=self._pause)
        await asyncio.sleep(max(self._pause, seconds_to_wait(error)))
        self._pause = min(self._pause * 2, _LONGEST_PAUSE_SECONDS)
