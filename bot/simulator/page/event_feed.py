"""What the page is told, in order and numbered, so that a page that was away can go on."""

from __future__ import annotations

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
class Change:
    """One thing that changed on the page; `data` is JSON already."""

    number: int
    data: bytes


class Feed:
    """Numbered changes; the newest are kept for pages that come back.

    The numbers of one run mean nothing in the next, so every run has a name of its own.
    """

    def __init__(self, kept: int = _KEPT) -> None:
        self.run = token_hex(4)
        self.number = 0
        self._changes: deque[Change] = deque(maxlen=kept)
        self._bell = Notifier()

    def publish(self, kind: str, **data: Any) -> None:
        """Tell every page of one change."""
        self.number += 1
        self._changes.append(Change(self.number, packed(kind, data)))
        self._bell.ring()

    def forget(self) -> None:
        """Make every page begin again with all there is: what was shown is another world's."""
        self.number += 1
        self._changes.clear()
        self._bell.ring()

    def since(self, number: int) -> list[Change] | None:
        """The changes after this one; None when they are not all there any more."""
        if number == self.number:
            return []
        if not self._changes or not self._changes[0].number - 1 <= number < self.number:
            return None
        skipped = number - self._changes[0].number + 1
        return list(self._changes)[skipped:]

    async def beyond(self, number: int, seconds: float = _A_LONG_TIME) -> bool:
        """Wait until something has changed since; False when nothing has."""

        def moved() -> bool | None:
            return True if self.number != number else None

        return bool(await self._bell.until(moved, seconds))

    def mark(self, number: int) -> str:
        """What a page that comes back says it has seen."""
        return f"{self.run}-{number}"

    def number_in(self, mark: str | None) -> int | None:
        """The number in such a mark; None when it is of another run, or no mark."""
        run, _, number = (mark or "").partition("-")
        return int(number) if run == self.run and number.isascii() and number.isdecimal() else None


def packed(kind: str, data: Mapping[str, Any]) -> bytes:
    """A change as JSON."""
    return orjson.dumps({"kind": kind, **data})
