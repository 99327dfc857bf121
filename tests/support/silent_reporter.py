"""A reporter that shows nothing, for workers whose reports nobody reads."""

from storage.broadcast_types import Broadcast, Tally


class SilentReporter:
    """Does nothing with what a worker reports; see `bot.broadcast.Reporter`."""

    async def report(
        self, broadcast: Broadcast, tally: Tally, rate: float | None = None, pause: float = 0.0
    ) -> None: ...

    async def ask(self, broadcast: Broadcast, tally: Tally) -> None: ...
