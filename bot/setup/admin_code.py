"""The code in a link by which somebody becomes an admin: used once, within ten minutes."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LASTS_SECONDS = 600.0
_BYTES = 16
_PREFIX = "admin-"
# 16 bytes are 22 letters of Base64.
_CODE = re.compile(_PREFIX + r"[A-Za-z0-9_-]{22}")
_START = re.compile(r"/start(?:@\w+)? (\S{1,64})\s*")


def is_admin_code(payload: str) -> bool:
    """Tells whether the word of a start link has the form of such a code, old or new."""
    return _CODE.fullmatch(payload) is not None


@dataclass(frozen=True, slots=True)
class Candidate:
    """Who opened the link; `language` is None if Telegram does not say it."""

    user_id: int
    name: str
    username: str | None
    language: str | None


class AdminCode:
    """A new code of 128 random bits; `now` is in seconds, monotonic."""

    def __init__(self, now: float) -> None:
        self.text = _PREFIX + secrets.token_urlsafe(_BYTES)
        self._until = now + LASTS_SECONDS

    def link(self, username: str) -> str:
        """Returns the link that opens the bot with this code."""
        return f"https://t.me/{username}?start={self.text}"

    def seconds_left(self, now: float) -> float:
        """Returns for how many seconds it is still taken; 0 when its time is over."""
        return max(0.0, self._until - now)

    def sender(self, update: Mapping[str, Any]) -> Candidate | None:
        """Returns who sent this code, in an update from Telegram; None for any other update.

        Only a message counts that a person wrote in their own chat with the bot: none that was
        edited, forwarded, or sent through another bot.
        """
        message = update.get("message")
        if not isinstance(message, dict) or message.keys() & {"forward_origin", "via_bot"}:
            return None
        user, chat = message.get("from"), message.get("chat")
        if not isinstance(user, dict) or not isinstance(chat, dict) or user.get("is_bot"):
            return None
        if chat.get("type") != "private" or chat.get("id") != user.get("id"):
            return None
        typed = _START.fullmatch(str(message.get("text", "")))
        # Compared as bytes: the payload of a stranger may be anything.
        if typed is None or not secrets.compare_digest(typed[1].encode(), self.text.encode()):
            return None
        names = f"{user.get('first_name')} {user.get('last_name') or ''}"
        return Candidate(
            int(user["id"]),
            " ".join(names.split()),
            user.get("username"),
            user.get("language_code"),
        )
