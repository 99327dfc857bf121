"""The queue of updates: kept until the bot acknowledges them, or for a day."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice, takewhile
from typing import Any

from bot.simulator.errors import conflict
from bot.simulator.notifier import Notifier

_DAY = 24 * 60 * 60
_FIRST_ID = 700_000_001
_ON_REQUEST = frozenset({"chat_member", "message_reaction", "message_reaction_count"})


@dataclass(frozen=True, slots=True)
class Update:
    """One thing that happened, in the shape the bot will read it."""

    id: int
    at: float
    chat_id: int
    body: dict[str, Any]


class Updates:
    """Updates wait here in order; `clock` gives the time in seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._next_id = _FIRST_ID
        self._poll = 0
        self._reason = ""
        self._given = 0
        """The newest update that a poll was answered with."""
        self.allowed: frozenset[str] = frozenset()
        """The kinds the bot asked for; empty means all but those given on request only."""
        self.pending: dict[int, Update] = {}
        self.bell = Notifier()
        self.listeners: list[Callable[[Update], None]] = []
        """Hear of every update that the bot was given and has acknowledged."""

    def add(self, kind: str, chat_id: int, body: dict[str, Any]) -> None:
        """Queue an update, unless the bot does not want its kind."""
        wanted = kind in self.allowed if self.allowed else kind not in _ON_REQUEST
        if not wanted:
            return
        number = self._next_id
        self._next_id += 1
        shape = {"update_id": number, kind: body}
        self.pending[number] = Update(number, self._clock(), chat_id, shape)
        self.bell.ring()

    def acknowledge(self, offset: int) -> None:
        """Forget what the bot has: all before `offset`, or all but the last `-offset`."""
        if offset < 0:
            kept = list(self.pending)[offset:]
            offset = kept[0] if kept else 0
        for update in self._forget_while(lambda update: update.id < offset):
            # Whoever names an offset of their own making forgets what they never saw.
            if update.id <= self._given:
                self._tell(update)

    def done(self, update: Update) -> None:
        """Forget one update that the webhook took."""
        if self.pending.pop(update.id, None) is not None:
            self._tell(update)
        self.bell.ring()

    def _tell(self, update: Update) -> None:
        for listener in self.listeners:
            listener(update)

    def drop(self) -> None:
        """Forget everything."""
        self.pending.clear()
        self.bell.ring()

    def expire(self) -> None:
        """Forget what has waited for longer than Telegram keeps it."""
        oldest = self._clock() - _DAY
        self._forget_while(lambda update: update.at < oldest)

    def _forget_while(self, gone: Callable[[Update], bool]) -> list[Update]:
        forgotten = list(takewhile(gone, self.pending.values()))
        for update in forgotten:
            del self.pending[update.id]
        if forgotten:
            self.bell.ring()
        return forgotten

    def end_poll(self, reason: str) -> None:
        """Let a poll that is under way fail with 409, for this reason."""
        self._poll += 1
        self._reason = reason
        self.bell.ring()

    async def poll(self, limit: int, seconds: float) -> list[dict[str, Any]]:
        """The first updates; waits for one when there is none.

        Raises:
            Refused: 409, when another poll or a webhook takes over.
        """
        self.end_poll(
            "terminated by other getUpdates request;"
            " make sure that only one bot instance is running"
        )
        mine = self._poll

        def found() -> list[Update] | None:
            if self._poll != mine:
                raise conflict(self._reason)
            return list(islice(self.pending.values(), limit)) or None

        self.expire()
        given = await self.bell.until(found, seconds) or []
        if given:
            self._given = max(self._given, given[-1].id)
        return [update.body for update in given]

    async def acknowledged(self, seconds: float) -> bool:
        """Wait until nothing is pending."""
        return bool(await self.bell.until(lambda: None if self.pending else True, seconds))
