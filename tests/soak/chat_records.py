"""A record of who signed, who withdrew and who got the closing update, read from chats."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum

from simulator.chats import Event, Message
from simulator.world import World

# From the closing update of the bundled petition, which has no buttons, unlike screens.
_CLOSING = {"es": "18 de julio de 2025", "en": "18 July 2025"}


class ShownStatus(Enum):
    """The status of a person by what their chat shows."""

    SIGNED = "thanked for a signature"
    WITHDRAWN = "told that it is withdrawn"
    MUTED = "told that no message will come"


@dataclass
class ChatRecords:
    """A record made from the events of a world; `take_in` reads the new ones.

    Attributes:
        statuses: the status of each chat that has shown one.
        copies: how often each chat got the closing update.
        languages: the languages of those copies, by chat.
        wrong: what must never happen but did, in words.
    """

    events: asyncio.Queue[Event]
    statuses: dict[int, ShownStatus] = field(default_factory=dict)
    copies: Counter[int] = field(default_factory=Counter)
    languages: dict[int, set[str]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def take_in(self) -> None:
        """Records what has happened since the last call."""
        while not self.events.empty():
            event = self.events.get_nowait()
            if event.kind in ("sent", "edited") and event.message and event.message.from_bot:
                self._write(event.chat.id, event.message, new=event.kind == "sent")

    def _write(self, chat: int, message: Message, *, new: bool) -> None:
        if new and (language := closing_language(message)):
            self._told(chat, language)
        elif (status := shown_status(message)) and not self._is_still_muted(chat, message):
            self.statuses[chat] = status

    def _is_still_muted(self, chat: int, message: Message) -> bool:
        """Returns whether a screen of a muted person only does not mention that they are muted."""
        muted = self.statuses.get(chat) is ShownStatus.MUTED
        return (
            muted
            and shown_status(message) is ShownStatus.SIGNED
            and "mute" not in actions(message)
        )

    def _told(self, chat: int, language: str) -> None:
        self.copies[chat] += 1
        self.languages.setdefault(chat, set()).add(language)
        if chat < 0:
            self.wrong.append(f"the group {chat} got the closing update")
        if (status := self.statuses.get(chat)) in (ShownStatus.WITHDRAWN, ShownStatus.MUTED):
            self.wrong.append(f"{chat} got the closing update after being {status.value}")


@contextmanager
def recorded_chats(world: World) -> Iterator[ChatRecords]:
    """Yields a records of what happens in a world while the block runs."""
    events: asyncio.Queue[Event] = asyncio.Queue()
    world.listeners.append(events.put_nowait)
    yield ChatRecords(events)
    world.listeners.remove(events.put_nowait)


def closing_language(message: Message) -> str | None:
    """Returns the language of a closing update; None for any other message."""
    if message.buttons:
        return None
    return next((code for code, words in _CLOSING.items() if words in message.text), None)


def actions(message: Message) -> list[str]:
    """Returns the actions of the buttons of a screen."""
    return [
        button.data.split(":")[1]
        for row in message.buttons
        for button in row
        if button.data and button.data.count(":") >= 2
    ]


def shown_status(message: Message) -> ShownStatus | None:
    """Returns the status that a screen shows, if it shows one."""
    asked = actions(message)
    shares = any(button.url for row in message.buttons for button in row)
    if "unmute" in asked:
        return ShownStatus.MUTED
    if "erase" in asked:
        return None
    if "withdraw" in asked or (asked == ["home"] and shares):
        return ShownStatus.SIGNED
    if asked == ["home"]:
        return ShownStatus.WITHDRAWN
    return None
