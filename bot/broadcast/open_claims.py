"""What is claimed and not worked off yet, and who of them is to be asked for once more.

A claim asks the database who is still to be written to. What it gives waits in memory for its
turn, a second or several, and whoever says no meanwhile is in there. Their claims are made void:
at its turn such a delivery goes back unsent, and the next claim asks the database again. So who
ends the silence a moment later is told after all, and nothing has to be undone. It holds while
one process sends, which the process lock sees to.
"""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field

from storage import Delivery


@dataclass(slots=True)
class _Claim:
    """One claim: how many of its deliveries are left, and the chats it does not hold for."""

    left: int = 0
    void_for: set[int] = field(default_factory=set)


class OpenClaims:
    """The claims of this process, and the calls of a broadcast that are on their way.

    A claim is forgotten with its last delivery, so nothing is kept while nothing is sent.
    """

    def __init__(self) -> None:
        self._claims: dict[bytes, _Claim] = {}
        self._on_the_way: dict[int, int] = {}
        self._landings: dict[int, asyncio.Event] = {}

    def __len__(self) -> int:
        return len(self._claims)

    async def claim(self, token: bytes, ask: Awaitable[list[Delivery]]) -> list[Delivery]:
        """Returns what `ask` claims; each delivery is open until it is `finished`.

        Args:
            token: the claim's own.
            ask: claims in the database. Open from before it is asked: who says no while the
                answer is on its way may be in it.
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
        """Lets no claim that was made until now hold for this chat.

        To be called once the database says no; what was claimed after that may be sent.
        """
        for claim in self._claims.values():
            claim.void_for.add(chat_id)

    def holds(self, delivery: Delivery) -> bool:
        """Tells whether a delivery may be sent as it was claimed."""
        return delivery.chat_id not in self._claims[delivery.claim].void_for

    def departed(self, chat_id: int) -> None:
        """Notes that a call to this chat leaves now."""
        self._on_the_way[chat_id] = self._on_the_way.get(chat_id, 0) + 1

    def landed(self, chat_id: int) -> None:
        """Notes that such a call has ended, whatever came of it."""
        left = self._on_the_way.pop(chat_id) - 1
        if left > 0:
            self._on_the_way[chat_id] = left
        elif (landing := self._landings.pop(chat_id, None)) is not None:
            landing.set()

    async def until_landed(self, chat_id: int, seconds: float) -> bool:
        """Waits until no call to this chat is on its way; False when that takes longer."""
        if chat_id not in self._on_the_way:
            return True
        landing = self._landings.setdefault(chat_id, asyncio.Event())
        try:
            async with asyncio.timeout(seconds):
                await landing.wait()
        except TimeoutError:
            return False
        return True
