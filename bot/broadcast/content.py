"""What is sent to a recipient: a text of the petition's, or a message copied by reference.

A copied message is not kept here: it stands in an admin's chat, written by the bot itself so that
nobody can change it, and Telegram copies it with everything that is in it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

PAID = "allow_paid_broadcast"


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the Bot API, and how many messages it makes."""

    method: str
    params: Mapping[str, object]
    messages: int = 1


class Content(Protocol):
    """Something that can be sent to anyone, in their language."""

    @property
    def source_chat(self) -> int | None:
        """The chat that it is copied from, if it is."""
        ...

    @property
    def per_recipient(self) -> int:
        """How many messages each recipient gets, for the longest of the languages."""
        ...

    @property
    def can_be_paid(self) -> bool:
        """Whether Telegram takes money to let it go faster."""
        ...

    def call(self, chat_id: int, language: str) -> Call:
        """The call that brings it to one recipient."""
        ...


@dataclass(frozen=True, slots=True)
class TextContent:
    """One HTML text for each language."""

    texts: Mapping[str, str]
    paid: bool = False
    source_chat: int | None = None
    per_recipient: int = 1
    can_be_paid: bool = True

    def call(self, chat_id: int, language: str) -> Call:
        """See Content.call; the recipient's language is always one of the texts'."""
        return Call(
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
        """From how a broadcast keeps it."""
        return cls(tuple(stored["messages"]), stored.get("keyboard") or ())


@dataclass(frozen=True, slots=True)
class CopyContent:
    """Messages of one chat, one version for each language."""

    source_chat: int = field(repr=False)
    copies: Mapping[str, Copy]
    paid: bool = False

    @property
    def per_recipient(self) -> int:
        """See Content.per_recipient."""
        return max(len(each.messages) for each in self.copies.values())

    @property
    def can_be_paid(self) -> bool:
        """See Content.can_be_paid: copyMessages, which keeps albums together, cannot."""
        return self.per_recipient == 1

    def call(self, chat_id: int, language: str) -> Call:
        """See Content.call; the recipient's language is always one of the copies'."""
        copy = self.copies[language]
        where: dict[str, object] = {"chat_id": chat_id, "from_chat_id": self.source_chat}
        if len(copy.messages) > 1:
            album = {**where, "message_ids": list(copy.messages)}
            return Call("copyMessages", album, len(copy.messages))
        keyboard = {"reply_markup": {"inline_keyboard": copy.keyboard}} if copy.keyboard else {}
        single = {"message_id": copy.messages[0], **keyboard}
        return Call("copyMessage", {**where, **single, **_paid(self.paid)})


def content_of(
    content: Mapping[str, Any], source_chat: int | None = None, *, paid: bool = False
) -> Content:
    """The content of a broadcast, from how it is stored.

    Raises:
        ValueError: it copies messages and does not say from where.
    """
    if all(isinstance(each, str) for each in content.values()):
        return TextContent(content, paid)
    if source_chat is None:
        raise ValueError("A copied message needs the chat that it is copied from.")
    copies = {language: Copy.read(each) for language, each in content.items()}
    found = CopyContent(source_chat, copies, paid)
    return found if found.can_be_paid else CopyContent(source_chat, copies)


def message_ids(result: object) -> tuple[int, ...]:
    """The ids of the messages that a call of `Content.call` made, from Telegram's answer."""
    if isinstance(result, Mapping):
        found = result.get("message_id")
        return (found,) if isinstance(found, int) else ()
    if isinstance(result, Sequence) and not isinstance(result, str):
        return tuple(each for part in result for each in message_ids(part))
    return ()


def _paid(paid: bool) -> dict[str, object]:
    return {PAID: True} if paid else {}
