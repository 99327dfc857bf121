"""What a broadcast sends to a recipient: a text of the petition, or a copied message.

A copied message is not stored here: it stands in an admin's chat, sent by the bot itself so that
nobody can edit it, and Telegram copies it with everything in it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_AS_HTML = {"parse_mode": "HTML", "link_preview_options": {"is_disabled": True}}


@dataclass(frozen=True, slots=True)
class MessageCall:
    """A call of the Bot API, and how many messages it sends."""

    method: str
    params: Mapping[str, object]
    messages: int = 1


@dataclass(frozen=True, slots=True)
class Copy:
    """A message, or an album of several, and the link buttons under it.

    Attributes:
        messages: their ids in the chat they are copied from, in rising order.
        keyboard: rows of `{"text": …, "url": …}`; Telegram copies no buttons by itself.
    """

    messages: tuple[int, ...]
    keyboard: Sequence[Sequence[Mapping[str, str]]] = ()


@dataclass(frozen=True, slots=True)
class Content:
    """What every recipient gets in their language: a text in HTML, or a copy.

    Attributes:
        versions: by language; all are texts, or all are copies.
        source_chat: the chat that the messages are copied from; None for texts.
        paid: whether it is sent at the faster rate that Telegram sells.
    """

    versions: Mapping[str, str | Copy]
    source_chat: int | None = field(default=None, repr=False)
    paid: bool = False

    @property
    def per_recipient(self) -> int:
        """How many messages each recipient gets, in the language with the most."""
        copies = (each for each in self.versions.values() if isinstance(each, Copy))
        return max((len(each.messages) for each in copies), default=1)

    def call(self, chat_id: int, language: str) -> MessageCall:
        """Returns the call that sends the version in this language to one recipient."""
        version = self.versions[language]
        paid = {"allow_paid_broadcast": True} if self.paid else {}
        if isinstance(version, str):
            text = {"chat_id": chat_id, "text": version, **_AS_HTML, **paid}
            return MessageCall("sendMessage", text)
        where = {"chat_id": chat_id, "from_chat_id": self.source_chat}
        if len(version.messages) > 1:
            album = {**where, "message_ids": list(version.messages)}
            return MessageCall("copyMessages", album, len(version.messages))
        keyboard = (
            {"reply_markup": {"inline_keyboard": version.keyboard}} if version.keyboard else {}
        )
        single = {"message_id": version.messages[0], **keyboard}
        return MessageCall("copyMessage", {**where, **single, **paid})


def content_of(
    content: Mapping[str, Any], source_chat: int | None = None, *, paid: bool = False
) -> Content:
    """Returns the content of a broadcast from its stored form.

    It is paid only if it can be: Telegram sells no faster rate for albums, by copyMessages.
    """
    if all(isinstance(each, str) for each in content.values()):
        return Content(content, paid=paid)
    copies = {
        language: Copy(tuple(each["messages"]), each.get("keyboard") or ())
        for language, each in content.items()
    }
    is_album = any(len(each.messages) > 1 for each in copies.values())
    return Content(copies, source_chat, paid=paid and not is_album)


def message_ids(result: object) -> tuple[int, ...]:
    """Returns the ids of the messages that a `Content.call` sent, from Telegram's answer."""
    if isinstance(result, Mapping):
        found = result.get("message_id")
        return (found,) if isinstance(found, int) else ()
    if isinstance(result, Sequence) and not isinstance(result, str):
        return tuple(each for part in result for each in message_ids(part))
    return ()
