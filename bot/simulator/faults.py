"""What goes wrong between a bot and Telegram, at the tester's word or by seeded chance."""

import asyncio
import random
from collections import deque
from dataclasses import dataclass, field
from enum import Enum
from hashlib import blake2b

from bot.simulator.errors import Refused, too_many


class Fault(Enum):
    """One thing that can happen to a call."""

    ERROR = "answered with a 5xx, nothing done"
    CUT = "connection cut, nothing done"
    DROP = "done, then the connection is cut instead of an answer"
    FLOOD = "refused with 429"
    HANG = "not answered, nothing done"


_DRAWN = (Fault.ERROR, Fault.CUT, Fault.DROP, Fault.FLOOD)
_NO_FAULTS_IN = frozenset({"getUpdates", "getMe"})


@dataclass(slots=True)
class Faults:
    """Faults to inject; every field can be changed while running.

    `latency` is in seconds, a number or a pair to draw from; the rates are shares of calls
    between 0 and 1. Rates leave `spared` methods alone; a planned fault (`next`) does not.
    `of_chats` is what happens to every call to a chat, by its number.
    What is drawn depends on the seed, the method, the chat and how many such calls there were,
    so a run with many calls at once meets the same faults in whatever order they come.
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
    of_chats: dict[int, Fault] = field(default_factory=dict)
    _drawn: dict[tuple[str, str], int] = field(default_factory=dict, init=False)
    _random: random.Random = field(init=False)
    _planned: dict[str, deque[Fault]] = field(default_factory=dict, init=False)
    _running: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _is_over: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 - repeatable, not secret
        self._running.set()

    def next(self, method: str, *faults: Fault) -> None:
        """Let these faults happen to the next calls of a method, one each, in this order."""
        self._planned.setdefault(method, deque()).extend(faults)

    def freeze(self) -> None:
        """Answer nothing until `thaw`; calls wait before they have any effect."""
        self._running.clear()

    def thaw(self) -> None:
        """Let the waiting calls go on."""
        self._running.set()

    def clear(self) -> None:
        """Work perfectly from here on."""
        self.latency = self.error_rate = self.cut_rate = self.drop_rate = 0.0
        self.too_many_rate = 0.0
        self._planned.clear()
        self.of_chats.clear()
        self.end_hanging()
        self.thaw()

    def end_hanging(self) -> None:
        """Let the calls that hang come to nothing."""
        self._is_over.set()
        self._is_over = asyncio.Event()

    async def hang(self) -> None:
        """Wait until nobody can expect an answer any more."""
        await self._is_over.wait()

    async def before(self) -> None:
        """Wait as long as the network takes."""
        if not self._running.is_set():
            await self._running.wait()
        if self.latency:
            pair = self.latency if isinstance(self.latency, tuple) else (self.latency,) * 2
            await asyncio.sleep(self._random.uniform(*pair))

    def chosen(self, method: str, chat: object = None) -> Fault | None:
        """Decide what happens to a call."""
        planned = self._planned.get(method)
        if planned:
            return planned.popleft()
        if chat is not None and (fault := self.of_chats.get(_number(chat))) is not None:
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
        """A number between 0 and 1 that is the same in every run."""
        key = (method, str(chat))
        number = self._drawn[key] = self._drawn.get(key, 0) + 1
        drawn = blake2b(f"{self.seed} {method} {chat} {number}".encode(), digest_size=8).digest()
        return int.from_bytes(drawn) / 2**64

    def refusal(self, fault: Fault) -> Refused:
        """The answer of a fault that has one."""
        if fault is Fault.FLOOD:
            return too_many(self.retry_after)
        words = {500: "Internal Server Error", 502: "Bad Gateway", 504: "Gateway Timeout"}
        return Refused(self.error_code, words.get(self.error_code, "Service Unavailable"))


def _number(chat: object) -> int:
    """The number of a chat as a call names it; 0 for one that is named otherwise."""
    text = str(chat)
    return int(text) if text.removeprefix("-").isdecimal() else 0
