"""The numbered changes sent to the pages, so that a page can continue after a break."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

import orjson

from bot.simulator.notifier import Notifier

_KEPT = 2_000
_A_LONG_TIME = 3600.0


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """One change on the page; `data` is encoded JSON."""

    number: int
    data: bytes


class EventFeed:
    """Numbered changes; the newest `kept` are kept for pages that reconnect.

    Numbers are valid only within one run of the server, so every run has a random name.
    """

    def __init__(self, kept: int = _KEPT) -> None:
        self.run = token_hex(4)
        self.number = 0
        self._changes: deque[FeedEntry] = deque(maxlen=kept)
        self._notifier = Notifier()

    def publish(self, kind: str, **data: Any) -> None:
        """Sends one change to every page."""
        self.number += 1
        self._changes.append(FeedEntry(self.number, encode(kind, data)))
        self._notifier.notify()

    def reset(self) -> None:
        """Drops all changes and makes every page load everything again, for another world."""
        self.number += 1
        self._changes.clear()
        self._notifier.notify()

    def since(self, number: int) -> list[FeedEntry] | None:
        """Returns the changes after this one; None when some of them are no longer kept."""
        if number == self.number:
            return []
        if not self._changes or not self._changes[0].number - 1 <= number < self.number:
            return None
        skipped = number - self._changes[0].number + 1
        return list(self._changes)[skipped:]

    async def wait_beyond(self, number: int, seconds: float = _A_LONG_TIME) -> bool:
        """Waits up to `seconds` for a change after this number; returns whether there is one."""

        def moved() -> bool | None:
            return True if self.number != number else None

        return bool(await self._notifier.wait_for(moved, seconds))

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
