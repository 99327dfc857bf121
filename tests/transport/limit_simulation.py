"""Simulates a broadcast through the gate against rate limits, in simulated time."""

import asyncio
import heapq
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import accumulate, count

from bot.transport.send_gate import Gate, Lane
from simulator.errors import Refused
from simulator.rate_limits import RateLimits

DOCUMENTED = 30


class Clock:
    """A simulated clock that moves only during sleeps."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)


class Timeline(Clock):
    """A simulated clock that wakes all its sleepers in the order of their times."""

    def __init__(self) -> None:
        super().__init__()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._numbers = count()

    async def sleep(self, seconds: float) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.now + seconds, next(self._numbers), future))
        await future

    async def pass_to(self, moment: float) -> None:
        await self._settle()
        while self._sleepers and self._sleepers[0][0] <= moment:
            self.now, _, future = heapq.heappop(self._sleepers)
            if not future.cancelled():
                future.set_result(None)
            await self._settle()
        self.now = max(self.now, moment)

    async def pass_until_nobody_sleeps(self) -> None:
        await self._settle()
        while self._sleepers:
            await self.pass_to(self._sleepers[0][0])

    @staticmethod
    async def _settle() -> None:
        for _ in range(25):  # several calls leave each time that a line wakes
            await asyncio.sleep(0)


def flood(gate: Gate, seconds: float) -> None:
    """Makes the gate begin a proved overall pause: three chats and the probe are refused."""
    for chat in (9001, 9002, 9003):
        gate.refused(chat, seconds)
    gate.leaves(Lane.BROADCAST, 9004)
    gate.refused(9004, seconds)


def most_at_once(moments: Iterable[float], rate: float) -> float:
    """Returns the burst that these moments need: how many more than the rate any window holds."""
    ahead = [number - rate * moment for number, moment in enumerate(moments)]
    lowest = accumulate(ahead, min)
    return max((1 + here - before for here, before in zip(ahead, lowest, strict=True)), default=0)


@dataclass
class Limited:
    """Sends to a simulated Telegram with a limit of `limit` a second, and records what happens.

    `latency` is the time of a call in seconds, `ceiling` the gate's ceiling.
    """

    ceiling: float
    limit: float
    burst: float
    pause: float = 2.0
    latency: float = 0.03
    now: float = 0.0
    accepted: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.gate = Gate(self.ceiling, clock=lambda: self.now, sleep=self._sleep)
        self.gate.set_ceiling(self.ceiling)
        self.limits = RateLimits(lambda: self.now + self.latency / 2, overall_pause=self.pause)
        self.allow(self.limit, self.burst)
        self._chats = count(1)
        self._answers: list[tuple[float, int, int]] = []

    def allow(self, limit: float, burst: float) -> None:
        """Changes Telegram's limit from now on."""
        self.limit = limit
        self.limits.allow(limit, burst=burst)

    def run(self, seconds: float) -> None:
        """Sends for so many seconds."""
        with suppress(StopIteration):  # nothing in it suspends: its sleep only moves the clock
            self._send_until(self.now + seconds).send(None)

    def share(self, begin: float, end: float) -> float:
        """Returns what was accepted in this time, as a share of what the limit allowed."""
        accepted = sum(begin <= moment < end for moment in self.accepted)
        return accepted / (end - begin) / self.limit

    async def _send_until(self, end: float) -> None:
        while self.now < end:
            chat, seconds = next(self._chats), 0
            await self.gate.acquire(Lane.BROADCAST, chat)
            try:
                self.limits.count(chat)
            except Refused as refusal:
                seconds = refusal.retry_after or 1
                self.refused.append(self.now)
            else:
                self.accepted.append(self.now)
            heapq.heappush(self._answers, (self.now + self.latency, chat, seconds))

    async def _sleep(self, seconds: float) -> None:
        self._answer_until(self.now + seconds)

    def _answer_until(self, moment: float) -> None:
        while self._answers and self._answers[0][0] <= moment:
            self.now, chat, seconds = heapq.heappop(self._answers)
            if not seconds:
                self.gate.accepted(chat)
                continue
            self.gate.refused(chat, seconds)
            # A new pause begins with the first refusal after something was accepted.
            if self._is_paused() and (not self.pauses or self.accepted[-1] > self.pauses[-1]):
                self.pauses.append(self.now)
        self.now = max(self.now, moment)

    def _is_paused(self) -> bool:
        """Tells whether all calls are paused, and not only until a probe is answered."""
        return self.gate.pause_for(Lane.BROADCAST) > 0.5
