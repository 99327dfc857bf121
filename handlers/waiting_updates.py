"""Judges updates that wait their turn by their raw content.

A later update that will draw the conversation message saves the drawing of an earlier one, when
Telegram limits calls and people tap repeatedly. A withdrawal is never dropped as part of a flood.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from bot.intake import UpdatesBehind
from bot.petition.stages import Action
from handlers.request_budget import COUNTED, UNLIMITED, WRITTEN
from handlers.screens.buttons import NO_MORE, AdminTap, SupporterTap, read_tap
from handlers.screens.help import ADMIN_COMMANDS

_MAY_BE_FOR_A_DRAFT = "cancel"
_COMMAND = re.compile(r"/(\w+)")
_OPT_OUT = frozenset(
    {Action.WITHDRAW, Action.ERASE, Action.MUTE, Action.REFUSE_UPDATES, Action.REFUSE_NEWS}
)

# Keys of messages that people send; service messages, which get no reply, have none of them.
_DRAWN_FOR = frozenset(
    ("text", "photo", "sticker", "voice", "video", "video_note", "document", "audio", "animation")
)


def will_be_drawn_over(
    behind: UpdatesBehind, *, by_admin: bool, would_answer: Callable[[str], bool]
) -> bool:
    """Returns whether an update that waits in a person's chat will draw the conversation message.

    `would_answer` takes what is asked for, and tells whether the person gets a reply.
    """
    return any(_draws(update, by_admin, would_answer) for update in behind.waiting)


def _draws(update: Mapping[str, Any], by_admin: bool, would_answer: Callable[[str], bool]) -> bool:
    if "callback_query" in update:
        query = update["callback_query"]
        chat = query.get("message", {}).get("chat", {})
        if chat.get("id") != query.get("from", {}).get("id"):
            return False  # outside of the private chat: answered without a screen
        data = query.get("data", "")
        return data not in NO_MORE.values() and not isinstance(read_tap(data), AdminTap)
    message = update.get("message") or update.get("edited_message") or {}
    if message.get("chat", {}).get("type") != "private" or message.keys().isdisjoint(_DRAWN_FOR):
        return False
    if "edited_message" in update and message.keys().isdisjoint(("text", "caption")):
        return False
    text = str(message.get("text", ""))
    found = _COMMAND.match(text)
    command = found[1].lower() if found else ""
    is_command = text.startswith("/") and "message" in update
    # Admin commands, and what an admin sends for a broadcast, are answered in messages of their
    # own. Only an admin's other commands draw the conversation message.
    is_answered_apart = not is_command or command in {*ADMIN_COMMANDS, _MAY_BE_FOR_A_DRAFT}
    if by_admin and is_answered_apart:
        return False
    if is_command and command in UNLIMITED:
        return True
    return would_answer(command if is_command and command in COUNTED else WRITTEN)


def is_opt_out(update: Mapping[str, Any]) -> bool:
    """Returns whether the update is a withdrawal, a mute or a refusal of what was chosen."""
    data = _in(update, "callback_query", "data")
    if data is not None:
        tap = read_tap(data)
        return data in NO_MORE.values() or (
            isinstance(tap, SupporterTap) and tap.action in _OPT_OUT
        )
    command = _COMMAND.match(_in(update, "message", "text") or "")
    return command is not None and command[1].lower() in UNLIMITED


def _in(update: Mapping[str, Any], kind: str, name: str) -> str | None:
    content = update.get(kind)
    found = content.get(name) if isinstance(content, Mapping) else None
    return found if isinstance(found, str) else None
