"""Nothing is sent after a confirmed withdrawal or mute, and undoing it in time loses nothing."""

import asyncio
import random
from collections.abc import Awaitable, Mapping
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.broadcast.content import Content
from bot.broadcast.context import Durations, WorkerContext
from bot.broadcast.open_claims import OpenClaims, OpenDelivery
from bot.broadcast.sender import SendResult, send_delivery
from bot.transport.errors import RateLimited
from storage.broadcast_types import Delivery, Kind, Outcome, Tally
from storage.consents import end_consent
from storage.returning_supporters import mark_reachable
from storage.signatures import mute_supporter, withdraw_signature
from tests.broadcast.workers import RunningWorker, WorkerHarness, everyone_once, received
from tests.support.accelerated_loop import time_of_day
from tests.support.broadcasts import claimed_by
from tests.support.fake_telegram import NO_CONNECTION, FakeTelegram
from tests.support.waiting import until

SECONDS = 5.0


class TestClaims:
    async def test_an_answer_that_was_on_its_way_does_not_hold_either(self) -> None:
        claims, answered = OpenClaims(), asyncio.Event()

        async def ask() -> list[Delivery]:
            await answered.wait()
            return [Delivery(1, 1, "es", b"claim")]

        asking = asyncio.create_task(claims.claim(ask()))
        await asyncio.sleep(0)
        claims.make_void(1)
        answered.set()
        (ana,) = await asking
        assert ana.is_void

    async def test_what_is_done_is_forgotten_and_so_is_who_said_no(self) -> None:
        claims = OpenClaims()
        ana, luz = await claimed_by(claims, 1, 2)
        claims.finished(ana)
        claims.make_void(2)
        assert len(claims) == 1
        claims.finished(luz)
        claims.make_void(3)
        assert (len(claims), claims._said_no) == (0, None)

    async def test_that_few_are_left_is_waited_for(self) -> None:
        claims = OpenClaims()
        several = await claimed_by(claims, 1, 2, 3, 4)
        waiting = asyncio.create_task(claims.wait_until_below(3))
        for each, is_over in zip(several, (False, True, True, True), strict=True):
            claims.finished(each)
            await asyncio.sleep(0.001)
            assert waiting.done() == is_over
        await claims.wait_until_below(1)


