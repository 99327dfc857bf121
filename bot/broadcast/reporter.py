"""Whom a worker tells how it goes; what they say about it is theirs."""

from typing import Protocol

from storage import Broadcast, RecallTally, Tally


class Reporter(Protocol):
    """Shows an admin how a broadcast goes.

    Each report can come again with the same content, after a process was killed in between. What
    a reporter raises is logged. The last report of a broadcast comes again, later, until it does
    not raise, and so does that it waits for a word; so what can never be shown must not raise.
    """

    async def progress(
        self, broadcast: Broadcast, tally: Tally, rate: float | None, pause: float = 0.0
    ) -> None:
        """It goes on at `rate` messages a second, or somebody has paused it.

        Args:
            broadcast: as it stands.
            tally: how far it is.
            rate: None when it is paused.
            pause: so many seconds Telegram asks to wait with it.
        """
        ...

    async def waiting(self, broadcast: Broadcast, tally: Tally) -> None:
        """It waits for a word: another admin's approval, or it is paused and nobody did that."""
        ...

    async def ended(self, broadcast: Broadcast, tally: Tally) -> None:
        """Nothing more is sent: it is finished, or it was stopped or cancelled."""
        ...

    async def recalling(
        self, broadcast: Broadcast, tally: RecallTally, rate: float | None
    ) -> None:
        """What it sent is being deleted, or all that could be is."""
        ...
