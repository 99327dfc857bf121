"""What the bot under test has asked for, and what came of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Call:
    """One call: `status` is the HTTP status, 0 when the connection was cut.

    `at` is a Unix time. `took` is in seconds, waiting included.
    """

    method: str
    params: Mapping[str, Any]
    status: int
    error: str | None
    at: float
    took: float

    @property
    def chat_id(self) -> int | str | None:
        """The chat it was about."""
        found: int | str | None = self.params.get("chat_id")
        return found

    @property
    def ok(self) -> bool:
        """Whether it was answered with a result."""
        return self.status == 200


class Calls(list[Call]):
    """The latest calls, oldest first; `keep` is how many, 0 for none.

    `listeners` hear of every call with the answer it got, which is not kept.
    """

    def __init__(self, keep: int) -> None:
        super().__init__()
        self.keep = keep
        self.listeners: list[Callable[[Call, object], None]] = []

    def record(self, call: Call, answer: object = None) -> None:
        """Add a call, and forget the oldest when there are too many."""
        for listener in self.listeners:
            listener(call, answer)
        if self.keep <= 0:
            return
        self.append(call)
        if len(self) > self.keep + self.keep // 10:
            del self[: len(self) - self.keep]

    def of(self, method: str) -> list[Call]:
        """The calls of one method."""
        return [call for call in self if call.method == method]
