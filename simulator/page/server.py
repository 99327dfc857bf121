"""The web server of the page: its files, its stream of changes and its actions."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from aiohttp import web

from simulator.chats import Shape
from simulator.errors import Refused, SimulatorError
from simulator.page import files
from simulator.page.actions import ActionFields, ActionRefused, perform
from simulator.page.event_feed import EventFeed, encode
from simulator.page.files import Addition
from simulator.page.other_sites import LOOPBACK, add_security_headers, listen, refuse_other_sites
from simulator.page.page_state import FAULTS, PageState
from simulator.parameters import UploadedFile
from simulator.server import json_response

_LARGEST_UPLOAD = 20 * 1024 * 1024
_STILL_HERE_SECONDS = 15.0
_RECONNECT_SOON = b"retry: 1000\n\n"

BotCommand = Callable[[], Awaitable[object]]
"""A request of the page to whatever runs the bot, such as to restart it."""


class SimulatorPage:
    """Serves the page; `show` sets what is on it, and `feed` has the changes of that."""

    def __init__(self, addition: Addition | None = None) -> None:
        self._addition = addition
        self._commands: dict[str, BotCommand] = {}
        self.feed = EventFeed()
        self.state: PageState | None = None
        self._runner: web.AppRunner | None = None
        self._stopping = asyncio.Event()
        self._bot_state = "starting"
        self._running: set[asyncio.Future[object]] = set()

    def add_command(self, name: str, command: BotCommand) -> None:
        """Offers a request to visitors of the page."""
        self._commands[name] = command

    def show(self, state: PageState | None) -> None:
        """Shows this from now on; every page loads everything again."""
        self.state = state
        self.feed.reset()

    def publish_bot_state(self, state: str) -> None:
        """Publishes the state of the bot: "running", "starting", "stopped" or "elsewhere"."""
        self._bot_state = state
        self.feed.publish("bot_state", bot_state=state)

    async def start(self, port: int | None = None) -> str:
        """Starts to listen and returns the page's address; raises OSError as `listen` does."""
        self._stopping.clear()
        app = web.Application(middlewares=[refuse_other_sites], client_max_size=_LARGEST_UPLOAD)
        app.on_response_prepare.append(add_security_headers)
        app.add_routes(self._addition.routes if self._addition else ())
        app.add_routes(
            [
                web.get("/", self._file),
                web.get("/events", self._events),
                web.get("/file/{id}", self._chat_file),
                web.get("/{name}", self._file),
                web.post("/act", self._act),
                web.post("/upload", self._upload),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        bound = await listen(self._runner, port)
        return f"http://{LOOPBACK}:{bound}/"

    async def stop(self) -> None:
        """Tells every page that the server stops, then stops it."""
        self._stopping.set()
        self.feed.publish("farewell")
        for command in self._running:
            command.cancel()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _file(self, request: web.Request) -> web.Response:
        return files.page_file(request.match_info.get("name", ""), self._addition)

    async def _chat_file(self, request: web.Request) -> web.Response:
        if self.state is None:
            raise web.HTTPNotFound
        stored = self.state.world.files.find(request.match_info["id"])
        if stored is None:
            raise web.HTTPNotFound
        return files.chat_file(stored)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        """Streams all changes, after everything there is or what a returning page has missed."""
        stream = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await stream.prepare(request)
        await stream.write(_RECONNECT_SOON)
        mark = request.headers.get("Last-Event-ID") or request.query.get("seen")
        seen = self.feed.number_of(mark)
        try:
            while not self._stopping.is_set():
                seen = await self._send_missed(stream, seen)
                if not await self.feed.wait_beyond(seen, _STILL_HERE_SECONDS):
                    await stream.write(b": still here\n\n")
        except ConnectionError:
            pass  # the page was closed
        return stream

    async def _send_missed(self, stream: web.StreamResponse, seen: int | None) -> int:
        missed = None if seen is None else self.feed.since(seen)
        if seen is None or missed is None:
            seen, missed = self.feed.number - 1, [encode("all", self.snapshot())]
        for data in missed:
            seen += 1
            await stream.write(b"id: %s\ndata: %s\n\n" % (self.feed.mark(seen).encode(), data))
        return seen

    def snapshot(self) -> Shape:
        """Returns everything that the page draws."""
        shown = self.state.snapshot() if self.state else {}
        return {"bot_state": self._bot_state, **shown}

    async def _act(self, request: web.Request) -> web.Response:
        values = await json_object(request)
        if values is None:
            return _refusal("an act is a JSON object")
        return self._answered(lambda state: self._perform(state, ActionFields(values)))

    async def _upload(self, request: web.Request) -> web.Response:
        """Stores a file from the visitor's computer; returns the identifier to send it by."""
        content, asked = await request.read(), request.query
        kind = "photo" if asked.get("kind") == "photo" else "document"
        name = asked.get("name", "")[:120] or "file"

        def keep(state: PageState) -> Shape:
            return {"file": state.world.files.add(kind, UploadedFile(name, content)).file_id}

        return self._answered(keep)

    def _answered(self, action: Callable[[PageState], Shape | None]) -> web.Response:
        if self.state is None:
            return _refusal("there is no bot now")
        try:
            result = action(self.state)
        except (ActionRefused, ValueError) as refusal:
            return _refusal(str(refusal))
        except Refused as refusal:
            return _refusal(refusal.description)
        except SimulatorError as refusal:
            return _refusal(str(refusal), status=409)
        return json_response({"ok": True, **(result or {})})

    def _perform(self, state: PageState, fields: ActionFields) -> None:
        name = fields.text("act", 64)
        if name == "fault":
            fault, value = fields.text("name", 64), fields.values.get("value")
            if fault not in FAULTS or not isinstance(value, int | float) or not 0 <= value <= 30:
                raise ActionRefused("there is no such fault")
            state.fault(fault, value)
        elif name in self._commands:
            self._run_command(name)
        else:
            perform(state.world, state.phones, fields)

    def _run_command(self, name: str) -> None:
        """Carries out a request to the bot's host, unless another is in progress."""
        if self._running:
            return

        command = asyncio.ensure_future(self._commands[name]())
        self._running.add(command)
        command.add_done_callback(self._running.discard)


async def json_object(request: web.Request) -> dict[str, Any] | None:
    """Returns the JSON object that a request brings; None if it brings none."""
    try:
        values = orjson.loads(await request.read())
    except orjson.JSONDecodeError:
        return None
    return values if isinstance(values, dict) else None


def _refusal(sentence: str, status: int = 400) -> web.Response:
    return json_response({"ok": False, "error": sentence}, status)