class HurriedTelegram(FakeTelegram):
    """A fake client with random waits at the gate and in transit."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__()
        self.chance = chance

    async def call(
        self, method: str, params: Mapping[str, object] | None = None, **given: Any
    ) -> Any:
        await asyncio.sleep(self.chance.uniform(0, 0.05))
        self.latency = self.chance.uniform(0, 0.02)
        return await super().call(method, params, **given)


class Mind:
    """Supporters who withdraw or mute the bot, and some who unmute it, as the handlers do it."""

    def __init__(self, harness: WorkerHarness, running: RunningWorker) -> None:
        self.bench = harness
        self.running = running
        self.had: dict[int, int] = {}
        """How many messages each chat had received when its withdrawal or mute was confirmed."""

    async def erase(self, number: int) -> None:
        who = self.bench.people.supporter(number)
        await self.confirmed(
            number, self.bench.storage.write(withdraw_signature, who, time_of_day())
        )

    async def silence(self, number: int) -> None:
        who = self.bench.people.supporter(number)
        await self.confirmed(number, self.bench.storage.write(mute_supporter, who, time_of_day()))

    async def confirmed(self, number: int, change: Awaitable[object]) -> None:
        await change
        self.running.claims.make_void(1000 + number)
        assert await self.running.claims.wait_for_calls(1000 + number, SECONDS)
        self.had[1000 + number] = self.bench.telegram.received[1000 + number]

    async def waver(self, number: int) -> None:
        await self.silence(number)
        who = self.bench.people.supporter(number)
        await self.bench.storage.write(mute_supporter, who, None)
        await self.bench.storage.write(mark_reachable, who, time_of_day())
        del self.had[1000 + number]


@pytest.mark.parametrize(("seed", "about"), [(1, Kind.CLOSING), (2, Kind.UPDATE)])
async def test_at_whatever_moment_they_say_no_nothing_comes_after_the_confirmation(
    harness: WorkerHarness, seed: int, about: Kind
) -> None:
    chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
    harness.telegram = HurriedTelegram(chance)
    await harness.people.set_closed_at(time_of_day())
    await harness.people.sign(range(1, 61), updates=9)
    await harness.queued(await harness.start(kind=about, at=time_of_day()))
    running = harness.start_worker(window=10.0, batch=10.0)
    mind = Mind(harness, running)
    deeds = [mind.erase, mind.silence, mind.waver]

    async def act(number: int) -> None:
        await asyncio.sleep(chance.uniform(0, 0.08))
        await deeds[number % 3](number)

    acting = [number for number in range(1, 61) if number % 4]
    await asyncio.gather(*(act(number) for number in acting))
    await harness.ended()
    assert mind.had.keys() == {1000 + number for number in acting if number % 3 < 2}
    got = {chat: harness.telegram.received[chat] for chat in everyone_once(60)}
    assert got == everyone_once(60) | mind.had
    told = sum(got.values())
    assert await harness.tally() == Tally(total=60, delivered=told, withdrawn=60 - told)
    # All claims are forgotten by now.
    assert len(running.claims) == 0


async def test_a_no_between_two_tries_of_one_send_ends_the_tries(harness: WorkerHarness) -> None:
    harness.telegram.plan(1001, NO_CONNECTION, NO_CONNECTION)
    running = await harness.sends_to([1, 2], retries=(0.1, 0.1))
    await until(lambda: received(harness.telegram, 1))
    await harness.storage.write(mute_supporter, harness.people.supporter(1), time_of_day())
    running.claims.make_void(1001)
    await harness.ended()
    assert (harness.telegram.received[1001], len(harness.telegram.calls)) == (0, 2)
    tally = await harness.tally()
    assert (tally.delivered, tally.withdrawn) == (1, 1)


async def test_a_no_at_its_turn_is_no_failure_and_is_not_tried_again() -> None:
    claims, rests = OpenClaims(), list[float]()
    (ana,) = await claimed_by(claims, 1)

    class Refusing:
        async def call(self, method: str, *_: object, wanted: Any, **__: object) -> None:
            claims.make_void(1)
            assert not wanted()
            raise NO_CONNECTION

    assert await sends(Refusing(), rests, ana) == SendResult(Outcome.UNSENT)
    assert rests == []
    assert await claims.wait_for_calls(1, 0.0)


async def test_who_is_kept_back_at_a_second_try_surely_got_nothing() -> None:
    claims, rests = OpenClaims(), list[float]()
    (ana,) = await claimed_by(claims, 1)

    class Breaking:
        async def call(self, method: str, *_: object, wanted: Any, **__: object) -> None:
            if rests:
                raise RateLimited(60)  # by the gate, before it asks whether the call may leave
            assert wanted()
            raise NO_CONNECTION

    sent = await sends(Breaking(), rests, ana)
    assert sent == SendResult(Outcome.UNSENT)
    assert await claims.wait_for_calls(1, 0.0)


async def sends(client: object, rests: list[float], claimed: OpenDelivery) -> SendResult:
    async def rest(seconds: float) -> None:
        rests.append(seconds)

    found = SimpleNamespace(
        client=client,
        may_continue=lambda: True,
        interrupt=SimpleNamespace(rest=rest),
        durations=Durations(),
    )
    context = cast(WorkerContext, found)
    return await send_delivery(context, Content({"es": "Gracias"}), claimed)


async def test_what_is_cut_off_before_it_was_begun_is_not_remembered(
    harness: WorkerHarness,
) -> None:
    harness.telegram.open.clear()
    running = await harness.sends_to(range(1, 61), window=10.0, batch=10.0)
    await until(lambda: harness.telegram.at_the_gate == 60)
    await running.worker.stop(0.05)
    assert len(running.claims) == 0


async def test_many_noes_are_not_taken_for_a_telegram_that_is_away(harness: WorkerHarness) -> None:
    harness.telegram.open.clear()
    running = await harness.sends_to(range(1, 9))
    await until(lambda: harness.telegram.at_the_gate == 8)
    for number in range(1, 9):
        await harness.storage.write(
            mute_supporter, harness.people.supporter(number), time_of_day()
        )
        running.claims.make_void(1000 + number)
    harness.telegram.open.set()
    await harness.ended()
    assert (harness.telegram.calls, harness.telegram.asked) == ([], 0)
    assert (await harness.tally()).withdrawn == 8


async def test_what_left_before_the_no_is_waited_for(harness: WorkerHarness) -> None:
    harness.telegram.latency = 0.1
    running = await harness.sends_to([1])
    await until(lambda: harness.telegram.in_flight == 1)
    await harness.storage.write(withdraw_signature, harness.people.supporter(1), time_of_day())
    running.claims.make_void(1001)
    assert not await running.claims.wait_for_calls(1001, 0.0)
    assert await running.claims.wait_for_calls(1001, SECONDS)
    assert (harness.telegram.received[1001], harness.telegram.in_flight) == (1, 0)


async def test_who_only_wants_no_other_news_is_told_what_they_signed_for(
    harness: WorkerHarness,
) -> None:
    await harness.people.sign([1])
    await harness.people.consent(1)
    harness.telegram.open.clear()
    await harness.start()
    running = harness.start_worker()
    await until(lambda: harness.telegram.at_the_gate == 1)
    await harness.storage.write(end_consent, harness.people.supporter(1), "news", time_of_day())
    running.claims.make_void(1001)
    harness.telegram.open.set()
    await harness.ended()
    assert dict(harness.telegram.received) == everyone_once(1)
