"""The deliveries that are claimed and not yet done, and those of them that are void.

A claim reads from the database who is still to be written to. Its deliveries then wait in memory
for a second or several, and a recipient may withdraw or mute the bot meanwhile. Then the claim is
made void for that chat: its delivery goes back unsent, and the next claim asks the database again.
So people who unmute the bot a moment later still get the message, and nothing has to be undone.
This works because only one process sends, which the lease guarantees. In another replica, who says
no waits until the database has no open claim on them.
"""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field

from bot.periodic import wait_for
from storage.broadcast_types import Delivery


@dataclass(slots=True, eq=False)
class OpenDelivery:
    """A claimed delivery until it is done.

    Attributes:
        is_void: whether its recipient has said no since it was claimed.
        has_left: whether its call was let go: from then on it may have arrived, until Telegram has
            refused it.
    """

    delivery: Delivery
    is_void: bool = False
    has_left: bool = False
    ended: asyncio.Event = field(default_factory=asyncio.Event)


class OpenClaims:
    """The open deliveries of this process, by chat: nobody is claimed twice at once."""

    def __init__(self) -> None:
        self._open: dict[int, OpenDelivery] = {}
        # Who said no while a claim was on its way, whose answer may contain them.
        self._said_no: set[int] | None = None
        self._one_ended = asyncio.Event()

    def __len__(self) -> int:
        return len(self._open)

    async def claim(self, ask: Awaitable[list[Delivery]]) -> list[OpenDelivery]:
        """Returns what `ask` claims in the database; each is open until it is `finished`."""
        said_no = self._said_no = set()
        try:
            batch = [OpenDelivery(each, each.chat_id in said_no) for each in await ask]
        finally:
            self._said_no = None
        self._open.update((each.delivery.chat_id, each) for each in batch)
        return batch

    def finished(self, claimed: OpenDelivery) -> None:
        """Notes that a delivery was sent or given back."""
        self._open.pop(claimed.delivery.chat_id, None)
        claimed.ended.set()
        self._one_ended.set()

    async def wait_until_below(self, number: int) -> None:
        """Waits until fewer than `number` deliveries are open."""
        while len(self._open) >= number:
            self._one_ended.clear()
            await self._one_ended.wait()

    def make_void(self, chat_id: int) -> None:
        """Makes all open claims void for this chat.

        To be called after the database has the withdrawal; later claims take it into account.
        """
        if self._said_no is not None:
            self._said_no.add(chat_id)
        if chat_id in self._open:
            self._open[chat_id].is_void = True

    async def wait_for_calls(self, chat_id: int, seconds: float) -> bool:
        """Waits until no call to this chat is in flight; False when that takes longer."""
        claimed = self._open.get(chat_id)
        if claimed is None or not claimed.has_left:
            return True
        return await wait_for(claimed.ended, seconds)
