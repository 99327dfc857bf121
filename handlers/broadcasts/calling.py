"""Makes one call of a broadcast through the ordinary bot, to show a message to an admin."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from telegram import InlineKeyboardMarkup, LinkPreviewOptions, Message, MessageId

from bot.broadcast.content import MessageCall
from handlers.context import Bot

_TYPED: Final[Mapping[str, Any]] = MappingProxyType(
    {"reply_markup": InlineKeyboardMarkup, "link_preview_options": LinkPreviewOptions}
)


async def made(bot: Bot, call: MessageCall) -> tuple[int, ...]:
    """Makes the call; returns the ids of the messages it sent.

    Raises:
        TelegramError: the call failed.
        ValueError: no broadcast uses this method.
    """
    given: dict[str, Any] = {
        name: _TYPED[name].de_json(value, bot) if name in _TYPED else value
        for name, value in call.params.items()
    }
    match call.method:
        case "sendMessage":
            return _ids(await bot.send_message(**given))
        case "copyMessage":
            return _ids(await bot.copy_message(**given))
        case "copyMessages":
            return _ids(*await bot.copy_messages(**given))
    raise ValueError(f"no content is sent with {call.method}")


def _ids(*messages: Message | MessageId) -> tuple[int, ...]:
    return tuple(message.message_id for message in messages)
