"""What a person has done since: drawing a screen that is drawn over at once helps nobody.

It matters when Telegram lets few messages through and people tap again and again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from bot.intake import updates_behind

from .admin_context import PREFIX
from .request_budget import COUNTED, UNLIMITED, WRITTEN
from .screens.command_list import ADMIN_COMMANDS
from .screens.rights import NO_MORE_NEWS

_MAY_BE_FOR_A_DRAFT = "cancel"

# What a message of a person's has in it; service messages, which nothing answers, have none.
_DRAWN_FOR = frozenset(
    ("text", "photo", "sticker", "voice", "video", "video_note", "document", "audio", "animation")
)


def will_be_drawn_over(admins: Collection[int], would_answer: Callable[[int, str], bool]) -> bool:
    """Whether something waits in this chat that ends with drawing the living message.

    Args:
        admins: who has panels besides.
        would_answer: tells of a person and of what they ask for whether it is not too often.
    """
    return any(_draws(update, admins, would_answer) for update in updates_behind())


def _draws(
    update: Mapping[str, Any],
    admins: Collection[int],
    would_answer: Callable[[int, str], bool],
) -> bool:
    if "callback_query" in update:
        query = update["callback_query"]
        chat = query.get("message", {}).get("chat", {})
        if chat.get("id") != query.get("from", {}).get("id"):
            return False  # made elsewhere, and answered without a screen
        data = str(query.get("data", ""))
        return data != NO_MORE_NEWS and not data.startswith(f"{PREFIX}:")
    message = update.get("message") or update.get("edited_message") or {}
    if message.get("chat", {}).get("type") != "private" or message.keys().isdisjoint(_DRAWN_FOR):
        return False
    if "edited_message" in update and message.keys().isdisjoint(("text", "caption")):
        return False
    person, text = message.get("from", {}).get("id"), str(message.get("text", ""))
    command = text.removeprefix("/").partition(" ")[0].partition("@")[0].lower()
    is_command = text.startswith("/") and "message" in update
    # What admins order and what they send for a broadcast has panels of its own, which leave the
    # living message as it is. Their other commands draw it.
    has_a_panel = not is_command or command in {*ADMIN_COMMANDS, _MAY_BE_FOR_A_DRAFT}
    if person in admins and has_a_panel:
        return False
    if is_command and command in UNLIMITED:
        return True
    return would_answer(person, command if is_command and command in COUNTED else WRITTEN)
