"""Taps on inline buttons and the bot's answers to them."""

import json
import re
from dataclasses import dataclass, field
from typing import Any

import orjson

from simulator.chats import Message, User
from simulator.errors import SimulatorError
from simulator.notifier import Notifier


@dataclass(frozen=True, slots=True)
class Answer:
    """What the person sees after a tap: a short notice, or a dialog when `alert` is set."""

    text: str = ""
    alert: bool = False
    url: str | None = None


_ESCAPED = re.compile(rb'["\\\\\x00-\x1f]')


@dataclass(slots=True, eq=False)
class Tap:
    """One tap; `id` is its callback query, empty for a button that only opens `url` or copies.

    `raw` is what the bot gets instead of `data` for forged data: a modified client can send any
    bytes, and they are passed on as they came.
    """

    id: str
    by: User
    message: Message
    data: str | None
    at: float
    url: str | None = None
    raw: orjson.Fragment | None = field(default=None, repr=False)
    copied: str | None = None
    answer: Answer | None = None
    notifier: Notifier = field(default_factory=Notifier, repr=False)

    async def answered(self, seconds: float = 20) -> Answer:
        """Waits for the bot's answer and returns it; raises `SimulatorError` if none comes."""
        answer = await self.notifier.wait_for(lambda: self.answer, seconds)
        if answer is None:
            raise SimulatorError(f"the tap on {self.data!r} was not answered in {seconds} s")
        return answer

    def shape(self) -> dict[str, Any]:
        """Returns the tap as a callback query."""
        return {
            "id": self.id,
            "from": self.by.shape(),
            "message": self.message.shape(),
            "chat_instance": str(abs(self.message.chat.id) * 7919 + 13),
            "data": self.data if self.raw is None else self.raw,
        }


def forged_data(data: str | bytes) -> tuple[str, orjson.Fragment]:
    """Returns forged callback data as displayable text and as the JSON that the bot gets."""
    if isinstance(data, str):
        written = json.dumps(data).encode()
        return data.encode("utf-8", "replace").decode(), orjson.Fragment(written)
    written = _ESCAPED.sub(lambda found: b"\\u%04x" % found[0][0], data)
    return data.decode("utf-8", "replace"), orjson.Fragment(b'"%b"' % written)
