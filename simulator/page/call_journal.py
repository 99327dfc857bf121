"""The page's list of the bot's calls, and the messages and calls per second."""

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from simulator.call_log import RecordedCall
from simulator.chats import Event, Shape
from simulator.page.event_feed import EventFeed
from simulator.parameters import UploadedFile

_KEPT = 100
_PUBLISHED_AT_ONCE = 40
_SECONDS_KEPT = 61  # a minute, and the second that is not over
_LONGEST_TEXT = 1_500
_DEEPEST = 8


class CallJournal:
    """Collects calls and messages; `publish` sends the new ones to the pages."""

    def __init__(self, feed: EventFeed) -> None:
        self._feed = feed
        self._number = 0
        self._kept: deque[Shape] = deque(maxlen=_KEPT)
        self._new: deque[Shape] = deque(maxlen=_PUBLISHED_AT_ONCE)
        self._seconds: dict[int, Shape] = {}
        self._has_counted = False

    def record_call(self, call: RecordedCall, answer: object, whose: str | None) -> None:
        """Records a call with its answer; `whose` names the person of its chat."""
        second = self._second(call.at)
        second["refused"] += call.status == 429
        if call.method == "getUpdates":
            return  # polls would bury everything else
        self._number += 1
        shape: Shape = {
            "number": self._number,
            "method": call.method,
            "chat": call.chat_id,
            "whose": whose,
            "status": call.status,
            "error": call.error,
            "at": call.at,
            "ms": round(call.took * 1000, 1),
            "params": _plain(call.params),
            "answer": _plain(answer),
        }
        self._kept.append(shape)
        self._new.append(shape)

    def count_message(self, event: Event, at: float) -> None:
        """Counts a message of the bot that arrived at this Unix time."""
        if event.kind == "sent" and event.message is not None and event.message.from_bot:
            self._second(at)["sent"] += 1

    def publish(self) -> None:
        """Publishes what is new since the last time."""
        if self._new:
            self._feed.publish("calls", calls=list(self._new))
            self._new.clear()
        if self._has_counted:
            self._feed.publish("seconds", seconds=list(self._seconds.values()))
            self._has_counted = False

    def snapshot(self) -> Shape:
        """Returns the newest calls and the counts of the last seconds with any."""
        return {"calls": list(self._kept), "seconds": list(self._seconds.values())}

    def _second(self, at: float) -> Shape:
        whole = int(at)
        self._has_counted = True
        if whole not in self._seconds:
            self._seconds[whole] = {"at": whole, "sent": 0, "refused": 0}
            while len(self._seconds) > _SECONDS_KEPT:
                del self._seconds[next(iter(self._seconds))]
        return self._seconds[whole]


def _plain(value: object, depth: int = 0) -> Any:
    """Returns the value as JSON: files by name, long texts, lists and deep nesting cut."""
    if isinstance(value, UploadedFile):
        return f"[{value.name}: {len(value.content)} bytes]"
    if isinstance(value, str):
        return value if len(value) <= _LONGEST_TEXT else value[:_LONGEST_TEXT] + "…"
    if depth > _DEEPEST:
        return "…"
    if isinstance(value, Mapping):
        return {str(key): _plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return [_plain(item, depth + 1) for item in value[:50]]
    return value if isinstance(value, int | float | bool) or value is None else str(value)
