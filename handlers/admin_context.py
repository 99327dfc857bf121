"""The context of an admin's update, and the message in which its action is shown.

Each action has a message of its own, which is edited as the action proceeds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial

from telegram import CallbackQuery, Update, User

from bot.text.markup import Html
from bot.text.translations import Words
from handlers.bot_profile import offer_menu
from handlers.calls_before_commit import NOTHING_DONE, NowOrNever
from handlers.context import Bot, Context, Services
from handlers.conversation_message import edit_screen, send_screen, show_alert, tolerate
from handlers.delayed_replies import Answer
from handlers.screens.screen import Screen
from handlers.update_filters import own_chat
from storage import Conversation


@dataclass(frozen=True, slots=True)
class AdminContext:
    """An admin's update: who, in which chat and language, and the tapped message, if any.

    Attributes:
        message_id: the message that `write` edits; None to send a new one.
    """

    bot: Bot
    services: Services
    user: User
    chat_id: int
    words: Words
    language: str
    query: CallbackQuery | None
    message_id: int | None

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

    async def now_or_never(self, make: Answer) -> None:
        """Runs `make` now or after a short wait; otherwise says that it was not finished."""
        await self.tell(NowOrNever(make, self._say_nothing_done))

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

    async def _say_nothing_done(self) -> None:
        await self.at_bottom().write(self.words.text(NOTHING_DONE))


AdminHandler = Callable[[AdminContext, str], Awaitable[None]]


async def open_admin_context(update: Update, context: Context) -> AdminContext:
    """Opens the context of an admin's update, in the language that they chose.

    Also stores a language for an admin without one, and updates their menu of commands.

    Raises:
        ValueError: the update does not come from a person's own private chat.
    """
    here, query = own_chat(update), update.callback_query
    if here is None:
        raise ValueError("An admin's context belongs to their own chat.")
    user, chat = here
    services = context.services
    language = await _language(services, user)
    words = services.catalogs.words(language)
    await offer_menu(context.bot, services, user.id, words)
    return AdminContext(
        bot=context.bot,
        services=services,
        user=user,
        chat_id=chat.id,
        words=words,
        language=language,
        query=query,
        message_id=query.message.message_id if query and query.message else None,
    )


async def _language(services: Services, user: User) -> str:
    """Returns the admin's language, and stores it for reports, which no update triggers."""
    conversations = services.storage.conversations
    supporter = services.keyring.reference(services.petition.slug, user.id)
    known = await conversations.get(supporter)
    if known is not None and known.language is not None:
        return services.petition.language_for(known.language)
    language = services.petition.language_for(user.language_code)
    if not (user.language_code or "").lower().startswith(language):
        return language  # not stored: the petition may be translated into theirs one day
    was = known.version if known else 0
    chosen = replace(known or Conversation(supporter), language=language, version=was or 1)
    await conversations.save(chosen, was=was, at=services.clock())
    return language
