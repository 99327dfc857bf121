"""The intake under test, with a fake server, a recording handler and a controlled clock."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bot.back_off import BackOff
from bot.intake.dispatcher import Dispatcher, TryAgain, UpdatesBehind
from bot.intake.polling import _PAUSES, _WAITS, Polling
from bot.transport.client import TelegramClient
from bot.transport.send_gate import Gate
from bot.transport.session import SharedSession
from tests.intake.fake_updates import FakeUpdates
from tests.support.scripted_server import TOKEN, Reply, ScriptedServer

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


async def ended(task: asyncio.Task[None]) -> None:
    """Ends the polling."""
    task.cancel()
    await asyncio.wait({task})
