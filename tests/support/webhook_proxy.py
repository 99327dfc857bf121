"""A proxy before several replicas, which gives each request to the next one."""

import asyncio
import time
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import web

from tests.support.programs import free_port

_PATIENCE_SECONDS = 3.0  # with a replica that hangs
_AVOIDED_SECONDS = 10.0  # as nginx does


class WebhookProxy:
    """Passes each request on to the next replica, or to another one that can be reached.

    One that did not answer in time is asked last for a while, as proxies do.

    `answered` counts the requests that each port answered with 200.
    """

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session
        self.url = ""
        self.ports: list[int] = []
        self.answered: dict[int, int] = {}
        self._failed_at: dict[int, float] = {}
        self._at_once = 0
        self._kept: list[Coroutine[Any, Any, web.StreamResponse]] = []
        self.answers: asyncio.Future[list[web.StreamResponse]] | None = None

    def add(self) -> dict[str, str]:
        """Adds a replica; returns the settings that it is to have."""
        self.ports.append(free_port())
        address = f"127.0.0.1:{self.ports[-1]}"
        return {"PETITION_WEBHOOK_URL": self.url, "PETITION_WEBHOOK_ADDRESS": address}

    def keep(self, requests: int) -> None:
        """Has so many requests wait for each other, and go to another replica each; `answers`."""
        self._at_once, self._kept, self.answers = requests, [], None

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        body, headers = await request.read(), dict(request.headers)
        self.ports.append(self.ports.pop(0))
        since = time.monotonic() - _AVOIDED_SECONDS
        ports = sorted(self.ports, key=lambda port: self._failed_at.get(port, 0.0) > since)
        passing = self._passed_on(ports, request.path, body, headers)
        if len(self._kept) == self._at_once:
            return await passing
        self._kept.append(passing)
        if len(self._kept) == self._at_once:
            self.answers = asyncio.gather(*self._kept)
        return web.Response()  # Telegram would not send the next one of the chat before

    async def _passed_on(
        self, ports: Sequence[int], path: str, body: bytes, headers: dict[str, str]
    ) -> web.StreamResponse:
        for port in ports:
            try:
                async with self._session.post(
                    f"http://127.0.0.1:{port}{path}", data=body, headers=headers
                ) as answer:
                    if answer.status == 503:
                        continue
                    self.answered[port] = self.answered.get(port, 0) + (answer.status == 200)
                    return web.Response(status=answer.status)
            except aiohttp.ClientConnectorError:
                continue
            except (aiohttp.ClientError, TimeoutError):
                self._failed_at[port] = time.monotonic()
                break  # it may have been handled, so it is Telegram's to send again
        return web.Response(status=502)


@asynccontextmanager
async def webhook_proxy() -> AsyncIterator[WebhookProxy]:
    """Yields one that listens."""
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(_PATIENCE_SECONDS)
    ) as session:
        proxy = WebhookProxy(session)
        runner = web.ServerRunner(web.Server(proxy.serve), shutdown_timeout=0.5)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        proxy.url = f"http://127.0.0.1:{runner.addresses[0][1]}/updates"
        try:
            yield proxy
        finally:
            await runner.cleanup()
