"""Checks whether the messages that a broadcast copies still exist.

Telegram reports no deletions to bots. The check makes an edit that changes nothing: Telegram
refuses it with another error when the message is gone.
"""

from collections.abc import Mapping
from typing import Any, cast

from telegram import InlineKeyboardMarkup
from telegram.error import BadRequest, Forbidden

from bot.broadcast.content import Copy
from handlers.context import Bot

_NOT_FOUND = "not found"


async def message_exists(bot: Bot, chat_id: int, content: Mapping[str, object]) -> bool:
    """Returns whether every message still exists; an album would be sent without those gone."""
    for version in content.values():
        if isinstance(version, str):
            continue
        copy = Copy.read(cast("Mapping[str, Any]", version))
        for message_id in copy.messages:
            if not await _is_there(bot, chat_id, message_id, copy):
                return False
    return True


async def _is_there(bot: Bot, chat_id: int, message_id: int, copy: Copy) -> bool:
    rows = {"inline_keyboard": [list(row) for row in copy.keyboard]}
    markup = InlineKeyboardMarkup.de_json(rows, bot) if copy.keyboard else None
    try:
        await bot.edit_message_reply_markup(
            chat_id=chat_id, message_id=message_id, reply_markup=markup
        )
    except (BadRequest, Forbidden) as error:
        # Forbidden: the admin may have blocked the bot since, which deletes nothing.
        return _NOT_FOUND not in error.message.lower()
    return True
