"""The admins' messages: each order gets one of its own, edited as it goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from telegram import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Update, User
from telegram.constants import ParseMode

from bot.petition.markup import Html
from bot.petition.words import Words

from .context import Bot, Context, Services
from .living import NO_PREVIEW, tolerate
from .menu import offer_menu

PREFIX = "adm"


class Order(StrEnum):
    """What an admin's button can order."""

    CLOSE = "close"
    REOPEN = "reopen"
    SEND = "send"
    LEAVE = "leave"


@dataclass(frozen=True, slots=True)
class Choice:
    """A button under a panel. The argument binds it to what was shown when it was offered."""

    label: str
    order: Order
    argument: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """An admin at work: who, where, in which language, and the tapped message if any."""

    bot: Bot
    services: Services
    user: User
    chat_id: int
    words: Words
    language: str
    query: CallbackQuery | None

    @property
    def tapped(self) -> int:
        """The panel whose button was tapped; 0 when nothing was."""
        return self.query.message.message_id if self.query and self.query.message else 0

    async def answer(self) -> None:
        """Answers the tap and leaves the panel as it is."""
        if self.query is not None:
            await tolerate(self.query.answer())

    async def say(self, text: Html, choices: Sequence[Choice] = ()) -> int:
        """Writes into the tapped panel, or a new one; returns the message id."""
        keyboard = _keyboard(choices)
        if self.query is not None and self.query.message is not None:
            message_id = self.query.message.message_id
            answer = asyncio.create_task(self.answer())
            try:
                await tolerate(
                    self.bot.edit_message_text(
                        text,
                        chat_id=self.chat_id,
                        message_id=message_id,
                        parse_mode=ParseMode.HTML,
                        reply_markup=keyboard,
                        link_preview_options=NO_PREVIEW,
                    )
                )
            finally:
                await answer
            return message_id
        sent = await self.bot.send_message(
            self.chat_id,
            text,
            parse_mode=ParseMode.HTML,
            reply_markup=keyboard,
            link_preview_options=NO_PREVIEW,
        )
        return sent.message_id


Carry = Callable[[Panel, str], Awaitable[None]]


async def open_panel(update: Update, context: Context) -> Panel:
    """The panel of the admin who wrote or tapped, in the language they chose for themselves."""
    user, chat = update.effective_user, update.effective_chat
    if user is None or chat is None:
        raise ValueError("A panel needs a person and a chat.")
    services = context.services
    supporter = services.keyring.reference(services.campaign.slug, user.id)
    known = await services.storage.conversations.get(supporter)
    chosen = known.language if known else None
    language = services.campaign.language_for(chosen or user.language_code)
    words = services.catalogues.words(language)
    await offer_menu(context.bot, services, user.id, words)
    return Panel(
        bot=context.bot,
        services=services,
        user=user,
        chat_id=chat.id,
        words=words,
        language=language,
        query=update.callback_query,
    )


def _keyboard(choices: Sequence[Choice]) -> InlineKeyboardMarkup | None:
    if not choices:
        return None
    return InlineKeyboardMarkup(
        [
            [
                InlineKeyboardButton(
                    choice.label, callback_data=f"{PREFIX}:{choice.order}:{choice.argument}"
                )
            ]
            for choice in choices
        ]
    )
