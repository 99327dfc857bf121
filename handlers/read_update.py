"""What an update is: whose chat it comes from, which command it holds, whether it is an opt-out.

The last is told from the raw content: a withdrawal is never dropped as part of a flood.
"""

import re
from collections.abc import Mapping
from typing import Any

from telegram import CallbackQuery, Message, MessageEntity, Update, User
from telegram.constants import ChatType

from bot.petition.stages import Action
from handlers.requests_per_person import UNLIMITED
from handlers.screens.buttons import NO_MORE, SupporterTap, read_tap

_COMMAND = re.compile(r"/(\w+)")
_OPT_OUT = frozenset(
    {Action.WITHDRAW, Action.ERASE, Action.MUTE, Action.REFUSE_UPDATES, Action.REFUSE_NEWS}
)

# Of what somebody else wrote first, or what was sent through another bot or for a channel.
_NOT_TYPED = ("forward_origin", "via_bot", "sender_chat")


def own_chat(update: Update) -> User | None:
    """Returns whose private chat with the bot an update is from; None for any other update.

    The chat's id equals the person's. A consent given anywhere else would be stored with the id
    of a group, and messages to its signer would go there.
    """
    user, chat = update.effective_user, update.effective_chat
    if user is None or chat is None or chat.type != ChatType.PRIVATE or chat.id != user.id:
        return None
    return user


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


def is_opt_out(update: Mapping[str, Any]) -> bool:
    """Returns whether the update is a withdrawal, a mute or a refusal of what was chosen."""
    query, message = update.get("callback_query"), update.get("message")
    if isinstance(query, Mapping):
        data = query.get("data")
        tap = read_tap(data)
        return data in NO_MORE.values() or (
            isinstance(tap, SupporterTap) and tap.action in _OPT_OUT
        )
    if not isinstance(message, Mapping) or not message.keys().isdisjoint(_NOT_TYPED):
        return False
    # As `command_in` reads it, as far as it can be told without the bot's name.
    command = _COMMAND.match(str(message.get("text")))
    return command is not None and command[1].lower() in UNLIMITED
