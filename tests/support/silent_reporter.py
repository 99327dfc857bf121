"""A reporter that shows nothing, for workers whose reports nobody reads."""

from storage.broadcast_types import Broadcast, Tally


class SilentReporter:
    """Does nothing with what a worker reports; see `bot.broadcast.Reporter`."""

    async def progress(
        self, broadcast: Broadcast, tally: Tally, rate: float | None, pause: float = 0.0
    ) -> None: ...

    async def waiting(self, broadcast: Broadcast, tally: Tally) -> None: ...

    async def ended(self, broadcast: Broadcast, tally: Tally) -> None: ...
