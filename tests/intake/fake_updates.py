"""A fake `getUpdates`: a queue, an offset, long polling, and a count of the polls."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.support.scripted_server import Reply, refuse


@dataclass
class FakeUpdates:
    queue: list[dict[str, Any]] = field(default_factory=list)
    polls: list[dict[str, str]] = field(default_factory=list)
    failures: list[Reply] = field(default_factory=list)
    outage: Callable[[], Reply | None] = lambda: None
    other_calls: list[str] = field(default_factory=list)
    other_asked: list[dict[str, str]] = field(default_factory=list)
    raw: dict[int, bytes] = field(default_factory=dict)
    token_denied: int = 0
    away: int = 0
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)

    def put(self, number: int, chat: int = 1) -> None:
        self.queue.append({"update_id": number, "message": {"chat": {"id": chat}}})
        self._arrived.set()

    def put_raw(self, number: int, update: bytes) -> None:
        """Adds an update as raw text of the answer, which need not be JSON."""
        self.raw[number] = update
        self.put(number)

    async def reply(self, request: web.Request) -> web.StreamResponse:
        asked = {
            name: value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
            for name, value in (await request.json()).items()
        }
        if not request.path.endswith("/getUpdates"):
            self.other_calls.append(request.path.rsplit("/", 1)[-1])
            self.other_asked.append(asked)
            if self.token_denied:
                self.token_denied -= 1
                return await refuse(401, "Unauthorized")(request)
            if self.away:
                self.away -= 1
                return await refuse(502, "Bad Gateway")(request)
            return web.json_response({"ok": True, "result": True})
        self.polls.append(asked)
        if self.failures:
            return await self.failures.pop(0)(request)
        if (failure := self.outage()) is not None:
            return await failure(request)
        offset, limit = int(asked.get("offset", 0)), int(asked.get("limit", 100))
        self.queue = [one for one in self.queue if one["update_id"] >= offset]
        if not self.queue:
            await self._wait_for_one(float(asked.get("timeout", 0)))
        updates = b",".join(map(self._written, self.queue[:limit]))
        body = b'{"ok":true,"result":[%b]}' % updates
        return web.Response(body=body, content_type="application/json")

    def _written(self, update: dict[str, Any]) -> bytes:
        return self.raw.get(update["update_id"]) or json.dumps(update).encode()

    async def _wait_for_one(self, seconds: float) -> None:
        self._arrived.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._arrived.wait()
        except TimeoutError:
            return
