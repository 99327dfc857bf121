"""Sends and edits messages: HTML text with buttons, without link previews."""

from __future__ import annotations

from telegram import CallbackQuery, InlineKeyboardMarkup, LinkPreviewOptions
from telegram.constants import ParseMode
from telegram.error import TelegramError

from bot.text.markup import Html, escape
from bot.transport.error_kinds import ErrorKind, error_kind
from handlers.context import Bot

_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


async def post(bot: Bot, chat_id: int, text: Html, keyboard: InlineKeyboardMarkup | None) -> int:
    """Sends a message; returns its id."""
    sent = await bot.send_message(
        chat_id,
        text,
        parse_mode=ParseMode.HTML,
        reply_markup=keyboard,
        link_preview_options=_NO_PREVIEW,
    )
    return sent.message_id


async def rewrite(
    bot: Bot, chat_id: int, message_id: int, text: Html, keyboard: InlineKeyboardMarkup | None
) -> None:
    """Edits the text and buttons of a message."""
    await bot.edit_message_text(
        text,
        chat_id=chat_id,
        message_id=message_id,
        parse_mode=ParseMode.HTML,
        reply_markup=keyboard,
        link_preview_options=_NO_PREVIEW,
    )


async def say_above(bot: Bot, chat_id: int, query: CallbackQuery, said: str) -> None:
    """Answers a tap with an alert window, or with a message when the tap has expired."""
    try:
        await query.answer(said, show_alert=True)
    except TelegramError as error:
        if error_kind(error) is not ErrorKind.EXPIRED:
            raise
        await post(bot, chat_id, escape(said), None)
