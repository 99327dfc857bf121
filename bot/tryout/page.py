"""The simulated Telegram's page with what it has for this bot: its petition, and who tries it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import orjson
from aiohttp import web

from bot.text.problems import Key, Problem
from bot.text.translations import Catalogs, sentences_in
from bot.tryout.crowd import Crowd
from bot.tryout.folder_editor import EditRefused, FolderEditor, Refusal
from simulator import Simulator
from simulator.chats import Shape
from simulator.page import Addition, PageState, SimulatorPage
from simulator.page.event_feed import EventFeed
from simulator.page.server import json_object
from simulator.server import json_response

WEB = Path(__file__).parent / "web"
_LARGEST_EDIT = 256 * 1024
_CROWD = 1_000


class TryoutState(PageState):
    """What the page shows of one simulator, a crowd and what can be tried next among it.

    `hints` says, if anything, whom a visitor of the demo can be first: by the page's language one
    of the `signers` who reads it, and an `admin`, by the numbers of their accounts; and the `step`
    that comes next.
    """

    def __init__(self, simulator: Simulator, feed: EventFeed, admins: frozenset[int]) -> None:
        super().__init__(simulator, feed, admins)
        self.hints: Shape | None = None
        self.crowd = Crowd(feed, self.world)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[TryoutState]:
        """Follows what happens in the simulator until the end of the block."""
        async with super().open():
            try:
                yield self
            finally:
                await self.crowd.stop()

    def hint_at(self, step: str) -> None:
        """Publishes what a visitor of the demo can do next, once it is something else."""
        if self.hints is not None and self.hints.get("step") != step:
            self.hints = {**self.hints, "step": step}
            self._feed.publish("hints", hints=self.hints)

    def snapshot(self) -> Shape:
        """Returns everything that the page draws."""
        return super().snapshot() | {"crowd": self.crowd.snapshot(), "hints": self.hints}


class TryoutPage(SimulatorPage):
    """Serves the page with the texts of a petition.

    `folder` is the petition's when the page previews one; without an `editor` of it the page
    changes nothing.
    """

    state: TryoutState | None

    def __init__(self, *, folder: str | None = None, editor: FolderEditor | None = None) -> None:
        routes = [web.get("/words.js", _words)]
        if editor is not None:
            edit = partial(self._edit, editor)
            routes += [web.get("/edit", edit), web.post("/edit", edit)]
        super().__init__(Addition(WEB, "tryout.js", "tryout.css", routes))
        self._editor = editor
        self._preview: Shape = {"folder": folder, "shown": False}
        self._preview |= {"problems": [], "warnings": [], "unready": []}
        self.add_command("crowd", self._let_a_crowd_come)

    async def _let_a_crowd_come(self) -> None:
        if self.state is not None:
            self.state.crowd.start(_CROWD)

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
        if self._editor is not None:
            self.feed.publish("editor", editor=self._editor.snapshot())

    @property
    def mark(self) -> str:
        """What follows the page's address in the terminal; with it, the page may edit."""
        may_edit = self._editor is not None and self._editor.closed_for is None
        return f"#edit={self._editor.token}" if self._editor and may_edit else ""

    def snapshot(self) -> Shape:
        """Returns everything that the page draws."""
        editor = self._editor.snapshot() if self._editor else None
        return super().snapshot() | {"preview": self._preview, "editor": editor}

    async def _edit(self, editor: FolderEditor, request: web.Request) -> web.Response:
        """Makes an edit and returns the folder as it is then, or says why it was not made.

        A `GET` makes none, and learns whether one could be made. The middleware has seen to it
        that the page itself asks, under an address of this machine.
        """
        body: Shape = {"ok": True}
        status = 200
        try:
            await _make_edit(editor, request)
        except EditRefused as refused:
            why, status = refused.refusal, refused.status
            body = {"ok": False, "error": why.name.lower(), "why": why}
        if request.method != "GET" and status != 403:
            body["editor"] = editor.snapshot()
            if status == 200:
                self.feed.publish("editor", editor=body["editor"])
        return json_response(body, status)


async def _make_edit(editor: FolderEditor, request: web.Request) -> None:
    editor.refuse_unless_allowed(request.headers.get("X-Edit-Token", ""))
    if request.method == "GET":
        return
    is_short = request.content_length is not None and request.content_length <= _LARGEST_EDIT
    values = await json_object(request) if is_short else None
    if values is None:
        raise EditRefused(Refusal.FORM)
    editor.edit(values)


async def _words(_: web.Request) -> web.Response:
    """Returns the bot's own sentences that the page says, by the Spanish one, as a script."""
    words = orjson.dumps(sentences_in("bot/petition_folder/", "bot/tryout/")).decode()
    return web.Response(text=f"export const WORDS = {words};", content_type="text/javascript")


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
