"""The page's list of the bot's calls."""

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from simulator.call_log import RecordedCall
from simulator.chats import Shape
from simulator.page.event_feed import EventFeed
from simulator.parameters import UploadedFile

_KEPT = 100
_PUBLISHED_AT_ONCE = 40
_LONGEST_TEXT = 1_500
_DEEPEST = 8


class CallJournal:
    """Collects calls; `publish` sends the new ones to the pages."""

    def __init__(self, feed: EventFeed) -> None:
        self._feed = feed
        self._number = 0
        self._kept: deque[Shape] = deque(maxlen=_KEPT)
        self._new: deque[Shape] = deque(maxlen=_PUBLISHED_AT_ONCE)

    def record_call(self, call: RecordedCall, answer: object, whose: str | None) -> None:
        """Records a call with its answer; `whose` names the person of its chat."""
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

    def publish(self) -> None:
        """Publishes what is new since the last time."""
        if self._new:
            self._feed.publish("calls", calls=list(self._new))
            self._new.clear()

    def snapshot(self) -> Shape:
        """Returns the newest calls."""
        return {"calls": list(self._kept)}


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
