"""What a browser does with the page, without drawing it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import orjson


class Stream:
    """The page's connection, over which it hears of everything; `mark` is what it has seen."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self.mark = ""

    async def next(self) -> dict[str, Any]:
        """The next change."""
        change: dict[str, Any] | None = None
        while True:
            line = (await self._response.content.readline()).decode().rstrip("\n")
            if line.startswith("id: "):
                self.mark = line.removeprefix("id: ")
            elif line.startswith("data: "):
                change = orjson.loads(line.removeprefix("data: "))
            elif not line and change is not None:
                return change

    async def hears(self, kind: str) -> dict[str, Any]:
        """The next change of one kind."""
        while (change := await self.next())["kind"] != kind:
            pass
        return change


class Browsing:
    """A browser on the page at an address."""

    def __init__(self, session: aiohttp.ClientSession, address: str) -> None:
        self.session = session
        self.address = address
        self.origin = address.rstrip("/")

    @asynccontextmanager
    async def stream(self, seen: str | None = None) -> AsyncIterator[Stream]:
        """The connection; `seen` is the mark of what was heard before."""
        headers = {"Last-Event-ID": seen} if seen else {}
        async with self.session.get(f"{self.address}events", headers=headers) as response:
            yield Stream(response)

    async def act(self, name: object, /, **parts: Any) -> tuple[int, dict[str, Any]]:
        """Status and body of the answer to an act."""
        body = orjson.dumps({"act": name, **parts})
        headers = {"Origin": self.origin}
        async with self.session.post(f"{self.address}act", data=body, headers=headers) as response:
            return response.status, await response.json()

    async def does(self, name: str, /, **parts: Any) -> None:
        """An act that must succeed."""
        status, body = await self.act(name, **parts)
        assert (status, body) == (200, {"ok": True})
