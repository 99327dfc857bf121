"""What a broadcast sends to a recipient: a text of the petition, or a copied message.

A copied message is not stored here: it stands in an admin's chat, sent by the bot itself so that
nobody can edit it, and Telegram copies it with everything in it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

PAID = "allow_paid_broadcast"


@dataclass(frozen=True, slots=True)
class MessageCall:
    """A call of the Bot API, and how many messages it sends."""

    method: str
    params: Mapping[str, object]
    messages: int = 1


class Content(Protocol):
    """Something that can be sent to every recipient in their language."""

    @property
    def source_chat(self) -> int | None:
        """The chat that the messages are copied from; None for a text."""
        ...

    @property
    def per_recipient(self) -> int:
        """How many messages each recipient gets, in the language with the most."""
        ...

    @property
    def can_be_paid(self) -> bool:
        """Whether Telegram sells a faster rate for it."""
        ...

    def call(self, chat_id: int, language: str) -> MessageCall:
        """Returns the call that sends it to one recipient."""
        ...


@dataclass(frozen=True, slots=True)
class TextContent:
    """One HTML text for each language."""

    texts: Mapping[str, str]
    paid: bool = False
    source_chat: int | None = None
    per_recipient: int = 1
    can_be_paid: bool = True

    def call(self, chat_id: int, language: str) -> MessageCall:
        """See Content.call; `language` is always one of the texts' languages."""
        return MessageCall(
            "sendMessage",
            {
                "chat_id": chat_id,
                "text": self.texts[language],
                "parse_mode": "HTML",
                "link_preview_options": {"is_disabled": True},
                **_paid(self.paid),
            },
        )


@dataclass(frozen=True, slots=True)
class Copy:
    """A message, or an album of several, and the link buttons under it.

    Attributes:
        messages: their ids in the chat they are copied from, in rising order.
        keyboard: rows of `{"text": …, "url": …}`; Telegram copies no buttons by itself.
    """

    messages: tuple[int, ...]
    keyboard: Sequence[Sequence[Mapping[str, str]]] = ()

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Self:
        """Reads a copy from a broadcast's stored content."""
        return cls(tuple(stored["messages"]), stored.get("keyboard") or ())


@dataclass(frozen=True, slots=True)
class CopyContent:
    """Messages that are copied from one chat, in one version for each language."""

    source_chat: int = field(repr=False)
    copies: Mapping[str, Copy]
    paid: bool = False

    @property
    def per_recipient(self) -> int:
        """See Content.per_recipient."""
        return max(len(each.messages) for each in self.copies.values())

    @property
    def can_be_paid(self) -> bool:
        """See Content.can_be_paid; false for albums, since copyMessages cannot be paid."""
        return self.per_recipient == 1

    def call(self, chat_id: int, language: str) -> MessageCall:
        """See Content.call; `language` is always one of the copies' languages."""
        copy = self.copies[language]
        where: dict[str, object] = {"chat_id": chat_id, "from_chat_id": self.source_chat}
        if len(copy.messages) > 1:
            album = {**where, "message_ids": list(copy.messages)}
            return MessageCall("copyMessages", album, len(copy.messages))
        keyboard = {"reply_markup": {"inline_keyboard": copy.keyboard}} if copy.keyboard else {}
        single = {"message_id": copy.messages[0], **keyboard}
        return MessageCall("copyMessage", {**where, **single, **_paid(self.paid)})


def content_of(
    content: Mapping[str, Any], source_chat: int | None = None, *, paid: bool = False
) -> Content:
    """Returns the content of a broadcast from its stored form.

    Raises:
        ValueError: it copies messages, and `source_chat` is None.
    """
    if all(isinstance(each, str) for each in content.values()):
        return TextContent(content, paid)
    if source_chat is None:
        raise ValueError("A copied message needs the chat that it is copied from.")
    copies = {language: Copy.read(each) for language, each in content.items()}
    found = CopyContent(source_chat, copies, paid)
    return found if found.can_be_paid else CopyContent(source_chat, copies)


def message_ids(result: object) -> tuple[int, ...]:
    """Returns the ids of the messages that a `Content.call` sent, from Telegram's answer."""
    if isinstance(result, Mapping):
        found = result.get("message_id")
        return (found,) if isinstance(found, int) else ()
    if isinstance(result, Sequence) and not isinstance(result, str):
        return tuple(each for part in result for each in message_ids(part))
    return ()


def _paid(paid: bool) -> dict[str, object]:
    return {PAID: True} if paid else {}
