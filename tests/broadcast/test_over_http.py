"""The worker with the real client, gate and HTTP, against a server that misbehaves."""

import asyncio
import random
from contextlib import suppress
from dataclasses import replace

from bot.broadcast.context import WorkerContext
from bot.broadcast.worker import Worker
from bot.transport.client import TelegramClient
from bot.transport.errors import RateLimited
from bot.transport.send_gate import Gate, Lane
from bot.transport.session import SharedSession
from storage.broadcast_types import Tally
from tests.broadcast.workers import QUICK, WorkerHarness
from tests.support.accelerated_loop import running_clocks
from tests.support.bot_api.failing_server import FailingBotApi
from tests.support.broadcasts import held_lock
from tests.transport.limit_simulation import Clock

TOKEN = "123:made-up"


async def send(harness: WorkerHarness, url: str, gate: Gate) -> None:
    """Sends everything with a worker over the real client and gate."""
    rate, clocks = gate.rate, running_clocks()
    async with SharedSession() as session:
        client = TelegramClient(session, gate, api_url=url, token=TOKEN)
        context = WorkerContext(
            client=client,
            gate=gate,
            storage=harness.storage,
            lock=await held_lock(harness.storage),
            reporter=harness.reports,
            rate=rate,
            clocks=clocks,
            # On a busy machine an answer takes its time.
            durations=replace(QUICK, call=30.0),
        )
        worker = Worker(context)
        task = asyncio.create_task(worker.run())
        await harness.ended(seconds=20)
        await worker.stop(1.0)
        await task


async def test_faults_on_the_way_lose_nobody_and_repeat_only_lost_answers(
    harness: WorkerHarness, api: FailingBotApi
) -> None:
    people = 300
    await harness.people.sign(range(1, people + 1))
    dice = random.Random(3)  # noqa: S311 - a test's own dice
    for number in range(1, people + 1):
        kinds = ["500", "502", "drop", "429", "403", ""]
        kind = dice.choices(kinds, weights=[4, 2, 4, 2, 2, 86])[0]
        api.faults[1000 + number] = [kind] if kind else []
    planned = {chat: list(faults) for chat, faults in api.faults.items()}
    await harness.start()
    await send(harness, api.url, Gate(600.0, clock=running_clocks().monotonic))
    blocked = {chat for chat, faults in planned.items() if "403" in faults}
    dropped = {chat for chat, faults in planned.items() if "drop" in faults}
    assert set(api.counts.copies) == set(planned) - blocked
    assert {chat for chat, count in api.counts.copies.items() if count > 1} == dropped
    assert api.counts.too_early == [], "these were written to though Telegram asked for a pause"
    assert await harness.tally() == Tally(
        total=people, delivered=people - len(blocked), unreachable=len(blocked)
    )


async def test_what_arrives_is_the_closing_update_and_the_rate_is_kept(
    harness: WorkerHarness, api: FailingBotApi
) -> None:
    await harness.people.sign(range(1, 61))
    await harness.start()
    api.clock = clock = Clock()
    begun = clock.now
    await send(harness, api.url, Gate(60.0, burst=4, clock=clock, sleep=clock.sleep))
    # By the gate's own clock, which stands still while the machine is busy: a message may arrive
    # later than it left, but never before its turn.
    turns = [begun + (number - 4) / 60 for number in range(60)]
    assert [at for at, turn in zip(api.counts.arrivals, turns, strict=True) if at < turn] == []
    # Many are on their way at once, so that any of them can arrive first.
    (sent,) = (asked for asked in api.asked if asked["chat_id"] == 1001)
    assert sent == {
        "chat_id": 1001,
        "link_preview_options": {"is_disabled": True},
        "text": "<b>Gracias</b>",
        "parse_mode": "HTML",
    }


async def test_a_pause_that_telegram_asks_a_broadcast_for_is_told_to_the_gate(
    api: FailingBotApi,
) -> None:
    api.faults[1001] = ["429"]
    async with SharedSession() as session:
        gate = Gate(600.0, clock=running_clocks().monotonic)
        client = TelegramClient(session, gate, api_url=api.url, token=TOKEN)
        for chat in (1001, 1002):
            with suppress(RateLimited):
                await client.call(
                    "sendMessage", {"chat_id": chat, "text": "Hola"}, lane=Lane.BROADCAST
                )
        pauses = {chat: gate.pause_for(Lane.BROADCAST, chat) > 0 for chat in (1001, 1002)}
    assert pauses == {1001: True, 1002: False}, "the gate was not told of the 429"
