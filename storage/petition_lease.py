"""The lease of a petition, which one of its replicas has: it sends, and looks after dates."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from storage.errors import LeaseLost, Unavailable
from storage.process_lock import ProcessLock

_PAUSE_SECONDS = 0.5  # before a lease that was lost is asked for again


class PetitionLease:
    """Whether this process has the petition's lease; ask `is_ours` before what needs it.

    Args:
        held: the lock of a process that has it for as long as it runs.
        asked: without that, what holds the lease in its block once it is free; it is entered
            again whenever it was lost.
        taken: called each time it was taken.
    """

    def __init__(
        self,
        held: ProcessLock | None = None,
        asked: Callable[[], AbstractAsyncContextManager[ProcessLock]] | None = None,
        taken: Callable[[], object] = lambda: None,
    ) -> None:
        self._held = held
        self._asked = asked
        self._taken = taken

    @property
    def is_shared(self) -> bool:
        """Whether other replicas answer people too."""
        return self._asked is not None

    @property
    def holder(self) -> str:
        """What the lease's row names this process by; empty while it has none."""
        return "" if self._held is None else self._held.holder

    def is_ours(self) -> bool:
        """Returns whether nobody else can have the lease at this moment."""
        return self._held is not None and self._held.is_ours()

    async def keep(self) -> None:
        """Asks for the lease whenever this process has none, until cancelled."""
        if self._asked is None:
            await asyncio.Event().wait()
            return
        while True:
            try:
                async with self._asked() as held:
                    self._held = held
                    self._taken()
                    await held.until_lost()
            except (LeaseLost, Unavailable):
                await asyncio.sleep(_PAUSE_SECONDS)
            finally:
                self._held = None
