"""Injected faults between the bot and Telegram, planned or drawn from a seed."""

import asyncio
import random
from collections import deque
from dataclasses import dataclass, field
from enum import Enum
from hashlib import blake2b

from simulator.errors import Refused, too_many


class Fault(Enum):
    """A fault that can happen to a call."""

    ERROR = "answered with a 5xx, nothing done"
    CUT = "connection cut, nothing done"
    DROP = "done, then the connection is cut instead of an answer"
    FLOOD = "refused with 429"
    HANG = "not answered, nothing done"


_DRAWN = (Fault.ERROR, Fault.CUT, Fault.DROP, Fault.FLOOD)
_NO_FAULTS_IN = frozenset({"getUpdates", "getMe"})


@dataclass(slots=True)
class Faults:
    """The faults to inject; every field can be changed while running.

    `latency` is in seconds, a number or a range to draw from; the rates are shares of calls
    between 0 and 1. Rates do not apply to `spared` methods; planned faults (`next`) do.
    `by_chat` sets the fault of every call to a chat, by its number.
    A drawn fault depends on the seed, the method, the chat and the number of such calls so far,
    so concurrent calls meet the same faults in every run, whatever their order.
    """

    seed: int = 0
    latency: float | tuple[float, float] = 0.0
    error_rate: float = 0.0
    error_code: int = 502
    cut_rate: float = 0.0
    drop_rate: float = 0.0
    too_many_rate: float = 0.0
    retry_after: int = 1
    spared: frozenset[str] = _NO_FAULTS_IN
    by_chat: dict[int, Fault] = field(default_factory=dict)
    _drawn: dict[tuple[str, str], int] = field(default_factory=dict, init=False)
    _random: random.Random = field(init=False)
    _planned: dict[str, deque[Fault]] = field(default_factory=dict, init=False)
    _running: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _is_over: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 - repeatable, not secret
        self._running.set()

    def next(self, method: str, *faults: Fault) -> None:
        """Plans faults for the next calls of a method, one each, in this order."""
        self._planned.setdefault(method, deque()).extend(faults)

    def freeze(self) -> None:
        """Holds back all calls until `thaw`, before they have any effect."""
        self._running.clear()

    def thaw(self) -> None:
        """Lets the waiting calls go on."""
        self._running.set()

    def clear(self) -> None:
        """Removes all faults, ends hanging calls and lets waiting calls go on."""
        self.latency = self.error_rate = self.cut_rate = self.drop_rate = 0.0
        self.too_many_rate = 0.0
        self._planned.clear()
        self.by_chat.clear()
        self.end_hanging()
        self.thaw()

    def end_hanging(self) -> None:
        """Cuts the connections of the calls that hang."""
        self._is_over.set()
        self._is_over = asyncio.Event()

    async def hang(self) -> None:
        """Waits until `end_hanging` is called."""
        await self._is_over.wait()

    async def delay(self) -> None:
        """Waits while frozen, then for the latency."""
        if not self._running.is_set():
            await self._running.wait()
        if self.latency:
            pair = self.latency if isinstance(self.latency, tuple) else (self.latency,) * 2
            await asyncio.sleep(self._random.uniform(*pair))

    def pick(self, method: str, chat: object = None) -> Fault | None:
        """Returns the fault of a call, if it has one; uses up a planned one."""
        planned = self._planned.get(method)
        if planned:
            return planned.popleft()
        for number, fault in self.by_chat.items():
            if str(number) == str(chat):
                return fault
        if method in self.spared:
            return None
        rates = (self.error_rate, self.cut_rate, self.drop_rate, self.too_many_rate)
        if not any(rates):
            return None
        share = self._share(method, chat)
        for rate, fault in zip(rates, _DRAWN, strict=True):
            if share < rate:
                return fault
            share -= rate
        return None

    def _share(self, method: str, chat: object) -> float:
        """Returns a number between 0 and 1 that is the same in every run."""
        key = (method, str(chat))
        number = self._drawn[key] = self._drawn.get(key, 0) + 1
        drawn = blake2b(f"{self.seed} {method} {chat} {number}".encode(), digest_size=8).digest()
        return int.from_bytes(drawn) / 2**64

    def refusal(self, fault: Fault) -> Refused:
        """Returns the answer to a call with the fault ERROR or FLOOD."""
        if fault is Fault.FLOOD:
            return too_many(self.retry_after)
        words = {500: "Internal Server Error", 502: "Bad Gateway", 504: "Gateway Timeout"}
        return Refused(self.error_code, words.get(self.error_code, "Service Unavailable"))
