"""Events in the chats as lines of text: who says what, with the buttons under it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.simulator.chats import Event, Message

_LINES_SHOWN = 6


@dataclass(frozen=True, slots=True)
class TranscriptLine:
    """One line of a transcript.

    `chat` names the person or group; `actor` is "person", "bot" or "note"; `first` tells
    whether it is the first line of a message.
    """

    chat: str
    actor: str
    text: str
    first: bool = True


def transcript_lines(event: Event) -> Iterator[TranscriptLine]:
    """Yields the lines of an event; none for events that do not interest a reader."""
    chat = event.chat.person.user.first_name if event.chat.person else event.chat.title or ""
    message = event.message
    if event.kind == "tapped" and message is not None:
        yield TranscriptLine(chat, "person", f"taps [{_label(message, event)}]")
    elif event.kind == "deleted" and message is not None and message.outgoing:
        yield TranscriptLine(chat, "note", "what was typed is deleted from the chat")
    elif event.kind in ("sent", "edited") and message is not None:
        yield from _message_lines(chat, message)


def _message_lines(chat: str, message: Message) -> Iterator[TranscriptLine]:
    if message.is_service:
        return
    actor = "person" if message.outgoing else "bot"
    if message.media is not None:
        yield TranscriptLine(chat, actor, f"({message.media.kind}) {message.text}".rstrip())
        return
    if message.outgoing:
        yield TranscriptLine(chat, actor, message.text)
        return
    written = [line for line in message.text.splitlines() if line.strip()]
    if len(written) > _LINES_SHOWN:
        # The last line of a screen is its question or its count.
        written = [*written[: _LINES_SHOWN - 2], "…", written[-1]]
    for number, text in enumerate(written):
        yield TranscriptLine(chat, "bot", text, first=number == 0)
    for row in message.buttons:
        labels = "  ".join(f"[{button.label}]" for button in row)
        yield TranscriptLine(chat, "bot", labels, first=False)


def _label(message: Message, event: Event) -> str:
    data = (event.detail or {}).get("data")
    buttons = (button for row in message.buttons for button in row)
    return next((button.label for button in buttons if button.data == data), "an old button")
