"""The deliveries that are claimed and not yet done, and those of them that are void.

A claim reads from the database who is still to be written to. Its deliveries then wait in memory
for a second or several, and a recipient may withdraw or mute the bot meanwhile. Then the claims
are made void for that chat: its delivery goes back unsent, and the next claim asks the database
again. So people who unmute the bot a moment later still get the message, and nothing has to be
undone. This works because only one process sends, which the process lock guarantees.
"""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field

from storage.broadcast_types import Delivery


@dataclass(slots=True)
class _Claim:
    """How many deliveries of a claim are left, and for which chats it is void."""

    left: int = 0
    void_for: set[int] = field(default_factory=set)


class OpenClaims:
    """The open claims of this process, and its broadcast calls in flight, by chat.

    A claim is forgotten with its last delivery, so nothing is kept while nothing is sent.
    """

    def __init__(self) -> None:
        self._claims: dict[bytes, _Claim] = {}
        self._in_flight: dict[int, int] = {}
        self._waiting: dict[int, asyncio.Event] = {}

    def __len__(self) -> int:
        return len(self._claims)

    async def claim(self, token: bytes, ask: Awaitable[list[Delivery]]) -> list[Delivery]:
        """Returns what `ask` claims; each delivery is open until it is `finished`.

        Args:
            token: the claim token.
            ask: claims in the database. The claim is open before this is awaited, since the
                answer may contain someone who withdraws while it is on its way.
        """
        claim = self._claims[token] = _Claim()
        try:
            batch = await ask
            claim.left = len(batch)
        finally:
            if claim.left == 0:
                del self._claims[token]
        return batch

    def finished(self, delivery: Delivery) -> None:
        """Notes that a delivery was sent or given back."""
        claim = self._claims[delivery.claim]
        claim.left -= 1
        if claim.left == 0:
            del self._claims[delivery.claim]

    def make_void(self, chat_id: int) -> None:
        """Makes all open claims void for this chat.

        To be called after the database has the withdrawal; later claims take it into account.
        """
        for claim in self._claims.values():
            claim.void_for.add(chat_id)

    def is_valid(self, delivery: Delivery) -> bool:
        """Tells whether a delivery's claim is still valid, so that it may be sent."""
        return delivery.chat_id not in self._claims[delivery.claim].void_for

    def call_started(self, chat_id: int) -> None:
        """Notes that a call to this chat is sent now."""
        self._in_flight[chat_id] = self._in_flight.get(chat_id, 0) + 1

    def call_ended(self, chat_id: int) -> None:
        """Notes that a call to this chat has ended, whatever its outcome."""
        left = self._in_flight.pop(chat_id) - 1
        if left > 0:
            self._in_flight[chat_id] = left
        elif (ended := self._waiting.pop(chat_id, None)) is not None:
            ended.set()

    async def wait_for_calls(self, chat_id: int, seconds: float) -> bool:
        """Waits until no call to this chat is in flight; False when that takes longer."""
        if chat_id not in self._in_flight:
            return True
        ended = self._waiting.setdefault(chat_id, asyncio.Event())
        try:
            async with asyncio.timeout(seconds):
                await ended.wait()
        except TimeoutError:
            return False
        return True
