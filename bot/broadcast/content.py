"""What is sent to a recipient: the place where other kinds of messages will be added."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the Bot API."""

    method: str
    params: Mapping[str, object]


class Content(Protocol):
    """Something that can be sent to anyone, in their language."""

    def call(self, chat_id: int, language: str) -> Call:
        """The call that brings it to one recipient."""
        ...


@dataclass(frozen=True, slots=True)
class TextContent:
    """One HTML text for each language."""

    texts: Mapping[str, str]

    def call(self, chat_id: int, language: str) -> Call:
        """See Content.call; the recipient's language is always one of the texts'."""
        return Call(
            "sendMessage",
            {
                "chat_id": chat_id,
                "text": self.texts[language],
                "parse_mode": "HTML",
                "link_preview_options": {"is_disabled": True},
            },
        )
