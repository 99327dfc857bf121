"""A loopback server that answers as a test says, and records the requests."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

TOKEN = "123456789:AAcanaryCanaryCanaryCanaryCanaryCanary"

Reply = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class ReceivedRequest:
    verb: str
    path: str
    method: str
    fields: dict[str, Any]
    at: float
    kind: str


@dataclass
class ScriptedServer:
    """A server that uses up `replies` from the front, then answers with `always` or success."""

    url: str = ""
    asked: list[ReceivedRequest] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    always: Reply | None = None

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.content_type == "application/json":
            given = await request.json()
        else:
            given = await request.post()
        fields = {name: _value(value) for name, value in given.items()}
        at = asyncio.get_running_loop().time()
        name = request.path.rsplit("/", 1)[-1]
        self.asked.append(
            ReceivedRequest(request.method, request.path, name, fields, at, request.content_type)
        )
        reply = self.replies.pop(0) if self.replies else self.always or ok(True)
        return await reply(request)


def _value(value: Any) -> Any:
    if not isinstance(value, web.FileField):
        return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
    with value.file as file:
        return value.filename, file.read(), value.content_type


def ok(result: Any) -> Reply:
    async def reply(_: web.Request) -> web.StreamResponse:
        return web.json_response({"ok": True, "result": result})

    return reply


def refuse(status: int, description: str, **parameters: Any) -> Reply:
    said: dict[str, Any] = {"ok": False, "error_code": status, "description": description}
    if parameters:
        said["parameters"] = parameters

    async def reply(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text=json.dumps(said), content_type="application/json")

    return reply


def page(status: int, text: str = "<html>Bad Gateway</html>") -> Reply:
    async def reply(request: web.Request) -> web.StreamResponse:
        body = text.replace("{url}", str(request.url))
        return web.Response(status=status, text=body, content_type="text/html")

    return reply


def bytes_of(body: bytes, status: int = 200) -> Reply:
    async def reply(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, body=body, content_type="application/json")

    return reply


async def cut(request: web.Request) -> web.StreamResponse:
    """Cuts the connection off before the answer."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def never(_: web.Request) -> web.StreamResponse:
    """Does not answer for a minute."""
    await asyncio.sleep(60)
    return web.Response()


async def half(request: web.Request) -> web.StreamResponse:
    """Breaks the answer off in the middle."""
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'{"ok": true')
    assert request.transport is not None
    request.transport.abort()
    return response


@asynccontextmanager
async def serve() -> AsyncIterator[ScriptedServer]:
    wire = ScriptedServer()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", wire.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.01)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    wire.url = f"http://127.0.0.1:{port}"
    try:
        yield wire
    finally:
        await runner.cleanup()
