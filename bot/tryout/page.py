"""The simulated Telegram's page with what it has for this bot: its petition, and who tries it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random

import orjson
from aiohttp import web

from bot.text.problems import Key, Problem
from bot.text.translations import Catalogs, sentences_in
from bot.tryout.folder_editor import EditRefused, FolderEditor
from bot.tryout.visitors.visitor import Traits, Visitor, draw_people
from simulator import Simulator
from simulator.chats import Shape
from simulator.page import Addition, PageState, SimulatorPage
from simulator.page.event_feed import EventFeed
from simulator.page.server import json_object
from simulator.server import json_response
from simulator.world import World

WEB = Path(__file__).parent / "web"
_LARGEST_EDIT = 256 * 1024
_CROWD = 1_000
# As many as it takes to keep the bot as busy as Telegram allows while most of them are reading.
_AT_ONCE = 96
# Who takes less than three seconds for the whole form is taken for somebody who does not read it,
# and the admins are told. Both of its screens are read, so the fastest here take twice the first.
READS_SECONDS = (2.0, 4.5)
_SPOKEN = ("es", "en")


class Crowd:
    """People who are not shown on the page and sign by the hundred; one crowd at a time.

    Each looks at a screen of the form for seconds between those of `looks`.
    """

    def __init__(self, feed: EventFeed, world: World) -> None:
        self._feed = feed
        self._world = world
        self._dice = Random(0)  # noqa: S311 - repeatable, not secret
        self._signing: asyncio.Task[None] | None = None
        self.looks = READS_SECONDS
        self.progress: Shape = {"signing": False, "wanted": 0, "signed": 0, "failed": 0}
        """How many have signed, as the page draws it."""

    def start(self, number: int) -> None:
        """Starts to let this many people sign; does nothing while a crowd is signing."""
        if not self.progress["signing"]:
            self._publish(signing=True, wanted=number, signed=0, failed=0)
            self._signing = asyncio.create_task(self._sign(number))
            self._signing.add_done_callback(lambda _: self._publish(signing=False))

    async def stop(self) -> None:
        """Stops the crowd; those who have not signed yet do not."""
        if self._signing is not None:
            self._signing.cancel()
            await asyncio.gather(self._signing, return_exceptions=True)

    def _publish(self, **changes: int) -> None:
        self.progress |= changes
        self._feed.publish("crowd", crowd=self.progress)

    async def _sign(self, number: int) -> None:
        people = draw_people(self._dice, number, _SPOKEN)
        async with asyncio.TaskGroup() as group:
            for _ in range(min(_AT_ONCE, number)):
                group.create_task(self._sign_one_by_one(people))

    async def _sign_one_by_one(self, people: Iterator[Traits]) -> None:
        for drawn in people:
            traits = replace(drawn, reads_appeal=False, typed=())
            visitor = Visitor.enter(self._world, traits, self._dice)
            visitor.looks = self.looks
            await visitor.visit("crowd")
            became = "signed" if visitor.has_signed else "failed"
            self._publish(**{became: self.progress[became] + 1})


class TryoutState(PageState):
    """What the page shows of one simulator, a crowd and what can be tried next among it.

    `hints` says, in a demo, whom a visitor of the demo can be: by the page's language one of the
    `signers` who reads it, and an `admin`, by the numbers of their accounts.
    """

    def __init__(self, simulator: Simulator, feed: EventFeed, admins: frozenset[int]) -> None:
        super().__init__(simulator, feed, admins)
        self.hints: Shape = {}
        self.crowd = Crowd(feed, self.world)

    def snapshot(self) -> Shape:
        """Returns everything that the page draws."""
        return super().snapshot() | {"crowd": self.crowd.progress, "hints": self.hints or None}


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

    def publish_preview(self, *, shown: bool, **found: Sequence[Problem]) -> None:
        """Publishes whether the previewed petition is shown, and what was found in it.

        That is its `problems`, the `warnings`, and what is `unready`.
        """
        self._preview |= {kind: [*map(_in_every_language, each)] for kind, each in found.items()}
        self._preview["shown"] = shown
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
            editor.refuse_unless_allowed(request.headers.get("X-Edit-Token", ""))
            if request.method != "GET":
                is_short = 0 < (request.content_length or 0) <= _LARGEST_EDIT
                editor.edit((await json_object(request) if is_short else None) or {})
        except EditRefused as refused:
            why, status = refused.refusal, refused.status
            body = {"ok": False, "error": why.name.lower(), "why": why}
        if request.method != "GET" and status != 403:
            body["editor"] = editor.snapshot()
            if status == 200:
                self.feed.publish("editor", editor=body["editor"])
        return json_response(body, status)


async def _words(_: web.Request) -> web.Response:
    """Returns the bot's own sentences that the page says, by the Spanish one, as a script."""
    words = orjson.dumps(sentences_in("bot/petition_folder/", "bot/tryout/")).decode()
    return web.Response(text=f"export const WORDS = {words};", content_type="text/javascript")


def _in_every_language(problem: Problem) -> Shape:
    """Returns what the page shows of a problem; it chooses the language itself."""
    catalogs = Catalogs.load()
    words = {each: catalogs.words(each) for each in catalogs.languages}
    return {
        "file": problem.file,
        "key": problem.key,
        "place": {each: Key(problem.key).said(words[each]) for each in words},
        "line": problem.line,
        # What follows the first line shows the place, as the editor does.
        "sentence": {each: problem.sentence.said(words[each]).split("\n")[0] for each in words},
    }
