"""An HTTP client that talks to the page as a browser does, without drawing it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import orjson


class EventStream:
    """The stream of changes to a page; `mark` identifies the last change it has seen."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self.mark = ""

    async def next(self) -> dict[str, Any]:
        """Returns the next change."""
        change: dict[str, Any] | None = None
        while True:
            line = (await self._response.content.readline()).decode().rstrip("\n")
            if line.startswith("id: "):
                self.mark = line.removeprefix("id: ")
            elif line.startswith("data: "):
                change = orjson.loads(line.removeprefix("data: "))
            elif not line and change is not None:
                return change

    async def next_of(self, kind: str) -> dict[str, Any]:
        """Returns the next change of one kind; skips others."""
        while (change := await self.next())["kind"] != kind:
            pass
        return change


class PageClient:
    """A client of the page at an address."""

    def __init__(self, session: aiohttp.ClientSession, address: str) -> None:
        self.session = session
        self.address = address
        self.origin = address.rstrip("/")

    @asynccontextmanager
    async def stream(self, seen: str | None = None) -> AsyncIterator[EventStream]:
        """Opens the stream; `seen` is the mark of the last change seen before."""
        headers = {"Last-Event-ID": seen} if seen else {}
        async with self.session.get(f"{self.address}events", headers=headers) as response:
            yield EventStream(response)

    async def act(self, name: object, /, **parts: Any) -> tuple[int, dict[str, Any]]:
        """Requests an action; returns the status and the body of the answer."""
        body = orjson.dumps({"act": name, **parts})
        headers = {"Origin": self.origin}
        async with self.session.post(f"{self.address}act", data=body, headers=headers) as response:
            return response.status, await response.json()

    async def may_edit(self, token: str) -> tuple[int, dict[str, Any]]:
        """Asks whether this token allows changes; returns the status and the body."""
        headers = {"X-Edit-Token": token}
        async with self.session.get(f"{self.address}edit", headers=headers) as answer:
            return answer.status, await answer.json()

    async def edit(self, name: str, token: str, /, **parts: Any) -> tuple[int, dict[str, Any]]:
        """Requests a change of the folder; returns the status and the body of the answer."""
        body = orjson.dumps({"edit": name, **parts})
        headers = {"Origin": self.origin, "X-Edit-Token": token}
        async with self.session.post(f"{self.address}edit", data=body, headers=headers) as answer:
            return answer.status, await answer.json()

    async def does(self, name: str, /, **parts: Any) -> None:
        """Requests an action that must succeed."""
        status, body = await self.act(name, **parts)
        assert (status, body) == (200, {"ok": True})
