"""Counts of the messages that arrived in each chat, to tell what was lost or repeated."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class CountSummary:
    """A summary of an account.

    Attributes:
        arrived: the number of delivered messages, repetitions included.
        first: when the first arrived, by the monotonic clock, in seconds.
        last: when the last arrived.
        chats: the number of chats that got at least one.
        refused: the number of calls answered with 429.
        unheard: messages delivered whose client was gone before the answer.
    """

    arrived: int
    first: float
    last: float
    chats: int
    refused: int
    unheard: int

    @property
    def seconds(self) -> float:
        """Seconds from the first arrival to the last."""
        return self.last - self.first

    @property
    def repeated(self) -> int:
        """How many messages arrived in chats that already had one."""
        return self.arrived - self.chats


@dataclass(frozen=True, slots=True)
class RecipientCounts:
    """How messages are distributed over the recipients.

    Attributes:
        lost: how many recipients got nothing.
        repeated: how many messages arrived in chats that already had one.
        most: the largest number of messages in one chat.
    """

    lost: int
    repeated: int
    most: int


@dataclass
class MessageCounts:
    """The server's counts since `begin`; times are in seconds of the monotonic clock.

    Attributes:
        arrivals: when messages arrived in their chats.
        refusals: when calls were answered with 429.
        copies: how many messages arrived in each chat.
        unheard: messages delivered whose client was gone before the answer.
    """

    arrivals: array[float] = field(default_factory=lambda: array("d"))
    refusals: array[float] = field(default_factory=lambda: array("d"))
    copies: Counter[int] = field(default_factory=Counter)
    unheard: int = 0

    @property
    def repeated(self) -> int:
        """How many messages arrived in chats that already had one."""
        return len(self.arrivals) - len(self.copies)

    def delivered(self, chat: int, now: float) -> None:
        """Records a message that arrived in its chat."""
        self.arrivals.append(now)
        self.copies[chat] += 1

    def refused(self, now: float) -> None:
        """Records a call that was answered with 429."""
        self.refusals.append(now)

    def recipients(self, first_chat: int, people: int) -> RecipientCounts:
        """Returns how messages are distributed over these chats."""
        copies = [self.copies[chat] for chat in range(first_chat, first_chat + people)]
        return RecipientCounts(
            lost=copies.count(0), repeated=sum(copies) - people + copies.count(0), most=max(copies)
        )

    def summary(self) -> CountSummary:
        times = self.arrivals
        return CountSummary(
            arrived=len(times),
            first=times[0] if times else 0.0,
            last=times[-1] if times else 0.0,
            chats=len(self.copies),
            refused=len(self.refusals),
            unheard=self.unheard,
        )


def busiest_second(arrivals: Sequence[float]) -> int:
    """Returns the most arrivals within any one second."""
    most, first = 0, 0
    for last, moment in enumerate(arrivals):
        while moment - arrivals[first] >= 1.0:
            first += 1
        most = max(most, last - first + 1)
    return most
