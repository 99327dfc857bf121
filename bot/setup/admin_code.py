"""The code in a link by which somebody becomes an admin: used once, within ten minutes."""

import re
import secrets
from collections.abc import Mapping
from typing import Any

from telegram import Message, User

LASTS_SECONDS = 600.0
_PREFIX = "admin-"
# 16 bytes are 22 letters of Base64.
_CODE = re.compile(_PREFIX + r"[A-Za-z0-9_-]{22}")
_START = re.compile(r"/start(?:@\w+)? (\S{1,64})\s*")


def new_admin_code() -> str:
    """Returns a new code of 128 random bits."""
    return _PREFIX + secrets.token_urlsafe(16)


def is_admin_code(payload: str) -> bool:
    """Tells whether the word of a start link has the form of such a code, old or new."""
    return _CODE.fullmatch(payload) is not None


def sender_of(code: str, update: Mapping[str, Any]) -> User | None:
    """Returns who sent this code, in an update from Telegram; None for any other update.

    Only a message counts that a person wrote in their own chat with the bot: none that was
    edited, forwarded, or sent through another bot.
    """
    message = update.get("message") or {}
    typed = _START.fullmatch(str(message.get("text", "")))
    # Compared as bytes: the payload of a stranger may be anything.
    if typed is None or not secrets.compare_digest(typed[1].encode(), code.encode()):
        return None
    sent = Message.de_json(message, None)
    user = sent.from_user
    if sent.forward_origin or sent.via_bot or sent.chat.type != sent.chat.PRIVATE:
        return None
    return None if user is None or user.is_bot else user
