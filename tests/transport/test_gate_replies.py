"""The rate at which the gate lets replies that are new messages leave, above all in a crowd."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.transport.send_gate import Gate, Lane
from tests.transport.limit_simulation import DOCUMENTED, Timeline, flood, most_at_once

PACE = 25
BURST = 4  # of five, as one is for people in the middle of signing


class Crowd:
    """Replies to many people through one gate, and when they leave."""

    def __init__(self, rate: float = 28.0, admins: Collection[int] = ()) -> None:
        self.clock = Timeline()
        self.gate = Gate(rate, clock=self.clock, sleep=self.clock.sleep, admins=admins)
        self.left: list[float] = []
        self.paused_until = 0.0
        self.probes = 0
        self._chats = count(1000)
        self._coming: list[asyncio.Task[None]] = []

    def comes(self, size: int) -> None:
        self._coming += [asyncio.create_task(self._answer()) for _ in range(size)]

    def had(self, messages: int, chats: range) -> None:
        """Notes that each of these chats has just had so many messages."""
        for chat in chats:
            for _ in range(messages):
                self.gate.leaves(Lane.REPLY, chat)

    def asks(self, chats: range) -> list[asyncio.Task[float]]:
        """Lets a reply to each of these chats wait at the gate, however long."""
        asked = (self.gate.acquire(Lane.REPLY, chat, new=True) for chat in chats)
        return [asyncio.create_task(each) for each in asked]

    async def answers(self, chat: int) -> None:
        """Answers a chat, which comes back at the time that it is given."""
        while wait := await self.gate.acquire(Lane.REPLY, chat, 3.0, new=True):
            await self.clock.sleep(wait)

    @asynccontextmanager
    async def flooded(self, chats: range) -> AsyncIterator[None]:
        """Lets these chats write without a rest, in the block."""

        async def writes(chat: int) -> None:
            while True:
                await self.answers(chat)

        tasks = [asyncio.create_task(writes(chat)) for chat in chats]
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def floods(self, seconds: float) -> None:
        """Begins an overall pause for so many seconds, unless one is on."""
        if self.clock.now >= self.paused_until:
            self.paused_until = self.clock.now + seconds
            flood(self.gate, seconds)

    async def is_answered(self) -> list[float]:
        await self.clock.pass_until_nobody_sleeps()
        await asyncio.gather(*self._coming)
        return self.left

    async def _answer(self) -> None:
        chat = next(self._chats)
        assert await self.gate.acquire(Lane.REPLY, chat, new=True) == 0.0
        self.left.append(self.clock.now)
        if self.clock.now < self.paused_until:
            self.probes += 1
            self.gate.refused(chat, self.paused_until - self.clock.now)


async def test_a_crowd_gets_the_burst_at_once_and_the_rest_at_its_pace() -> None:
    crowd = Crowd()
    crowd.comes(BURST + 2 * PACE)
    left = await crowd.is_answered()
    assert sum(moment < 100.001 for moment in left) == BURST
    assert left[-1] == pytest.approx(102.0)


async def test_a_low_broadcast_rate_does_not_slow_down_the_answers() -> None:
    crowd = Crowd(rate=1)
    crowd.comes(BURST + PACE)
    assert (await crowd.is_answered())[-1] == pytest.approx(101.0)


async def test_who_leaves_the_line_takes_no_turn_with_them() -> None:
    crowd = Crowd()
    crowd.comes(BURST)
    for _ in range(PACE):
        tapping = crowd.asks(range(50))
        await crowd.clock.pass_to(crowd.clock.now + 0.001)
        for task in tapping:  # they tap again, so the reply is replaced by another one
            task.cancel()
        await asyncio.gather(*tapping, return_exceptions=True)
    crowd.comes(1)
    assert (await crowd.is_answered())[-1] == pytest.approx(100.04)


async def test_fifty_who_write_without_a_rest_leave_the_newcomers_their_turn() -> None:
    crowd = Crowd()
    crowd.had(6, range(50))
    without_rest = crowd.asks(range(50))
    await crowd.clock.pass_to(100.5)
    crowd.comes(PACE)
    await crowd.clock.pass_to(101.8)
    assert len(crowd.left) == PACE, "five of the others a second are all that they wait for"
    await crowd.is_answered()
    assert await asyncio.gather(*without_rest) == [0.0] * 50, "nobody waits for ever"


async def test_who_is_next_waits_a_second_at_most_for_a_hundred_who_sign() -> None:
    crowd, chats = Crowd(), range(4 * PACE)
    for chat in chats:
        crowd.gate.signs(chat)
    signing = crowd.asks(chats)
    crowd.comes(1)
    assert (await crowd.is_answered())[0] == pytest.approx(101.0, abs=0.1)
    await asyncio.gather(*signing)


async def test_people_who_come_wait_for_none_of_fifty_who_write_without_a_rest() -> None:
    crowd = Crowd()
    crowd.had(6, range(50))
    without_rest = crowd.asks(range(50))
    for number in range(110):
        crowd.comes(1)
        await crowd.clock.pass_to(100.001 + number / 22)
        assert len(crowd.left) == number + 1
    assert sum(task.done() for task in without_rest) > 10, "they get what the others leave"
    await crowd.is_answered()
    await asyncio.gather(*without_rest)


async def test_who_writes_without_a_rest_leaves_the_burst_to_whoever_comes_next() -> None:
    crowd = Crowd()
    crowd.had(6, range(BURST))
    without_rest = crowd.asks(range(BURST))
    await crowd.clock.pass_to(100.001)
    assert [task.done() for task in without_rest] == [True] + (BURST - 1) * [False]
    crowd.comes(BURST - 1)
    await crowd.clock.pass_to(100.01)
    assert len(crowd.left) == BURST - 1, "they wait for nobody"
    await crowd.clock.pass_to(100.19)
    assert sum(task.done() for task in without_rest) == 1, "five a second have no burst"
    await crowd.is_answered()
    await asyncio.gather(*without_rest)


async def test_after_a_restart_people_hardly_wait_for_accounts_whose_flood_is_forgotten() -> None:
    crowd, waits = Crowd(), list[float]()

    async def comes(chat: int) -> None:
        begun = crowd.clock.now
        await crowd.answers(chat)
        waits.append(crowd.clock.now - begun)

    async with crowd.flooded(range(15)):
        people = []
        for number in range(150):
            people.append(asyncio.create_task(comes(1000 + number)))
            await crowd.clock.pass_to(100 + number / 15)
        await crowd.clock.pass_to(115.0)
    await asyncio.gather(*people)
    assert sorted(waits)[75] < 0.1
    assert max(waits) < 1.1


@pytest.mark.parametrize(
    ("lane", "new"), [(Lane.REPLY, True), (Lane.REPLY, False), (Lane.BROADCAST, True)]
)
async def test_only_new_messages_that_answer_somebody_are_counted_as_many(
    lane: Lane, new: bool
) -> None:
    crowd = Crowd()
    for chat in (7, 8):
        for _ in range(6):
            crowd.gate.leaves(lane if chat == 7 else Lane.REPLY, chat, new=new or chat == 8)
    before = [task for _ in range(50) for task in crowd.asks(range(8, 9))]
    await crowd.clock.pass_to(100.0)
    (asked,) = crowd.asks(range(7, 8))
    await crowd.clock.pass_to(101.0)
    assert asked.done() is not (lane is Lane.REPLY and new)
    await crowd.is_answered()
    await asyncio.gather(asked, *before)


async def test_a_pause_too_long_to_wait_for_is_told_to_who_stands_in_line() -> None:
    crowd = Crowd()
    crowd.comes(BURST + 3)
    last = asyncio.create_task(crowd.gate.acquire(Lane.REPLY, 7, longest_pause=2, new=True))
    await crowd.clock.pass_to(100.0)
    crowd.gate.refused(7, 60)
    await crowd.is_answered()
    assert 59 < await last < 60


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("crowd"), st.integers(1, 60)),
        st.tuples(st.just("wait"), st.integers(0, 20)),
        st.tuples(st.just("flood"), st.integers(1, 3)),
    ),
    max_size=12,
)


@settings(max_examples=30)
@given(STEPS, st.floats(1, 90, allow_nan=False))
def test_no_second_holds_more_answers_than_telegram_documents(
    steps: list[tuple[str, int]], rate: float
) -> None:
    async def play() -> list[float]:
        crowd = Crowd(rate)
        for step, number in steps:
            if step == "crowd":
                crowd.comes(number)
                await crowd.clock.pass_to(crowd.clock.now)
            elif step == "wait":
                await crowd.clock.pass_to(crowd.clock.now + number / 10)
            else:
                crowd.floods(number)
        return await crowd.is_answered()

    left = asyncio.run(play())
    assert most_at_once(left, PACE) <= BURST + 1e-6
    assert all(b - a > 1.0 - 1e-6 for a, b in zip(left, left[DOCUMENTED:], strict=False))


async def test_who_is_in_the_middle_of_signing_goes_before_a_crowd_of_strangers() -> None:
    crowd = Crowd()
    crowd.comes(20 * PACE)
    await crowd.clock.pass_to(100.5)
    crowd.gate.signs(7)
    for number in range(5):
        crowd.gate.signs(7)
        answer = asyncio.create_task(crowd.gate.acquire(Lane.REPLY, 7, 3.0, new=True))
        await crowd.clock.pass_to(crowd.clock.now + 0.1)
        assert answer.done() == (number < 4), "the fifth waits as those do who flood"
    answer.cancel()
    await crowd.is_answered()


async def test_answers_to_people_in_the_middle_of_signing_make_newcomers_come_back_later() -> None:
    crowd = Crowd()
    asked = []
    for chat in range(2 * PACE):
        crowd.gate.signs(chat)
        for each in (chat, 100 + chat):
            asked.append(crowd.gate.acquire(Lane.REPLY, each, 3.0, new=True))
    tasks = [asyncio.create_task(each) for each in asked]
    await crowd.clock.pass_to(102.0)
    newcomer = asyncio.create_task(crowd.gate.acquire(Lane.REPLY, 1000, 3.0, new=True))
    await crowd.clock.pass_to(102.0)
    assert newcomer.result() > 1.5
    await crowd.clock.pass_until_nobody_sleeps()
    await asyncio.gather(*tasks)


async def test_who_signs_and_could_not_be_answered_goes_first_as_often_as_before() -> None:
    crowd = Crowd()
    crowd.gate.signs(7)
    for _ in range(5):
        crowd.gate.refused(7, 5.0)
        assert await crowd.gate.acquire(Lane.REPLY, 7, 3.0, new=True) > 3.0
        await crowd.clock.pass_to(crowd.clock.now + 20.0)
    crowd.comes(3 * PACE)
    asked = asyncio.create_task(crowd.gate.acquire(Lane.REPLY, 7, 3.0, new=True))
    await crowd.clock.pass_to(crowd.clock.now + 0.1)
    assert asked.done()
    await crowd.is_answered()


async def test_in_a_crowd_who_was_not_answered_yet_goes_before_who_was() -> None:
    crowd, answers = Crowd(), dict[int, list[float]]()

    async def comes_again_and_again(chat: int) -> None:
        while True:
            await crowd.answers(chat)
            answers.setdefault(chat, []).append(crowd.clock.now)
            crowd.gate.accepted(chat)
            await crowd.clock.sleep(10.0)

    flood = [asyncio.create_task(comes_again_and_again(chat)) for chat in range(20 * PACE)]
    await crowd.clock.pass_to(150.0)
    newcomers = [asyncio.create_task(comes_again_and_again(chat)) for chat in range(1000, 1010)]
    await crowd.clock.pass_to(160.0)
    for task in (*flood, *newcomers):
        task.cancel()
    await asyncio.gather(*flood, *newcomers, return_exceptions=True)
    assert max(answers[chat][0] for chat in range(1000, 1010)) < 156.0
    every = sorted(moment for each in answers.values() for moment in each)
    assert all(b - a >= 1.0 for a, b in zip(every, every[DOCUMENTED:], strict=False))


async def test_in_a_crowd_who_got_a_broadcast_goes_before_who_comes_later() -> None:
    crowd, told, later = Crowd(), 7, 8
    crowd.gate.leaves(Lane.BROADCAST, told)
    crowd.gate.accepted(told)
    coming = [
        asyncio.create_task(crowd.gate.acquire(Lane.REPLY, chat, 3.0, new=True))
        for chat in (*range(1000, 1000 + 5 * PACE), told, later)
    ]
    await crowd.clock.pass_until_nobody_sleeps()
    *_, of_told, of_later = await asyncio.gather(*coming)
    assert 3.0 < of_told < of_later


async def test_an_admin_who_repeats_a_command_waits_behind_none_of_those_who_flood() -> None:
    admin, waits = 7, list[float]()
    crowd = Crowd(admins={admin})

    async def orders() -> None:
        for _ in range(20):
            begun = crowd.clock.now
            await crowd.answers(admin)
            waits.append(crowd.clock.now - begun)
            await crowd.clock.sleep(3.0)

    async with crowd.flooded(range(100, 160)):
        await crowd.clock.pass_to(120.0)
        ordered = asyncio.create_task(orders())
        await crowd.clock.pass_to(300.0)
    await ordered
    assert max(waits) < 0.5


async def test_who_wrote_a_lot_gets_a_whole_answer_among_accounts_that_flood() -> None:
    crowd, somebody = Crowd(), 7

    async def previews() -> list[float]:
        for _ in range(10):
            await crowd.answers(somebody)
        return [await crowd.gate.acquire(Lane.REPLY, somebody, 3.0, new=True) for _ in range(3)]

    async with crowd.flooded(range(100, 130)):
        await crowd.clock.pass_to(120.0)
        asked = asyncio.create_task(previews())
        await crowd.clock.pass_to(300.0)
    assert asked.done()
    assert await asked == [0.0] * 3
