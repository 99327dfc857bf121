"""The web server of the page: its files, its stream of changes and its actions."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import orjson
from aiohttp import web

from bot.simulator.chats import Shape
from bot.simulator.errors import Refused, SimulatorError
from bot.simulator.page import files
from bot.simulator.page.access_guard import add_security_headers, refuse_other_sites
from bot.simulator.page.actions import ActionFields, ActionRefused, perform
from bot.simulator.page.address import LOOPBACK, browser_host, listen, others_can_reach
from bot.simulator.page.event_feed import EventFeed, encode
from bot.simulator.page.folder_editor import EditRefused, FolderEditor
from bot.simulator.page.page_state import FAULTS, PageState
from bot.simulator.parameters import UploadedFile
from bot.simulator.server import json_response
from bot.text.problems import Key, Problem
from bot.text.translations import Catalogs

_LARGEST_UPLOAD = 20 * 1024 * 1024
_LARGEST_EDIT = 256 * 1024
_STILL_HERE_SECONDS = 15.0
_RECONNECT_SOON = b"retry: 1000\n\n"
_CROWD = 1_000

BotCommand = Callable[[], Awaitable[None]]
"""A request of the page to whatever runs the bot, such as to restart it."""


class DemoPage:
    """Serves the page; `show` sets what is on it, and `feed` has the changes of that.

    `folder` is the petition's when the page previews one; without an `editor` of it the page
    changes nothing.
    """

    def __init__(self, *, folder: str | None = None, editor: FolderEditor | None = None) -> None:
        self._editor = editor
        self._commands: dict[str, BotCommand] = {}
        self.feed = EventFeed()
        self.state: PageState | None = None
        self._runner: web.AppRunner | None = None
        self._stopping = asyncio.Event()
        self._bot_state = "starting"
        self._preview: Shape = {"folder": folder, "shown": False}
        self._preview |= {"problems": [], "warnings": [], "unready": []}
        self._running: set[asyncio.Future[None]] = set()

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
        self.feed.publish("bot", state=state)

    def publish_preview(
        self,
        problems: Sequence[Problem],
        warnings: Sequence[Problem],
        unready: Sequence[Problem],
        *,
        shown: bool,
    ) -> None:
        """Publishes the problems of the previewed petition, and whether it is shown."""
        self._preview |= {
            "problems": [_in_every_language(problem) for problem in problems],
            "warnings": [_in_every_language(warning) for warning in warnings],
            "unready": [_in_every_language(problem) for problem in unready],
            "shown": shown,
        }
        self.feed.publish("preview", preview=self._preview)
        self._publish_editor()

    def _publish_editor(self) -> None:
        if self._editor is not None:
            self.feed.publish("editor", editor=self._editor.snapshot())

    @property
    def mark(self) -> str:
        """What follows the page's address in the terminal; with it, the page may edit."""
        may_edit = self._editor is not None and self._editor.closed_for is None
        return f"#edit={self._editor.token}" if self._editor and may_edit else ""

    async def start(self, host: str = LOOPBACK, port: int | None = None) -> str:
        """Starts to listen and returns the page's address; raises OSError as `listen` does."""
        self._stopping.clear()
        if self._editor is not None and others_can_reach(host):
            self._editor.closed_for = "others-can-reach"
        app = web.Application(middlewares=[refuse_other_sites], client_max_size=_LARGEST_UPLOAD)
        app.on_response_prepare.append(add_security_headers)
        app.add_routes(
            [
                web.get("/", self._file),
                web.get("/events", self._events),
                web.get("/edit", self._edit),
                web.get("/file/{id}", self._chat_file),
                web.get("/{name}", self._file),
                web.post("/act", self._act),
                web.post("/edit", self._edit),
                web.post("/upload", self._upload),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        bound = await listen(self._runner, host, port)
        return f"http://{browser_host(host)}:{bound}/"

    async def stop(self) -> None:
        """Tells every page that the server stops, then stops it."""
        self._stopping.set()
        self.feed.publish("farewell")
        for command in self._running:
            command.cancel()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _file(self, request: web.Request) -> web.Response:
        return files.page_file(request.match_info.get("name", ""))

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
            seen, missed = self.feed.number - 1, [encode("all", self._snapshot())]
        for data in missed:
            seen += 1
            await stream.write(b"id: %s\ndata: %s\n\n" % (self.feed.mark(seen).encode(), data))
        return seen

    def _snapshot(self) -> Shape:
        shown = self.state.snapshot() if self.state else {}
        editor = self._editor.snapshot() if self._editor else None
        return {"state": self._bot_state, "preview": self._preview, "editor": editor, **shown}

    async def _edit(self, request: web.Request) -> web.Response:
        """Makes an edit and returns the folder as it is then, or says why it was not made.

        A `GET` makes none, and learns whether one could be made. The middleware has seen to it
        that the page itself asks, under an address of this machine.
        """
        body: Shape = {"ok": True}
        status = 200
        try:
            await self._make_edit(request)
        except EditRefused as refused:
            body, status = {"ok": False, "error": refused.reason}, refused.status
        if self._editor is not None and request.method != "GET" and status != 403:
            body["editor"] = self._editor.snapshot()
            if status == 200:
                self._publish_editor()
        return json_response(body, status)

    async def _make_edit(self, request: web.Request) -> None:
        if self._editor is None:
            raise EditRefused("no-editor", 403)
        self._editor.refuse_unless_allowed(request.headers.get("X-Edit-Token", ""))
        if request.method == "GET":
            return
        if request.content_length is None or request.content_length > _LARGEST_EDIT:
            raise EditRefused("too-long", 413)
        values = await _json_object(request)
        if values is None:
            raise EditRefused("form")
        self._editor.edit(values)

    async def _act(self, request: web.Request) -> web.Response:
        values = await _json_object(request)
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
        elif name == "crowd":
            state.crowd.start(_CROWD)
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


async def _json_object(request: web.Request) -> dict[str, Any] | None:
    try:
        values = orjson.loads(await request.read())
    except orjson.JSONDecodeError:
        return None
    return values if isinstance(values, dict) else None


def _refusal(sentence: str, status: int = 400) -> web.Response:
    return json_response({"ok": False, "error": sentence}, status)


def _in_every_language(problem: Problem) -> Shape:
    """Returns what the page shows of a problem; it chooses the language itself."""
    catalogs = Catalogs.load()
    words = [catalogs.words(language) for language in catalogs.languages]
    return {
        "file": problem.file,
        "key": problem.key,
        "place": {each.language: Key(problem.key).said(each) for each in words},
        "line": problem.line,
        # What follows the first line shows the place, as the editor does.
        "sentence": {
            each.language: problem.sentence.said(each).partition("\n")[0] for each in words
        },
    }
