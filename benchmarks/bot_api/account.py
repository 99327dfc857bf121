"""What arrived, when, for whom and how often: enough to tell exactly what was lost or repeated."""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Seen:
    """The account in short.

    Attributes:
        arrived: messages that were delivered, repetitions included.
        first: when the first came, in seconds of the machine's monotonic clock.
        last: when the last came.
        chats: how many chats got at least one.
        refused: how many calls were answered with 429.
        unheard: messages that were delivered while nobody was left to hear the answer.
        cores: seconds that the process has computed, in all its life.
    """

    arrived: int
    first: float
    last: float
    chats: int
    refused: int
    unheard: int
    cores: float

    @property
    def seconds(self) -> float:
        """From the first to the last."""
        return self.last - self.first

    @property
    def repeated(self) -> int:
        """Messages that somebody had already."""
        return self.arrived - self.chats


@dataclass(frozen=True, slots=True)
class Shares:
    """How what arrived is spread over the recipients.

    Attributes:
        lost: how many got nothing.
        repeated: messages that somebody had already.
        most: how often the one got it who got it most often.
    """

    lost: int
    repeated: int
    most: int


class Account:
    """Kept by the server; the times are those of arrival."""

    def __init__(self) -> None:
        self.arrivals = array("d")
        self.refusals = array("d")
        self.copies: Counter[int] = Counter()
        self.unheard = 0

    def delivered(self, chat: int, now: float) -> None:
        """A message is in its chat."""
        self.arrivals.append(now)
        self.copies[chat] += 1

    def refused(self, now: float) -> None:
        """A call came too early."""
        self.refusals.append(now)

    def shares(self, first_chat: int, people: int) -> Shares:
        """How what arrived is spread over these chats."""
        copies = [self.copies[chat] for chat in range(first_chat, first_chat + people)]
        return Shares(
            lost=copies.count(0), repeated=sum(copies) - people + copies.count(0), most=max(copies)
        )

    def seen(self, cores: float) -> Seen:
        """The account in short."""
        times = self.arrivals
        return Seen(
            arrived=len(times),
            first=times[0] if times else 0.0,
            last=times[-1] if times else 0.0,
            chats=len(self.copies),
            refused=len(self.refusals),
            unheard=self.unheard,
            cores=cores,
        )
