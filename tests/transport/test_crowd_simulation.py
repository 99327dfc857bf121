"""A crowd whose every first call is refused hardly delays anybody else."""

import heapq
import math
import random
from dataclasses import dataclass, field
from itertools import count

import pytest

from bot.transport.send_gate import Gate, Lane
from simulator.errors import Refused
from simulator.rate_limits import RateLimits


@pytest.mark.parametrize(
    ("hostile", "known", "sent", "told"),
    [
        *((4, False, 0.0, 3), (4, True, 28.0, 60), (10, False, 28.0, 60), (10, True, 0.0, 3)),
        *((30, False, 0.0, 60), (30, True, 28.0, 3), (300, False, 28.0, 3), (300, True, 0.0, 60)),
    ],
)
def test_nobody_else_waits_for_a_second(hostile: int, known: bool, sent: float, told: int) -> None:
    telegram = Crowded(sent=sent, told=told, seed=hostile)
    telegram.arrive(110)
    telegram.crowd(hostile, at=65, within=1, known=known)
    telegram.run(200)
    assert telegram.longest(55) < 1.0
    assert len(telegram.refused) == hostile


@pytest.mark.parametrize("known", [False, True])
def test_where_hardly_anybody_writes_the_next_one_who_does_ends_it(known: bool) -> None:
    for seed in range(3):
        telegram = Crowded(people=0.3, seed=seed)
        telegram.arrive(200)
        telegram.crowd(100, at=100, within=1, known=known)
        telegram.run(400)
        assert telegram.longest(90) < 1.0


@pytest.mark.parametrize("sent", [0.0, 28.0])
def test_crowd_after_crowd_makes_no_broadcast_slower(sent: float) -> None:
    telegram = Crowded(sent=sent)
    telegram.arrive(150)
    for at in range(50, 150, 5):
        telegram.crowd(30, at, within=1)
    telegram.run(400)
    assert telegram.gate.rate == 28
    assert telegram.longest() < 1.0


@pytest.mark.parametrize("latency", [0.03, 0.3])
def test_a_limit_that_is_the_bots_own_is_seen_all_the_same(latency: float) -> None:
    telegram = Crowded(people=20, taps=1, sent=28.0, latency=latency)
    telegram.limits.allow(10, burst=10)
    telegram.arrive(20)
    telegram.run(20)
    assert telegram.paused[0] - telegram.refused[0] < 1.5
    assert telegram.gate.rate < 28


@dataclass(order=True)
class _Call:
    at: float
    number: int
    chat: int = field(compare=False)
    lane: Lane = field(compare=False)
    wanted_at: float = field(compare=False)
    seconds: int | None = field(default=None, compare=False)
    """The answer: the seconds to wait, or 0 when accepted; None before the call has left."""


@dataclass
class Crowded:
    """`people` a second begin to talk to the bot, beside `sent` messages of a broadcast a second.

    Each makes `taps` calls, some seconds apart. `told` is how many seconds a refused chat is asked
    to wait, `latency` the time of a call in seconds.
    """

    people: float = 2.0
    taps: int = 5
    sent: float = 0.0
    told: int = 60
    latency: float = 0.03
    seed: int = 0
    now: float = 0.0
    waits: list[tuple[float, float]] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    paused: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.gate = Gate(28.0, clock=lambda: self.now)
        self.limits = RateLimits(lambda: self.now)
        self.limits.allow(1e9, burst=1e9)
        self._dice = random.Random(self.seed)  # noqa: S311 - keeps no secret
        self._numbers = count(1)
        self._hostile = dict[int, float]()
        self._calls: list[_Call] = []

    def arrive(self, seconds: float) -> None:
        """Plans the calls of people and of a broadcast for so many seconds."""
        at = 0.0
        while self.people and (at := at + self._dice.expovariate(self.people)) < seconds:
            chat, moment = 1_000_000 + next(self._numbers), at
            for _ in range(self.taps):
                self._call(moment, chat, Lane.REPLY)
                moment += self._dice.uniform(2.0, 8.0)
        for number in range(int(seconds * self.sent)):
            self._call(number / self.sent, 2_000_000 + number, Lane.BROADCAST)

    def crowd(self, hostile: int, at: float, within: float, *, known: bool = False) -> None:
        """Plans refused calls of so many chats; if `known`, each had a reply a minute before."""
        for _ in range(hostile):
            chat = 3_000_000 + next(self._numbers)
            if known:
                self._call(at - 60.0 + self._dice.uniform(0.0, 30.0), chat, Lane.REPLY)
            self._call(at + self._dice.uniform(0.0, within), chat, Lane.REPLY)
            self._hostile[chat] = at

    def run(self, seconds: float) -> None:
        """Runs the simulation until so many seconds."""
        while self._calls and self._calls[0].at < seconds:
            call = heapq.heappop(self._calls)
            self.now = max(self.now, call.at)
            if call.seconds is None:
                self._leave_or_wait(call)
            elif call.seconds == 0:
                self.gate.accepted(call.chat)
            else:
                self.refused.append(self.now)
                self.gate.refused(call.chat, call.seconds)
                if self.gate.announced_pause():
                    self.paused.append(self.now)
                if call.chat not in self._hostile:
                    self._again(call, self.now + call.seconds)

    def longest(self, begin: float = 0.0) -> float:
        """Returns the longest wait since `begin` of anybody outside of the crowd."""
        return max(wait for at, wait in self.waits if at >= begin)

    def _call(self, at: float, chat: int, lane: Lane) -> None:
        heapq.heappush(self._calls, _Call(at, next(self._numbers), chat, lane, at))

    def _again(self, call: _Call, at: float) -> None:
        again = _Call(at, next(self._numbers), call.chat, call.lane, call.wanted_at)
        heapq.heappush(self._calls, again)

    def _leave_or_wait(self, call: _Call) -> None:
        pause = self.gate.pause_for(call.lane, call.chat)
        if pause > 0:
            self._again(call, self.now + pause)
            return
        self.gate.leaves(call.lane, call.chat)
        call.seconds = self._answer(call)
        if call.chat not in self._hostile and call.seconds == 0:
            self.waits.append((call.wanted_at, self.now - call.wanted_at))
        call.at = self.now + self.latency
        heapq.heappush(self._calls, call)

    def _answer(self, call: _Call) -> int:
        if self.now >= self._hostile.get(call.chat, math.inf):
            return self.told
        try:
            self.limits.count(call.chat)
        except Refused as refusal:
            return refusal.retry_after or 1
        return 0
