"""Whom a worker tells how it goes; what they say about it is theirs."""

from typing import Protocol

from storage import Broadcast, Tally


class Reporter(Protocol):
    """Shows an admin how a broadcast goes.

    Each report can come again with the same content, after a process was killed in between. What
    a reporter raises is logged; the last report of a broadcast comes again, later, until it does
    not raise, so what can never be shown must not.
    """

    async def progress(self, broadcast: Broadcast, tally: Tally, rate: float) -> None:
        """It is going on, at `rate` messages a second."""
        ...

    async def finished(self, broadcast: Broadcast, tally: Tally) -> None:
        """Nothing is left to send."""
        ...

    async def stopped(self, broadcast: Broadcast, tally: Tally, reason: str) -> None:
        """It was stopped, and people are still waiting."""
        ...
