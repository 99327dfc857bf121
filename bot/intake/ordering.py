"""Which updates stand in one line: those of one chat are handled one after the other."""

from collections.abc import Hashable, Mapping
from typing import Any


def ordering_key(update: Mapping[str, Any]) -> Hashable:
    """The chat of an update, else its person, else only the update itself.

    In a private chat the chat's number is the person's, so both stand in one line.
    """
    for content in update.values():
        if not isinstance(content, Mapping):
            continue
        message = content.get("message")
        in_message = message.get("chat") if isinstance(message, Mapping) else None
        for known in (
            content.get("chat"),
            in_message,
            content.get("from"),
            content.get("user"),
            content.get("user_chat_id"),
        ):
            number = known.get("id") if isinstance(known, Mapping) else known
            if isinstance(number, int):
                return number
    return ("update", update.get("update_id"))
