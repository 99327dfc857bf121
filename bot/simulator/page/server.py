"""The web server of the page: its files, its stream of changes and its actions."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict

import orjson
from aiohttp import web

from bot.simulator.chats import Shape
from bot.simulator.errors import Refused, SimulatorError
from bot.simulator.page import files
from bot.simulator.page.access_guard import guarded, protected
from bot.simulator.page.actions import NotDone, Wish, act
from bot.simulator.page.address import LOOPBACK, listen, shown_to_a_browser
from bot.simulator.page.event_feed import Feed, packed
from bot.simulator.page.page_state import FAULTS, View
from bot.simulator.parameters import Upload
from bot.text.problems import Problem

_LARGEST_UPLOAD = 20 * 1024 * 1024
_STILL_HERE_SECONDS = 15.0
_COME_BACK_SOON = b"retry: 1000\n\n"
_CROWD = 1_000

Order = Callable[[], Awaitable[None]]
"""A request of the page to whatever runs the bot, such as to restart it."""


class DemoPage:
    """Serves the page; `show` sets what is on it.

    Args:
        folder: The petition's folder when the page previews one, else None.
    """

    def __init__(self, *, folder: str | None = None) -> None:
        self._orders: dict[str, Order] = {}
        self._feed = Feed()
        self._view: View | None = None
        self._runner: web.AppRunner | None = None
        self._leaving = asyncio.Event()
        self._bot = "starting"
        self._preview: Shape = {"folder": folder, "problems": [], "warnings": [], "shown": False}
        self._ordered: set[asyncio.Task[None]] = set()

    @property
    def feed(self) -> Feed:
        """The changes sent to the pages."""
        return self._feed

    @property
    def view(self) -> View | None:
        """What is shown now, if anything."""
        return self._view

    def offer(self, name: str, order: Order) -> None:
        """Offers a request to visitors of the page."""
        self._orders[name] = order

    def show(self, view: View | None) -> None:
        """Shows this from now on; every page loads everything again."""
        self._view = view
        self._feed.forget()

    def tell_bot(self, state: str) -> None:
        """Publishes the state of the bot: "running", "starting" or "stopped"."""
        self._bot = state
        self._feed.publish("bot", state=state)

    def tell_preview(
        self, problems: Sequence[Problem], warnings: Sequence[Problem], *, shown: bool
    ) -> None:
        """Publishes the problems of the previewed petition, and whether it is shown."""
        self._preview |= {
            "problems": [asdict(problem) for problem in problems],
            "warnings": [asdict(warning) for warning in warnings],
            "shown": shown,
        }
        self._feed.publish("preview", preview=self._preview)

    async def start(self, host: str = LOOPBACK, port: int | None = None) -> str:
        """Starts to listen and returns the address of the page.

        Raises:
            OSError: the port is in use, or the address is not usable.
        """
        self._leaving.clear()
        app = web.Application(middlewares=[guarded], client_max_size=_LARGEST_UPLOAD)
        app.on_response_prepare.append(protected)
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
        bound = await listen(self._runner, host, port)
        return f"http://{shown_to_a_browser(host)}:{bound}/"

    async def stop(self) -> None:
        """Tells every page that the server stops, then stops it."""
        self._leaving.set()
        self._feed.publish("farewell")
        for task in self._ordered:
            task.cancel()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _file(self, request: web.Request) -> web.Response:
        return files.page_file(request.match_info.get("name", ""))

    async def _chat_file(self, request: web.Request) -> web.Response:
        if self._view is None:
            raise web.HTTPNotFound
        stored = self._view.world.files.find(request.match_info["id"])
        if stored is None:
            raise web.HTTPNotFound
        return files.chat_file(stored)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        """Streams all changes, after everything there is or what a returning page has missed."""
        stream = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await stream.prepare(request)
        await stream.write(_COME_BACK_SOON)
        mark = request.headers.get("Last-Event-ID") or request.query.get("seen")
        seen = self._feed.number_in(mark)
        try:
            while not self._leaving.is_set():
                seen = await self._tell(stream, seen)
                if not await self._feed.beyond(seen, _STILL_HERE_SECONDS):
                    await stream.write(b": still here\n\n")
        except ConnectionError:
            pass  # the page was closed
        return stream

    async def _tell(self, stream: web.StreamResponse, seen: int | None) -> int:
        missed = None if seen is None else self._feed.since(seen)
        if missed is None:
            number, data = self._feed.number, packed("all", self._everything())
            await stream.write(_event(self._feed.mark(number), data))
            return number
        for change in missed:
            await stream.write(_event(self._feed.mark(change.number), change.data))
        return missed[-1].number if missed else (seen or 0)

    def _everything(self) -> Shape:
        shown = self._view.snapshot() if self._view else {}
        return {"state": self._bot, "preview": self._preview, **shown, "orders": [*self._orders]}

    async def _act(self, request: web.Request) -> web.Response:
        try:
            said = orjson.loads(await request.read())
        except orjson.JSONDecodeError:
            said = None
        if not isinstance(said, dict):
            return _refusal("an act is a JSON object")
        return self._done(lambda view: self._do(view, Wish(said)))

    async def _upload(self, request: web.Request) -> web.Response:
        """Stores a file from the visitor's computer; returns the identifier to send it by."""
        content, asked = await request.read(), request.query
        kind = "photo" if asked.get("kind") == "photo" else "document"
        name = asked.get("name", "")[:120] or "file"

        def keep(view: View) -> Shape:
            return {"file": view.world.files.add(kind, Upload(name, content)).file_id}

        return self._done(keep)

    def _done(self, deed: Callable[[View], Shape | None]) -> web.Response:
        if self._view is None:
            return _refusal("there is no bot now")
        try:
            told = deed(self._view)
        except (NotDone, ValueError) as refusal:
            return _refusal(str(refusal))
        except Refused as refusal:
            return _refusal(refusal.description)
        except SimulatorError as refusal:
            return _refusal(str(refusal), status=409)
        return web.json_response({"ok": True, **(told or {})})

    def _do(self, view: View, wish: Wish) -> None:
        name = wish.text("act", 64)
        if name == "fault":
            fault, value = wish.text("name", 64), wish.said.get("value")
            if fault not in FAULTS or not isinstance(value, int | float) or not 0 <= value <= 30:
                raise NotDone("there is no such fault")
            view.fault(fault, value)
        elif name == "crowd":
            view.crowd.come(_CROWD)
        elif name in self._orders:
            self._order(name)
        else:
            act(view.world, view.phones, wish)

    def _order(self, name: str) -> None:
        """Carries out a request to the bot's host, unless another is in progress."""
        if self._ordered:
            return

        async def carried_out() -> None:
            await self._orders[name]()

        task = asyncio.create_task(carried_out())
        self._ordered.add(task)
        task.add_done_callback(self._ordered.discard)


def _event(mark: str, data: bytes) -> bytes:
    return b"id: %s\ndata: %s\n\n" % (mark.encode(), data)


def _refusal(sentence: str, status: int = 400) -> web.Response:
    return web.json_response({"ok": False, "error": sentence}, status=status)
