"""The intake under test, with a fake server, a recording handler and a controlled clock."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from bot.back_off import BackOff
from bot.intake.dispatcher import Dispatcher, TryAgain, UpdatesBehind
from bot.intake.polling import _PAUSES, _WAITS, Polling
from bot.transport.client import TelegramClient
from bot.transport.send_gate import Gate
from bot.transport.session import SharedSession
from tests.support.scripted_server import TOKEN, Reply, ScriptedServer, refuse
from tests.support.waiting import until

QUICK = BackOff(0.01, 0.02)
FIRST_PAUSES = [_PAUSES.pause(failures) for failures in (1, 2, 3)]


class RecordingHandler:
    """A handler that can be slow, failing or broken for given update numbers."""

    def __init__(self) -> None:
        self.done: list[int] = []
        self.held: dict[int, asyncio.Event] = {}
        self.failing: set[int] = set()
        self.broken: set[int] = set()

    async def __call__(self, update: dict[str, Any], _behind: UpdatesBehind) -> None:
        number = update["update_id"]
        if number in self.failing:
            raise TryAgain
        if number in self.broken:
            raise KeyError("Canaria Pérez")
        if number in self.held:
            await self.held[number].wait()
        self.done.append(number)


class SleepClock:
    """A clock that moves only during sleeps, and records how long each took.

    With `asleep`, a sleep sets that event and does not end.
    """

    def __init__(self) -> None:
        self.taken: list[float] = []
        self.now = 0.0
        self.asleep: asyncio.Event | None = None

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.taken.append(seconds)
        await asyncio.sleep(0)
        self.now += seconds
        if self.asleep is not None:
            self.asleep.set()
            await asyncio.Event().wait()


class RunningPolling:
    """The polling with the parts around it; pauses after failures take no time."""

    def __init__(self, server: ScriptedServer, session: SharedSession) -> None:
        self.inbox, self.handler, self.clock = FakeUpdates(), RecordingHandler(), SleepClock()
        self.rivals_told: list[float] = []
        server.always = self.inbox.reply
        self.dispatch = Dispatcher(self.handler, QUICK, clock=asyncio.get_running_loop().time)
        client = TelegramClient(
            session,
            Gate(clock=asyncio.get_running_loop().time),
            api_url=server.url,
            token=TOKEN,
            pauses=BackOff(0.001),
        )
        self.polling = Polling(
            client,
            self.dispatch,
            report_second_poller=lambda: self.rivals_told.append(self.clock.now),
            clock=self.clock.clock,
            sleep=self.clock.sleep,
        )

    def fail_for(self, seconds: float, failure: Reply) -> None:
        """Answers every poll with a failure from now on, until these seconds have passed."""
        end = self.clock.now + seconds
        self.inbox.outage = lambda: failure if self.clock.now < end else None


def skipped_waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Skips the waits between polls from now on, and returns the list of them, in seconds."""
    skipped = list[float]()

    class Skipping(BackOff):
        def pause(self, failures: int) -> float:
            skipped.append(_WAITS.pause(failures))
            return 0.0

    monkeypatch.setattr("bot.intake.polling._WAITS", Skipping(0.0, 0.0))
    return skipped


async def finished(work: Dispatcher, left: int = 0) -> None:
    """Waits until at most so many updates are in progress."""
    async with asyncio.timeout(20):
        while len(work.in_progress) > left:  # noqa: ASYNC110 - they end one by one
            await asyncio.sleep(0.001)


@asynccontextmanager
async def polling(intake: RunningPolling) -> AsyncIterator[None]:
    task = asyncio.create_task(intake.polling.run())
    try:
        yield
    finally:
        await ended(task)
        await intake.dispatch.drain(1)


async def handles_one(intake: RunningPolling) -> None:
    """Runs the polling until an update that waits for it is handled."""
    intake.inbox.put(1)
    async with polling(intake):
        await until(lambda: intake.handler.done == [1])


async def ended(task: asyncio.Task[None]) -> None:
    """Ends the polling."""
    task.cancel()
    await asyncio.wait({task})


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
