"""The worker with the real client, gate and HTTP, against a server that misbehaves."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress

import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.broadcast import Worker
from bot.transport import Gate, Lane, SharedSession, TelegramClient
from bot.transport.errors import TelegramRefused
from storage import Tally
from tests.broadcast.workers import QUICK, Bench, Memory
from tests.transport.test_send_gate import Clock

TOKEN = "123:made-up"


class StubTelegram:
    """A server with sendMessage alone, which can refuse each chat in its own way."""

    def __init__(self) -> None:
        self.received: Counter[int] = Counter()
        self.clock = time.monotonic
        self.arrivals: list[float] = []
        self.too_early: list[int] = []
        self.paused_until: dict[int, float] = {}
        self.faults: dict[int, list[str]] = {}
        self.bodies: list[dict[str, str]] = []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answers one call."""
        form = {name: str(value) for name, value in (await request.post()).items()}
        chat = int(form["chat_id"])
        self.bodies.append(form)
        self.arrivals.append(self.clock())
        if time.monotonic() < self.paused_until.get(chat, 0.0):
            self.too_early.append(chat)
        faults = self.faults.get(chat)
        return await self._answer(request, chat, faults.pop(0) if faults else "")

    async def _answer(self, request: web.Request, chat: int, fault: str) -> web.StreamResponse:
        if fault == "500":
            return _refusal(500, "Internal Server Error")
        if fault == "502":
            return web.Response(status=502, text="<html>Bad Gateway</html>")
        if fault == "403":
            return _refusal(403, "Forbidden: user is deactivated")
        if fault == "429":
            self.paused_until[chat] = time.monotonic() + 0.95
            return _refusal(429, "Too Many Requests: retry after 1", retry_after=1)
        self.received[chat] += 1
        if fault == "drop":
            assert request.transport is not None
            request.transport.abort()
        return web.json_response({"ok": True, "result": {"message_id": 1}})


def _refusal(status: int, description: str, **parameters: int) -> web.Response:
    said = {"ok": False, "error_code": status, "description": description}
    return web.json_response(said | {"parameters": parameters}, status=status)


@pytest.fixture
async def server() -> AsyncIterator[tuple[StubTelegram, str]]:
    stub = StubTelegram()
    application = web.Application()
    application.router.add_post(f"/bot{TOKEN}/sendMessage", stub.handle)
    running = TestServer(application)
    await running.start_server()
    yield stub, str(running.make_url("")).rstrip("/")
    await running.close()


async def send(bench: Bench, url: str, gate: Gate) -> None:
    """Sends everything with a worker over the real client and gate."""
    rate = gate.rate
    async with SharedSession() as session:
        client = TelegramClient(session, gate, api_url=url, token=TOKEN)
        memory = Memory(bench.broadcasts, bench.recalls, bench.leases)
        worker = Worker(client, memory, bench.reports, rate=rate, gate=gate, timing=QUICK)
        task = asyncio.create_task(worker.run())
        await bench.ended(seconds=20)
        await worker.stop(1.0)
        await task


async def test_faults_on_the_way_lose_nobody_and_repeat_only_lost_answers(
    bench: Bench, server: tuple[StubTelegram, str]
) -> None:
    stub, url = server
    people = 300
    await bench.people.sign(range(1, people + 1))
    dice = random.Random(3)  # noqa: S311 - a test's own dice
    for number in range(1, people + 1):
        kinds = ["500", "502", "drop", "429", "403", ""]
        kind = dice.choices(kinds, weights=[4, 2, 4, 2, 2, 86])[0]
        stub.faults[1000 + number] = [kind] if kind else []
    planned = {chat: list(faults) for chat, faults in stub.faults.items()}
    await bench.start()
    await send(bench, url, Gate(600.0))
    blocked = {chat for chat, faults in planned.items() if "403" in faults}
    dropped = {chat for chat, faults in planned.items() if "drop" in faults}
    assert set(stub.received) == set(planned) - blocked
    assert {chat for chat, count in stub.received.items() if count > 1} == dropped
    assert stub.too_early == [], "these were written to though Telegram asked for a pause"
    assert await bench.tally() == Tally(
        total=people, delivered=people - len(blocked), unreachable=len(blocked)
    )


async def test_what_arrives_is_the_closing_update_and_the_rate_is_kept(
    bench: Bench, server: tuple[StubTelegram, str]
) -> None:
    stub, url = server
    await bench.people.sign(range(1, 61))
    await bench.start()
    stub.clock = clock = Clock()
    begun = clock.now
    await send(bench, url, Gate(60.0, burst=4, clock=clock, sleep=clock.sleep))
    # By the gate's own clock, which stands still while the machine is busy: a message may arrive
    # later than it left, but never before its turn.
    turns = [begun + (number - 4) / 60 for number in range(60)]
    assert [at for at, turn in zip(stub.arrivals, turns, strict=True) if at < turn] == []
    preview = orjson.loads(stub.bodies[0].pop("link_preview_options"))
    assert preview == {"is_disabled": True}
    assert stub.bodies[0] == {
        "chat_id": "1001",
        "text": "<b>Gracias</b>",
        "parse_mode": "HTML",
    }


async def test_a_pause_that_telegram_asks_a_broadcast_for_is_told_to_the_gate(
    server: tuple[StubTelegram, str],
) -> None:
    stub, url = server
    stub.faults[1001] = ["429"]
    async with SharedSession() as session:
        gate = Gate(600.0)
        client = TelegramClient(session, gate, api_url=url, token=TOKEN)
        for chat in (1001, 1002):
            with suppress(TelegramRefused):
                await client.call(
                    "sendMessage", {"chat_id": chat, "text": "Hola"}, lane=Lane.BROADCAST
                )
        pauses = {chat: gate.pause_for(Lane.BROADCAST, chat) > 0 for chat in (1001, 1002)}
    assert pauses == {1001: True, 1002: False}, "the gate was not told of the 429"
