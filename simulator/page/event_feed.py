"""The numbered changes sent to the pages, so that a page can continue after a break."""

from collections import deque
from collections.abc import Mapping
from secrets import token_hex
from typing import Any

import orjson

from simulator.notifier import Notifier

_KEPT = 2_000


class EventFeed:
    """Numbered changes, as JSON; the newest are kept for pages that reconnect.

    Numbers are valid only within one run of the server, so every run has a random name.
    """

    def __init__(self) -> None:
        self.run = token_hex(4)
        self.number = 0
        self._changes: deque[bytes] = deque(maxlen=_KEPT)
        self._notifier = Notifier()

    def publish(self, kind: str, **data: Any) -> None:
        """Sends one change to every page."""
        self.number += 1
        self._changes.append(encode(kind, data))
        self._notifier.notify()

    def reset(self) -> None:
        """Drops all changes and makes every page load everything again, for another world."""
        self.number += 1
        self._changes.clear()
        self._notifier.notify()

    def since(self, number: int) -> list[bytes] | None:
        """Returns the changes after this one; None when some of them are no longer kept."""
        missed = self.number - number
        if not 0 <= missed <= len(self._changes):
            return None
        return list(self._changes)[len(self._changes) - missed :]

    async def wait_beyond(self, number: int, seconds: float) -> bool:
        """Waits up to `seconds` for a change after this number; returns whether there is one."""
        return await self._notifier.wait_for(lambda: self.number != number, seconds)

    def mark(self, number: int) -> str:
        """Returns the mark by which a page that reconnects says what it has seen."""
        return f"{self.run}-{number}"

    def number_of(self, mark: str | None) -> int | None:
        """Returns the number in a mark; None when it is of another run or no mark."""
        run, _, number = (mark or "").partition("-")
        return int(number) if run == self.run and number.isascii() and number.isdecimal() else None


def encode(kind: str, data: Mapping[str, Any]) -> bytes:
    """Returns a change as JSON."""
    return orjson.dumps({"kind": kind, **data})
