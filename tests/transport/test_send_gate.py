import asyncio
from bisect import bisect_left
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.transport.send_gate import Gate, Lane
from storage.leases import Peers
from tests.transport.limit_simulation import DOCUMENTED, Clock, Timeline, flood, most_at_once


def gate_at(clock: Clock, rate: float = 10, burst: int = 1) -> Gate:
    return Gate(rate, burst, clock=clock, sleep=clock.sleep)


async def left_at(gate: Gate, clock: Clock, number: int) -> list[float]:
    """Returns after how many seconds so many messages of a broadcast leave."""
    begun, left = clock.now, list[float]()
    for chat in range(number):
        await gate.acquire(Lane.BROADCAST, chat)
        left.append(clock.now - begun)
    return left


async def test_without_a_burst_two_messages_may_make_up_for_a_late_timer() -> None:
    clock = Clock()
    gate = Gate(28, clock=clock, sleep=clock.sleep)
    assert await left_at(gate, clock, 3) == pytest.approx([0, 0, 1 / 28])


async def test_at_a_high_rate_several_messages_leave_each_time_that_the_gate_wakes() -> None:
    clock = Clock()
    gate = Gate(clock=clock, sleep=clock.sleep)
    gate.set_ceiling(1000)
    left = await left_at(gate, clock, 1066)
    assert len(set(left)) <= 101
    assert left[-1] == pytest.approx(1.0, abs=0.01)
    assert most_at_once(left, 1000) <= 68


@pytest.mark.parametrize(("rate", "of_a_reply"), [(28, 1 / 28), (10, 0.9 / 25)])
async def test_a_new_message_to_a_person_takes_a_slot_of_the_broadcast_and_no_edit_does(
    rate: float, of_a_reply: float
) -> None:
    clock = Clock()
    gate = gate_at(clock, rate)
    await gate.acquire(Lane.BROADCAST, 1)
    for chat in (2, 3):
        await gate.acquire(Lane.REPLY, chat, new=True)
        await gate.acquire(Lane.REPLY, chat)
    assert await left_at(gate, clock, 1) == pytest.approx([1 / rate + 2 * of_a_reply])


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


class Replica:
    """One of several gates, each of which answers a crowd of its own."""

    def __init__(self, clock: Timeline, others: int) -> None:
        self.clock, self.peers = clock, Peers(others=others)
        self.gate = Gate(clock=clock, sleep=clock.sleep, peers=self.peers)
        self.left: list[float] = []

    async def sends(self, lane: Lane, chat: int) -> None:
        await self.gate.acquire(lane, chat, new=True)
        self.left.append(self.clock())


@pytest.mark.parametrize("number", [1, 2, 5, 8, 12])
async def test_all_together_stay_below_telegrams_limit(number: int) -> None:
    clock = Timeline()
    replicas = [Replica(clock, number - 1) for _ in range(number)]
    asking = [
        asyncio.create_task(replica.sends(Lane.REPLY, 1000 * place + chat))
        for place, replica in enumerate(replicas)
        for chat in range(400)
    ]
    await clock.pass_to(clock() + 10)
    left = sorted(moment for replica in replicas for moment in replica.left)
    assert len(left) / 10 >= (20 if number <= 8 else 15)
    in_a_second = [bisect_left(left, at + 0.999) - place for place, at in enumerate(left)]
    assert max(in_a_second) <= DOCUMENTED
    for each in asking:
        each.cancel()
    assert sum(replica.peers.replies for replica in replicas) == len(left)


@pytest.mark.parametrize(("theirs", "rate"), [(0, 28), (2, 28), (10, 20), (60, 2.8)])
async def test_a_broadcast_leaves_room_for_what_other_replicas_reply(
    theirs: float, rate: float
) -> None:
    clock = Timeline()
    replica = Replica(clock, 3)
    replica.peers.their_rate = theirs
    asking = [asyncio.create_task(replica.sends(Lane.BROADCAST, chat)) for chat in range(400)]
    await clock.pass_to(clock() + 10)
    assert len(replica.left) == pytest.approx(10 * rate, rel=0.05, abs=2)
    for each in asking:
        each.cancel()
