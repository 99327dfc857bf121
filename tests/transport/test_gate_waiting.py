"""Many calls that wait at the gate at once wait for one pause, and leave one after the other."""

import asyncio
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.transport.send_gate import Gate, Lane
from tests.transport.limit_simulation import flood, most_at_once
from tests.transport.test_gate_replies import Timeline

RATE = 50
BURST = 5


class Many:
    """A broadcast whose calls all wait at the gate, and when they leave."""

    def __init__(self) -> None:
        self.clock = Timeline()
        self.gate = Gate(RATE, BURST, clock=self.clock, sleep=self.clock.sleep)
        self.left: list[float] = []
        self.paused_until = 0.0
        self.probes = 0
        self._chats = count(1000)
        self._waiting: list[asyncio.Task[None]] = []

    def come(self, size: int, lane: Lane = Lane.BROADCAST) -> None:
        self._waiting += [asyncio.create_task(self._send(lane)) for _ in range(size)]

    def flood(self, seconds: float) -> None:
        if self.clock.now >= self.paused_until:
            self.paused_until = self.clock.now + seconds
            self.probes = 0
            flood(self.gate, seconds)

    async def all_leave(self) -> list[float]:
        await self.clock.pass_until_nobody_sleeps()
        await asyncio.gather(*self._waiting)
        return self.left

    async def _send(self, lane: Lane) -> None:
        chat = next(self._chats)
        assert await self.gate.acquire(lane, chat, new=True) == 0.0
        if lane is Lane.BROADCAST:
            self.left.append(self.clock.now)
        if self.clock.now < self.paused_until:
            self.probes += 1
            assert self.probes <= 1, "a pause of three seconds is probed once"
            self.gate.refused(chat, self.paused_until - self.clock.now)


async def test_one_pause_holds_all_who_wait_and_then_they_leave_in_turn() -> None:
    many = Many()
    many.come(200)
    await many.clock.pass_to(101.0)
    before = len(many.left)
    many.flood(3)
    left = await many.all_leave()
    assert len(left) == 200
    assert left[before] == pytest.approx(103.0), "the probe"
    assert left[before + 1] == pytest.approx(104.0)
    assert sum(moment < 105 for moment in left[before:]) <= RATE + BURST + 1


async def test_a_pause_that_grows_is_held_to_its_new_end() -> None:
    many = Many()
    many.come(100)
    await many.clock.pass_to(100.5)
    before = len(many.left)
    many.flood(3)
    many.paused_until += 0.7
    left = await many.all_leave()
    assert left[before : before + 2] == pytest.approx([102.5, 104.2], abs=0.01)


async def test_a_chat_that_pauses_does_not_hold_up_the_others() -> None:
    many = Many()
    many.gate.refused(1000, 60)
    many.come(100)
    await many.clock.pass_to(102.0)
    assert len(many.left) == 99
    assert (await many.all_leave())[-1] == pytest.approx(160.0)


async def test_an_aim_holds_for_those_who_wait_already() -> None:
    many = Many()
    many.come(120)
    await many.clock.pass_to(101.0)
    before = len(many.left)
    many.gate.set_ceiling(10)
    await many.clock.pass_to(104.0)
    assert len(many.left) - before == pytest.approx(30, abs=2)
    many.gate.set_ceiling(1000)
    assert (await many.all_leave())[-1] < 104.2


async def test_who_need_not_wait_passes_without_a_turn_of_the_loop() -> None:
    gate = Gate(1000, 100)
    for chat in range(100):
        with pytest.raises(StopIteration) as ended:
            gate.acquire(Lane.BROADCAST, chat).send(None)
        assert ended.value.value == 0.0


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("broadcast"), st.integers(1, 60)),
        st.tuples(st.just("replies"), st.integers(1, 5)),
        st.tuples(st.just("wait"), st.integers(0, 20)),
        st.tuples(st.just("flood"), st.integers(1, 3)),
    ),
    max_size=12,
)


@settings(max_examples=30)
@given(STEPS)
def test_nobody_but_a_probe_leaves_in_a_pause_and_no_window_overflows(
    steps: list[tuple[str, int]],
) -> None:
    async def play() -> list[float]:
        many = Many()
        for step, number in steps:
            if step == "broadcast":
                many.come(number)
            elif step == "replies":
                many.come(number, Lane.REPLY)
            elif step == "wait":
                await many.clock.pass_to(many.clock.now + number / 10)
            else:
                many.flood(number)
        return await many.all_leave()

    left = asyncio.run(play())
    assert most_at_once(left, RATE) <= BURST + 1e-6
