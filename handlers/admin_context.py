"""The context of an admin's update, and the message in which its action is shown.

Each action has a message of its own, which is edited as the action proceeds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from telegram import CallbackQuery, Message, Update, User

from bot.intake import UpdatesBehind
from bot.petition.names import NameRefused, clean_name
from bot.text.translations import Words
from handlers.bot_profile import offer_menu
from handlers.calls_before_commit import NOTHING_DONE, UnrepeatedReply
from handlers.context import Bot, Context, Services
from handlers.conversation_message import edit_screen, send_screen, show_alert, tolerate
from handlers.delayed_replies import Answer
from handlers.screens.screen import Screen
from handlers.update_filters import own_chat, text_after_command
from storage import Storage
from storage.admins import save_admin_name
from storage.conversations import Conversation, conversation_of, save_conversation
from telegram_text.markup import Html


@dataclass(frozen=True, slots=True)
class AdminContext:
    """An admin's update: who, in which chat and language, and the tapped message, if any.

    Attributes:
        conversation: the admin's conversation as a supporter; None if they never had one.
        message: what they sent, if this is no tap.
        behind: what has come after the update.
        message_id: the message that `write` edits; None to send a new one.
    """

    bot: Bot
    services: Services
    user: User
    chat_id: int
    words: Words
    language: str
    conversation: Conversation | None
    message: Message | None
    query: CallbackQuery | None
    behind: UpdatesBehind
    message_id: int | None

    @property
    def reference(self) -> bytes:
        """The keyed reference under which the admin's draft and conversation are stored."""
        return self.services.reference(self.user.id)

    @property
    def broadcasts(self) -> Storage:
        """The stored broadcasts of the petition."""
        return self.services.storage

    @property
    def by(self) -> tuple[int, datetime]:
        """Who does something now, and when, for the audit."""
        return self.user.id, self.services.clock()

    @property
    def after_command(self) -> str:
        """The text after a command."""
        return text_after_command(self.message)

    def at(self, message_id: int) -> AdminContext:
        """Returns the context for editing `message_id`; no tap is left to answer."""
        return replace(self, query=None, message_id=message_id)

    def at_bottom(self) -> AdminContext:
        """Returns the context for sending a new message; no tap is left to answer."""
        return replace(self, query=None, message_id=None)

    async def answer(self) -> None:
        """Answers the tap without text; the message stays as it is."""
        if self.query is not None:
            await tolerate(self.query.answer())

    async def answer_with_alert(self, text: str) -> None:
        """Answers the tap with an alert window, without repeating a failed call."""
        if self.query is not None:
            await show_alert(self.bot, self.chat_id, self.query, text)

    async def tell(self, answer: Answer, again: Answer | None = None) -> None:
        """Sends a reply, now or as soon as Telegram accepts it; see `DelayedReplies.tell`."""
        await self.services.delayed_replies.tell(self.chat_id, answer, again)

    async def tell_once(self, answer: Answer) -> None:
        """Runs `answer` now or after a short wait; otherwise says that it was not finished."""
        await self.tell(UnrepeatedReply(answer, self._say_nothing_done))

    async def say(self, said: Screen | Html) -> None:
        """Shows a screen in the tapped message or a new one, as soon as Telegram accepts it."""
        await self.tell(partial(self.write, said))

    async def alert(self, text: str) -> None:
        """Shows the text in an alert window; the message stays as it is."""
        answer = partial(self.answer_with_alert, text)
        await self.services.delayed_replies.tell(self.chat_id, answer, beside=text)

    async def write(self, said: Screen | Html) -> int:
        """Edits the tapped message, or sends a new one, and returns its id.

        Raises:
            TelegramError: a call failed; it is not repeated.
        """
        screen = Screen(said) if isinstance(said, Html) else said
        if self.message_id is None:
            return await send_screen(self.bot, self.chat_id, screen)
        edited = edit_screen(self.bot, self.chat_id, self.message_id, screen)
        await self.answer_while(tolerate(edited))
        return self.message_id

    async def answer_while(self, call: Awaitable[object]) -> None:
        """Answers the tap and awaits `call` at the same time.

        Raises:
            Exception: one of them failed; the other was not held up by it.
        """
        # A failure of one lets the other finish, a cancellation ends both.
        outcomes = await asyncio.gather(call, self.answer(), return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome

    async def refresh_admin(self) -> None:
        """Updates the admin's menu and name, and stores a language for an admin without one.

        Reports are written in the stored language, as no update triggers them.
        """
        await store_admin_name(self.services, self.user)
        await offer_menu(self.bot, self.services, self.user.id, self.words)
        known, storage = self.conversation, self.services.storage
        if known is not None and known.language is not None:
            return
        if not (self.user.language_code or "").lower().startswith(self.language):
            return  # the petition may be translated into theirs one day
        was = known.version if known else 0
        chosen = known or Conversation(self.reference)
        chosen = replace(chosen, language=self.language, version=was or 1)
        await storage.write(save_conversation, chosen, was=was, at=self.services.clock())

    async def _say_nothing_done(self) -> None:
        await self.at_bottom().write(self.words.text(NOTHING_DONE))


async def store_admin_name(services: Services, user: User) -> None:
    """Stores what Telegram calls an admin now, for the other admins to read."""
    try:
        name = clean_name(user.full_name)
    except NameRefused:
        name = None  # empty, a link, or signs that hide something: the number is shown
    await services.storage.write(save_admin_name, user.id, name, services.clock())


AdminHandler = Callable[[AdminContext, str], Awaitable[None]]
"""Handles a tap on an admin's button, given the button's argument."""


async def open_admin_context(update: Update, context: Context) -> AdminContext:
    """Loads what is known of an admin, in the language that they chose; changes nothing.

    Raises:
        ValueError: the update does not come from a person's own private chat.
    """
    here, query, services = own_chat(update), update.callback_query, context.services
    if here is None:
        raise ValueError("An admin's context belongs to their own chat.")
    user, chat = here
    known = await services.storage.read(conversation_of, services.reference(user.id))
    language = services.petition.language_for((known and known.language) or user.language_code)
    return AdminContext(
        bot=context.bot,
        services=services,
        user=user,
        chat_id=chat.id,
        words=services.catalogs.words(language),
        language=language,
        conversation=known,
        message=None if query else update.effective_message,
        query=query,
        behind=context.behind,
        message_id=query.message.message_id if query and query.message else None,
    )
