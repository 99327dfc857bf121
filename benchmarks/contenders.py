"""The compared clients: this bot and its peers, all against the same Bot API."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.bot_api.account import Seen
from benchmarks.bot_api.process import TOKEN, FastApi, Weather
from benchmarks.children import ChildFailed, sent_by
from benchmarks.occasion import Occasion
from benchmarks.orders import Order, Told
from benchmarks.peers.environments import python_of
from benchmarks.signatories import FIRST_CHAT


@dataclass(frozen=True, slots=True)
class Contender:
    """A way to send a broadcast.

    Attributes:
        name: its name in tables.
        module: the module that a child process runs.
        environment: the virtual environment it needs; None for the project's own.
        marks: what is on disk when a message counts as sent.
        one_by_one: whether it waits for each answer before the next call.
        needs_petition: whether its recipients are the people who signed.
    """

    name: str
    module: str
    environment: str | None
    marks: str
    one_by_one: bool = False
    needs_petition: bool = False


OURS: Final = Contender(
    "**this bot**",
    "benchmarks.ours",
    None,
    "each, in SQLite (`synchronous=FULL`)",
    needs_petition=True,
)
# A client that only sends, to show the server's limit.
RAW: Final = Contender(
    "the server's ceiling: raw sockets", "benchmarks.bot_api.ceiling", None, "nothing"
)
AIOGRAM: Final = Contender(
    "aiogram-broadcaster 0.6.8",
    "benchmarks.peers.aiogram_broadcaster",
    "broadcasters",
    "each, in its file",
    one_by_one=True,
)
PATIENT: Final = Contender(
    "aiogram-broadcaster, its 429 handler on",
    "benchmarks.peers.aiogram_broadcaster_patient",
    "broadcasters",
    "each, in its file",
    one_by_one=True,
)
SEQUENTIAL: Final = Contender(
    "python-telegram-broadcast 0.9.7",
    "benchmarks.peers.python_telegram_broadcast",
    "broadcasters",
    "nothing until the end",
    one_by_one=True,
)
GATHER: Final = Contender(
    "PTB 22 `gather`", "benchmarks.peers.ptb_gather", "ptb", "nothing: no durable marking"
)
LIMITED: Final = Contender(
    "PTB 22 `gather`, `AIORateLimiter`",
    "benchmarks.peers.ptb_gather_limited",
    "ptb",
    "nothing: no durable marking",
)
PEERS: Final = (AIOGRAM, SEQUENTIAL, GATHER, LIMITED)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One broadcast, as reported by the client and as seen by the server.

    Attributes:
        served: the server's CPU time in seconds.
    """

    told: Told
    seen: Seen
    served: float

    @property
    def seconds(self) -> float:
        """Seconds from the first arrival until everything was marked."""
        return self.told.ended - self.seen.first

    @property
    def rate(self) -> float:
        """Messages a second."""
        return self.seen.arrived / self.seconds

    @property
    def cores(self) -> float:
        """How many cores the client kept busy."""
        return self.told.computed / (self.told.ended - self.told.begun)

    @property
    def server_cores(self) -> float:
        """How many cores the server kept busy."""
        return self.served / self.seconds


@dataclass(frozen=True, slots=True)
class Course:
    """The task of one attempt: the number of recipients and the server's behaviour.

    `rate` is messages a second at most, 0 for no cap; the client stops after `seconds`.
    """

    people: int
    weather: Weather
    rate: float = 0.0
    seconds: float = 600.0


async def attempt(
    contender: Contender, occasion: Occasion, api: FastApi, course: Course
) -> Attempt:
    """Runs one broadcast of one contender.

    Raises:
        NoEnvironment: the peer's environment cannot be made.
        ChildFailed: the client failed or did not finish.
    """
    python = Path(sys.executable)
    if contender.environment is not None:
        python = await python_of(contender.environment)
    async with _folder(contender, occasion, course.people) as folder:
        await api.begin(course.weather)
        order = Order(
            api.url, TOKEN, str(folder), FIRST_CHAT, course.people, course.rate, course.seconds
        )
        before = await api.look()
        told = await sent_by(python, contender.module, order)
        if contender is OURS and not told.complete:
            raise ChildFailed(
                f"the bot did not finish: {told.said or 'cut off'}. {told.complaint}"
            )
        seen = await api.look()
        return Attempt(told, seen, seen.cores - before.cores)


@asynccontextmanager
async def _folder(contender: Contender, occasion: Occasion, people: int) -> AsyncIterator[Path]:
    if contender.needs_petition:
        async with occasion.petition(people) as folder:
            yield folder
        return
    with occasion.empty_folder() as folder:
        yield folder
