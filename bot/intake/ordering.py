"""The key by which updates are ordered: those with the same key are handled one by one."""

from collections.abc import Hashable, Mapping
from typing import Any


def ordering_key(update: Mapping[str, Any]) -> Hashable:
    """Returns the chat of an update, else its user, else a key of its own.

    In a private chat the chat id is the user id, so that both give the same key.
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
