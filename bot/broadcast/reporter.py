"""The interface through which a worker reports on a broadcast; the handlers write the texts."""

from typing import Protocol

from storage.broadcast_types import Broadcast, Tally

PROGRESS_SECONDS = 3.0  # between two reports of how far a broadcast is


class Reporter(Protocol):
    """Shows admins how a broadcast goes.

    Any report may be repeated with the same content after a process was killed. What a reporter
    raises is logged. `ended`, `waiting` and the end of a recall are repeated until they do not
    raise; so a report that can never be shown must not raise.
    """

    async def progress(
        self, broadcast: Broadcast, tally: Tally, rate: float | None, pause: float = 0.0
    ) -> None:
        """Shows how far the broadcast is, or its recall.

        Args:
            broadcast: its current state.
            tally: the outcomes so far.
            rate: messages a second; None when it waits for an admin, or its recall has ended.
            pause: for how many seconds Telegram asks to send nothing.
        """
        ...

    async def waiting(self, broadcast: Broadcast, tally: Tally) -> None:
        """Asks the admins to decide: another must approve it, or the system has paused it."""
        ...

    async def ended(self, broadcast: Broadcast, tally: Tally) -> None:
        """Shows the final report: the broadcast is finished, stopped or cancelled."""
        ...
