"""Who has a process lock, who waits for it, and who is refused it."""

import pytest

from storage.errors import HeldElsewhere
from storage.process_lock import acquire_process_lock


def stands_by() -> None:
    """What a bot that waits for another says is nothing here."""


async def is_refused(url: str) -> None:
    """A command does not get the lock that somebody holds."""
    with pytest.raises(HeldElsewhere):
        async with acquire_process_lock(url, "running"):
            pass
