"""Delivers updates to the bot's webhook, as Telegram does.

Updates of one chat go one after another, those of many chats at once. An update is tried
again until the bot answers with 2xx.
"""

import asyncio
import ssl

import aiohttp
import orjson

from simulator.update_queue import Update, UpdateQueue

_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0
_TIMEOUT = aiohttp.ClientTimeout(total=60)


class Webhook:
    """Delivers pending updates to a URL while one is set.

    `max_connections` is how many requests run at once, `last_error` when the last one failed, in
    Unix seconds, and why. What the bot answers is not read: a method call in it is not carried
    out.
    """

    def __init__(self, updates: UpdateQueue) -> None:
        self.url = ""
        self.max_connections = 40
        self.last_error: tuple[int, str] | None = None
        self._secret = ""
        self._updates = updates
        self._running: asyncio.Task[None] | None = None

    def start(self, url: str, *, secret: str, most: int, delivers: bool) -> None:
        """Sets this URL and, if it `delivers`, starts to post updates to it, `most` at once."""
        self.stop()
        self.url, self._secret, self.max_connections = url, secret, most
        if delivers:
            self._running = asyncio.create_task(self._run())

    def stop(self) -> None:
        """Stops delivering updates."""
        self.url, self._secret = "", ""
        if self._running is not None:
            self._running.cancel()
            self._running = None

    async def close(self) -> None:
        """Stops delivering and waits until it has stopped."""
        running = self._running
        self.stop()
        if running is not None:
            await asyncio.gather(running, return_exceptions=True)

    async def _run(self) -> None:
        """Starts a delivery for every chat that has updates and no delivery in progress."""
        busy: set[int] = set()
        # Made here, as SSL_CERT_FILE may name the authority of a proxy that is tried.
        connector = aiohttp.TCPConnector(ssl=ssl.create_default_context())
        async with (
            aiohttp.ClientSession(timeout=_TIMEOUT, connector=connector) as session,
            asyncio.TaskGroup() as deliveries,
        ):
            while True:
                update = await self._updates.notifier.wait_for(lambda: self._next(busy), 3600)
                if update is not None:
                    busy.add(update.chat_id)
                    deliveries.create_task(self._deliver(session, update, busy))

    def _next(self, busy: set[int]) -> Update | None:
        if len(busy) >= self.max_connections:
            return None
        return next((u for u in self._updates.pending.values() if u.chat_id not in busy), None)

    async def _deliver(
        self, session: aiohttp.ClientSession, update: Update, busy: set[int]
    ) -> None:
        pause = _FIRST_PAUSE
        while update.id in self._updates.pending and not await self._sent(session, update):
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
        busy.discard(update.chat_id)
        self._updates.finish(update)

    async def _sent(self, session: aiohttp.ClientSession, update: Update) -> bool:
        headers = {"Content-Type": "application/json"}
        if self._secret:
            headers["X-Telegram-Bot-Api-Secret-Token"] = self._secret
        body = orjson.dumps(update.body)
        try:
            async with session.post(self.url, data=body, headers=headers) as answer:
                await answer.read()
        except aiohttp.ClientSSLError as error:
            return self._failed(f"SSL error {{{error.os_error}}}")
        except (aiohttp.ClientError, TimeoutError):
            return self._failed("Connection refused")
        if 200 <= answer.status < 300:
            return True
        return self._failed(f"Wrong response from the webhook: {answer.status} {answer.reason}")

    def _failed(self, why: str) -> bool:
        self.last_error = int(self._updates.clock()), why
        return False
