"""A fake Telegram client that records who received what, and fails on request."""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Mapping
from typing import Any

from bot.transport.errors import NotSent, RateLimited, ResponseLost, TelegramRefused
from bot.transport.send_gate import Lane

BLOCKED = TelegramRefused(403, "Forbidden: bot was blocked by the user")
CHAT_NOT_FOUND = TelegramRefused(400, "Bad Request: chat not found")
NO_MESSAGE = TelegramRefused(400, "Bad Request: message to copy not found")
NO_VOICE = TelegramRefused(400, "Bad Request: VOICE_MESSAGES_FORBIDDEN")
BAD_TEXT = TelegramRefused(400, 'Bad Request: can\'t parse entities: Unsupported start tag "x"')
BAD_TOKEN = TelegramRefused(401, "Unauthorized")
NOT_FOUND = TelegramRefused(404, "Not Found")
FLOODED = RateLimited(1.0)
NOT_THERE = TelegramRefused(400, "Bad Request: message to delete not found")
TOO_OLD = TelegramRefused(400, "Bad Request: message can't be deleted for everyone")
SERVER_ERROR = TelegramRefused(500, "Internal Server Error")
NO_CONNECTION = NotSent("No connection")
ANSWER_LOST = ResponseLost("The connection broke")


class FakeTelegram:
    """A fake of the raw client; how the calls to a chat end can be planned."""

    def __init__(self) -> None:
        self.latency = 0.002
        self.at_the_gate = 0
        self.lined_up: Counter[int] = Counter()
        self.asked = 0
        self.open = asyncio.Event()
        self.open.set()
        self.received: Counter[int] = Counter()
        self.texts: dict[int, str] = {}
        self.calls: list[tuple[str, dict[str, object]]] = []
        self.in_flight = 0
        self.most_in_flight = 0
        self.dead = False
        self.gate = FakeGate()
        self._next_slot = 0.0
        self.missing: set[int] = set()
        self.source_fails_with: Exception | None = None
        self.me_fails_with: Exception | None = None
        self.before: Callable[[int], None] = lambda chat: None
        self._plans: dict[int, deque[Exception]] = {}
        self._always: dict[int, Exception] = {}
        self._everyone: Exception | None = None

    def plan(self, chat: int, *errors: Exception) -> None:
        """Plans how the next calls to this chat end; with a lost answer the message arrives."""
        self._plans[chat] = deque(errors)

    def always(self, chat: int, error: Exception | None) -> None:
        """Lets every call to this chat end with this error, or again with none."""
        self._always.pop(chat, None)
        if error is not None:
            self._always[chat] = error

    def everyone(self, error: Exception | None) -> None:
        """Lets every call to anybody end with this error, or again with none."""
        self._everyone = error

    async def call(
        self,
        method: str,
        params: Mapping[str, object] | None = None,
        *,
        lane: Lane = Lane.REPLY,
        timeout: float = 10.0,
        wanted: Callable[[], bool] = lambda: True,
    ) -> Any:
        given = dict(params or {})
        if method == "getChat":
            return await self._chat(given)
        if method == "getMe":
            return self._me()
        assert lane is Lane.BROADCAST
        chat = given["chat_id"]
        assert isinstance(chat, int)
        self.lined_up[chat] += 1
        await self._turn_came()
        if self.dead:  # who was killed makes no call for which a turn comes later
            await asyncio.Future()
        if (pause := self.gate.pause_for(lane, chat)) > 0:
            raise RateLimited(pause)
        if not wanted():
            raise NO_CONNECTION
        self.calls.append((method, given))
        self.before(chat)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            return await self._answer(chat, given)
        finally:
            self.in_flight -= 1

    async def _turn_came(self) -> None:
        self.at_the_gate += 1
        await self.open.wait()
        now = asyncio.get_running_loop().time()
        slot = max(self._next_slot, now)
        self._next_slot = slot + 1 / self.gate.rate
        if slot - now > 0.001:
            await asyncio.sleep(slot - now)
        self.at_the_gate -= 1

    async def _answer(self, chat: int, given: Mapping[str, object]) -> Any:
        error = self._next(chat)
        await asyncio.sleep(self.latency / 2)
        if self.dead:
            await asyncio.Future()
        sends = "message_id" not in given or "from_chat_id" in given
        if sends and (error is None or isinstance(error, ResponseLost)):
            self.received[chat] += 1
            self._keep(chat, given)
        await asyncio.sleep(self.latency / 2)
        if self.dead:
            await asyncio.Future()
        if error is not None:
            raise error
        return self._made(chat, given)

    def _me(self) -> object:
        self.asked += 1
        error = self.me_fails_with or self._everyone
        if error is not None:
            raise error
        return {"id": 1, "is_bot": True}

    async def _chat(self, given: Mapping[str, object]) -> Any:
        await asyncio.sleep(0)
        if self.source_fails_with is not None:
            raise self.source_fails_with
        return {"id": given["chat_id"], "type": "private"}

    def _keep(self, chat: int, given: Mapping[str, object]) -> None:
        self.texts[chat] = str(given.get("text", given.get("message_id", "")))

    def _made(self, chat: int, given: Mapping[str, object]) -> object:
        """Returns the result of a call; of an album only the messages that still exist."""
        if "message_ids" not in given or "from_chat_id" not in given:
            return {"message_id": self.received[chat]}
        asked = given["message_ids"]
        assert isinstance(asked, list)
        return [{"message_id": 10 + each} for each in asked if each not in self.missing]

    def _next(self, chat: int) -> Exception | None:
        if self._everyone is not None:
            return self._everyone
        if chat in self._always:
            return self._always[chat]
        plan = self._plans.get(chat)
        return plan.popleft() if plan else None


class FakeGate:
    """A fake gate that is open, or paused for a given time."""

    def __init__(self, rate: float = 10_000.0) -> None:
        self.rate = rate
        self.pause = 0.0
        self.announced = 0.0
        self.paused_chats: dict[int, float] = {}

    def set_ceiling(self, rate: float) -> None:
        self.rate = rate

    def pause_for(self, lane: Lane, chat: int | str | None = None) -> float:
        assert lane is Lane.BROADCAST
        alone = self.paused_chats.get(chat, 0.0) if isinstance(chat, int) else 0.0
        return max(self.pause, alone)

    def announced_pause(self) -> float:
        return self.announced
