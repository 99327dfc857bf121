"""What an update is: whose chat it comes from, which command it holds, what it will do.

Updates that wait their turn are judged by their raw content. One that will draw the conversation
message saves the drawing of an earlier one, when Telegram limits calls and people tap repeatedly.
A withdrawal is never dropped as part of a flood.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from telegram import CallbackQuery, Chat, Message, MessageEntity, Update, User
from telegram.constants import ChatType

from bot.intake.dispatcher import UpdatesBehind
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

# Of what somebody else wrote first, or what was sent through another bot or for a channel.
_NOT_TYPED = ("forward_origin", "via_bot", "sender_chat")


def own_chat(update: Update) -> tuple[User, Chat] | None:
    """Returns the person and their private chat with the bot; None for any other update.

    The chat's id equals the person's. A consent given anywhere else would be stored with the id
    of a group, and messages to its signer would go there.
    """
    user, chat = update.effective_user, update.effective_chat
    if user is None or chat is None or chat.type != ChatType.PRIVATE or chat.id != user.id:
        return None
    return user, chat


def is_there(query: CallbackQuery) -> bool:
    """Returns whether the tapped message is still accessible to the bot."""
    return query.message is not None and query.message.is_accessible


def command_in(message: Message, bot: str) -> str | None:
    """Returns the command that was typed to the bot of this name; None for any other message.

    It is empty for a command to another bot. What was forwarded, or sent through another bot or
    for a channel, nobody typed as a command to this one.
    """
    first = message.entities[0] if message.entities else None
    if first is None or first.type != MessageEntity.BOT_COMMAND or first.offset != 0:
        return None
    if any(getattr(message, each) is not None for each in _NOT_TYPED):
        return None
    name, _, addressed = (message.text or "")[1 : first.length].lower().partition("@")
    return name if addressed in ("", bot.lower()) else ""


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
    command = _command(message) if "message" in update else None
    # Admin commands, and what an admin sends for a broadcast, are answered in messages of their
    # own. Only an admin's other commands draw the conversation message.
    if by_admin and command in {None, *ADMIN_COMMANDS, _MAY_BE_FOR_A_DRAFT}:
        return False
    what = command if command is not None and command in COUNTED else WRITTEN
    return command in UNLIMITED or would_answer(what)


def is_opt_out(update: Mapping[str, Any]) -> bool:
    """Returns whether the update is a withdrawal, a mute or a refusal of what was chosen."""
    query, message = update.get("callback_query"), update.get("message")
    if isinstance(query, Mapping):
        data = query.get("data")
        tap = read_tap(data)
        return data in NO_MORE.values() or (
            isinstance(tap, SupporterTap) and tap.action in _OPT_OUT
        )
    return isinstance(message, Mapping) and _command(message) in UNLIMITED


def _command(message: Mapping[str, Any]) -> str | None:
    """Returns what `command_in` does, as far as it can be told without the bot's name."""
    text, is_typed = message.get("text"), message.keys().isdisjoint(_NOT_TYPED)
    found = _COMMAND.match(text) if isinstance(text, str) and is_typed else None
    return found[1].lower() if found else None
