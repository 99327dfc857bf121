"""The queue of updates, each kept until the bot acknowledges it, for a day at most."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice, takewhile
from typing import Any

from simulator.errors import conflict
from simulator.notifier import Notifier
from simulator.parameters import names

_DAY = 24 * 60 * 60
_FIRST_ID = 700_000_001
# What Telegram knows, and of that what comes only to a bot that asks for it.
KINDS = names(
    "message edited_message channel_post edited_channel_post business_connection business_message"
    " edited_business_message deleted_business_messages guest_message message_reaction"
    " message_reaction_count inline_query chosen_inline_result callback_query shipping_query"
    " pre_checkout_query purchased_paid_media poll poll_answer my_chat_member chat_member"
    " chat_join_request chat_boost removed_chat_boost managed_bot"
)
_ON_REQUEST = frozenset({"chat_member", "message_reaction", "message_reaction_count"})


@dataclass(frozen=True, slots=True)
class Update:
    """One update; `body` is its Bot API object, `at` a Unix time."""

    id: int
    at: float
    chat_id: int
    body: dict[str, Any]


class UpdateQueue:
    """The pending updates in order; `clock` returns the Unix time."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self._next_id = _FIRST_ID
        self._poll = 0
        self._reason = ""
        self._given = 0
        """The number of the newest update that a poll returned."""
        self.allowed: frozenset[str] = frozenset()
        """The kinds the bot asked for; empty means all but those sent only on request."""
        self.pending: dict[int, Update] = {}
        self.notifier = Notifier()
        self.listeners: list[Callable[[Update], None]] = []
        """Called with every update that the bot was given and has acknowledged."""

    def add(self, kind: str, chat_id: int, body: dict[str, Any]) -> None:
        """Queues an update, unless the bot did not ask for its kind."""
        wanted = kind in self.allowed if self.allowed else kind not in _ON_REQUEST
        if not wanted:
            return
        number = self._next_id
        self._next_id += 1
        shape = {"update_id": number, kind: body}
        self.pending[number] = Update(number, self.clock(), chat_id, shape)
        self.notifier.notify()

    def acknowledge(self, offset: int) -> None:
        """Removes all updates before `offset`; if negative, all but the last `-offset`."""
        if offset < 0:
            kept = list(self.pending)[offset:]
            offset = kept[0] if kept else 0
        for update in self._remove_while(lambda update: update.id < offset):
            # A bot can pass an offset beyond what it was given; those updates are only dropped.
            if update.id <= self._given:
                self._report(update)

    def finish(self, update: Update) -> None:
        """Removes an update that the webhook took."""
        if self.pending.pop(update.id, None) is not None:
            self._report(update)
        self.notifier.notify()

    def _report(self, update: Update) -> None:
        for listener in self.listeners:
            listener(update)

    def clear(self) -> None:
        """Removes all updates."""
        self.pending.clear()
        self.notifier.notify()

    def expire(self) -> None:
        """Removes updates that have waited for longer than Telegram keeps them."""
        oldest = self.clock() - _DAY
        self._remove_while(lambda update: update.at < oldest)

    def _remove_while(self, gone: Callable[[Update], bool]) -> list[Update]:
        removed = list(takewhile(gone, self.pending.values()))
        for update in removed:
            del self.pending[update.id]
        if removed:
            self.notifier.notify()
        return removed

    def end_poll(self, reason: str) -> None:
        """Makes a poll in progress fail with 409, for this reason."""
        self._poll += 1
        self._reason = reason
        self.notifier.notify()

    async def poll(self, limit: int, seconds: float) -> list[dict[str, Any]]:
        """Returns the first `limit` updates; waits up to `seconds` when there are none.

        It is refused with 409 when another poll or a webhook takes over.
        """
        self.end_poll(
            "terminated by other getUpdates request;"
            " make sure that only one bot instance is running"
        )
        mine = self._poll

        def found() -> list[Update]:
            if self._poll != mine:
                raise conflict(self._reason)
            return list(islice(self.pending.values(), limit))

        self.expire()
        given = await self.notifier.wait_for(found, seconds)
        if given:
            self._given = max(self._given, given[-1].id)
        return [update.body for update in given]

    async def acknowledged(self, seconds: float) -> bool:
        """Waits up to `seconds` until nothing is pending; returns whether that is so."""
        return await self.notifier.wait_for(lambda: not self.pending, seconds)
