"""The log of the bot's calls and their answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """One call of the bot.

    `status` is the HTTP status, 0 when the connection was cut. `at` is the Unix time of the
    answer. `took` is in seconds, waiting included.
    """

    method: str
    params: Mapping[str, Any]
    status: int
    error: str | None
    at: float
    took: float

    @property
    def chat_id(self) -> int | str | None:
        """The `chat_id` parameter of the call, if it has one."""
        found: int | str | None = self.params.get("chat_id")
        return found


class CallLog(list[RecordedCall]):
    """The latest calls, oldest first; `keep` is how many, 0 for none.

    `listeners` are called with every call and its answer; answers are not kept.
    """

    def __init__(self, keep: int) -> None:
        super().__init__()
        self.keep = keep
        self.listeners: list[Callable[[RecordedCall, object], None]] = []

    def record(self, call: RecordedCall, answer: object = None) -> None:
        """Adds a call, and drops the oldest when there are a tenth more than `keep`."""
        for listener in self.listeners:
            listener(call, answer)
        if self.keep <= 0:
            return
        self.append(call)
        if len(self) > self.keep + self.keep // 10:
            del self[: len(self) - self.keep]

    def of(self, method: str) -> list[RecordedCall]:
        """Returns the calls of one method."""
        return [call for call in self if call.method == method]
