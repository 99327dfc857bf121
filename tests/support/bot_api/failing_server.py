"""A Bot API that fails at given rates, and records which message arrived where."""

import asyncio
import random
import re
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from aiohttp import web

from simulator.errors import Refused, forbidden, too_many
from tests.support.bot_api.message_counts import MessageCounts
from tests.support.bot_api.server import Behavior, BotApi, Reply
from tests.support.waiting import until

# Not a real token; only its number is shown to the bot.
_TOKEN = "123456789:AAsoakSoakSoakSoakSoakSoakSoakSoakSoak1"
# Tolerance for a client's timers, which may fire a little early.
_SLACK_SECONDS = 0.05
_REFUSALS = {
    "403": forbidden("bot was blocked by the user"),
    "429": too_many(1),
    "500": Refused(500, "Internal Server Error"),
}


@dataclass(frozen=True)
class FailingBehavior(Behavior):
    """The server's behaviour; shares are between 0 and 1.

    Attributes:
        errors: the share of messages answered with 500 and not delivered.
        lost_answers: the share delivered with the connection cut instead of an answer.
        floods: the share answered with 429, one second, and not delivered.
        blocked: the chats that have blocked the bot.
    """

    latency: float = 0.01
    errors: float = 0.0
    lost_answers: float = 0.0
    floods: float = 0.0
    blocked: frozenset[int] = frozenset()


class Arrival(NamedTuple):
    """A message that arrived in its chat."""

    at: float
    chat: int
    message: int
    by: str
    """The number before the colon of the sender's token."""


@dataclass
class ArrivalCounts(MessageCounts):
    """What happened since `begin`, by the monotonic clock.

    Attributes:
        lost: how many answers to delivered messages were cut off, by chat.
        too_early: chats written to again before their pause was over.
    """

    messages: list[Arrival] = field(default_factory=list)
    lost: Counter[int] = field(default_factory=Counter)
    errors: int = 0
    floods: int = 0
    too_early: list[int] = field(default_factory=list)
    deleted: set[tuple[int, int]] = field(default_factory=set)


class FailingBotApi(BotApi):
    """A Bot API that accepts any token.

    `faults` are those of a chat's next messages: 403, 429, 500, 502, drop, or none for "".
    `asked` is what all requests with a message asked for, refused ones too.
    """

    counts: ArrivalCounts

    def __init__(self) -> None:
        super().__init__(_TOKEN)
        self.counts = ArrivalCounts()
        self._dice = random.Random(5)  # noqa: S311 - a test's own dice
        self._behavior = FailingBehavior()
        self._paused: dict[int, float] = {}
        self.faults: dict[int, list[str]] = {}
        self.asked: list[Mapping[str, Any]] = []

    def begin(self, behavior: Behavior) -> ArrivalCounts:
        """Starts and returns new counts, and sets the server's behaviour."""
        super().begin(behavior)
        assert isinstance(behavior, FailingBehavior)
        self._behavior, self.counts = behavior, ArrivalCounts()
        self._paused.clear()
        return self.counts

    async def arrived(self, number: int, seconds: float) -> None:
        """Waits until this many messages have arrived in all.

        Raises:
            TimeoutError: they did not within `seconds`.
        """
        await until(lambda: len(self.counts.messages) >= number, seconds)

    def _knows(self, token: str) -> bool:
        return True

    def _send(self, token: str, method: str, given: Mapping[str, Any]) -> Reply:
        chat = int(given["chat_id"])
        self.asked.append(given)
        now = asyncio.get_running_loop().time()
        if now < self._paused.get(chat, 0.0) - _SLACK_SECONDS:
            self.counts.too_early.append(chat)
        fault = self._fault(chat)
        if fault in _REFUSALS:
            self._note_refusal(chat, fault, now)
            raise _REFUSALS[fault]
        if fault == "502":  # of something in between, which says nothing as JSON
            return Reply(web.Response(status=502, text="<html>Bad Gateway</html>"), self._latency)
        reply = super()._send(token, method, given)
        by = token.partition(":")[0]
        self.counts.messages.append(Arrival(now, chat, self._last_message, by))
        if fault == "drop":
            self.counts.lost[chat] += 1
            return Reply(None, self._latency)
        return reply

    def _fault(self, chat: int) -> str:
        behavior = self._behavior
        if planned := self.faults.get(chat):
            return planned.pop(0)
        if chat in behavior.blocked:
            return "403"
        shares = (behavior.errors, behavior.floods, behavior.lost_answers)
        chosen = self._dice.choices(("500", "429", "drop", ""), (*shares, 1 - sum(shares)))
        return chosen[0]

    def _note_refusal(self, chat: int, fault: str, now: float) -> None:
        if fault == "429":
            self.counts.floods += 1
            self._paused[chat] = now + self._latency + 1
        self.counts.errors += fault == "500"

    def _other(self, method: str, given: Mapping[str, Any]) -> Reply:
        if method in ("deletemessage", "deletemessages"):
            numbers = str(given.get("message_ids", given.get("message_id")))
            for number in re.findall(r"\d+", numbers):
                self.counts.deleted.add((int(given["chat_id"]), int(number)))
        return super()._other(method, given)


@asynccontextmanager
async def failing_bot_api() -> AsyncIterator[FailingBotApi]:
    """Runs a server on loopback for the duration of the block."""
    api = FailingBotApi()
    async with api.listening():
        yield api
