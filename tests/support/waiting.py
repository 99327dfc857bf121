"""Waiting for what no event tells of: a row, a file, the log of another program."""

import asyncio
from collections.abc import Awaitable, Callable


async def until(holds: Callable[[], bool | Awaitable[bool]], seconds: float = 10.0) -> None:
    """Waits until `holds` returns True.

    Raises:
        TimeoutError: it did not within `seconds`.
    """
    now = asyncio.get_running_loop().time
    begun = now()
    async with asyncio.timeout(seconds):
        while True:
            found = holds()
            if found is True or (not isinstance(found, bool) and await found):
                return
            # What it has to ask a database for, which takes a while, it asks less often, and ever
            # less often the longer it takes.
            often = 0.01 if found is False else max(0.05, (now() - begun) / 20)
            await asyncio.sleep(often)
