"""The context of an admin's update, and the message in which its action is shown.

Each action has a message of its own, which is edited as the action proceeds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from telegram import Message

from handlers.bot_profile import offer_menu
from handlers.chat_context import ChatContext
from handlers.conversation_message import edit_if_there, send_screen
from handlers.delayed_replies import NOTHING_DONE, Answer
from handlers.screens.screen import Screen
from storage.conversations import save_conversation
from telegram_text.markup import Html

WAITS_FOR = timedelta(days=1)
"""How long a message is waited for; what is sent later may be meant for something else."""


@dataclass(frozen=True, slots=True, repr=False)
class AdminContext(ChatContext):
    """An admin's update, who may be a supporter too; what is shown of it is a screen of theirs."""

    @property
    def language(self) -> str:
        """The language that the admin chose, or that of their Telegram."""
        return self.view.language

    @property
    def by(self) -> tuple[int, datetime]:
        """Who does something now, and when, for the audit."""
        return self.user.id, self.now

    def at(self, message_id: int) -> AdminContext:
        """Returns the context for editing `message_id`; no tap is left to answer."""
        return replace(self, query=None, message_id=message_id)

    def at_bottom(self) -> AdminContext:
        """Returns the context for sending a new message; no tap is left to answer."""
        return replace(self, query=None, message_id=None)

    async def tell_once(self, answer: Answer) -> None:
        """Runs `answer` now or after a short wait; otherwise says that it was not finished."""
        nothing_done = self.words.text(NOTHING_DONE)
        await self.tell(answer, partial(self.at_bottom().write, nothing_done), once=True)

    async def say(self, said: Screen | Html) -> None:
        """Shows a screen in the tapped message or a new one, as soon as Telegram accepts it."""
        await self.tell(partial(self.write, said))

    async def write(self, said: Screen | Html) -> int:
        """Edits the tapped message, or sends a new one if there is none, and returns its id.

        Raises:
            TelegramError: a call failed; it is not repeated.
        """
        screen, there = Screen(said) if isinstance(said, Html) else said, self.message_id
        if there is not None:
            edited = edit_if_there(self.bot, self.chat_id, there, screen)
            is_there, _ = await asyncio.gather(edited, self.answer())
            if is_there:
                return there
        return await send_screen(self.bot, self.chat_id, screen)

    async def refuse(self, say_why: Answer) -> None:
        """Refuses the message, once for all elements of an album."""
        album = self.message.media_group_id if self.message is not None else None
        refused = self.services.refused_albums
        if album is None or refused.get(self.chat_id) != album:
            await say_why()
            refused[self.chat_id] = album

    async def leaves_to_another(self, author: int | None) -> bool:
        """Tells who asked for something that another admin decides it; False for the others."""
        if author != self.user.id:
            return False
        await self.alert(self.words.label("Esto lo tiene que decidir otra persona."))
        return True

    async def refreshed(self) -> AdminContext:
        """Updates the admin's menu and name, and stores a language for an admin without one.

        Reports are written in the stored language, as no update triggers them.
        """
        await ChatContext.refreshed(self)
        await offer_menu(self.services, self.user.id, self.words)
        if self.conversation.language is not None or self.spoken is None:
            return self
        chosen = replace(self.conversation, language=self.spoken, version=self.was or 1)
        await self.storage.write(save_conversation, chosen, was=self.was, at=self.now)
        return await self.reloaded()


AdminHandler = Callable[[AdminContext, str], Awaitable[None]]
"""Handles a tap on an admin's button, given the button's argument."""


class AwaitedMessage(NamedTuple):
    """A message that an admin was asked for: when, what takes it, and what gives it up."""

    at: datetime
    take: Callable[[Message], Awaitable[None]]
    leave: Callable[[], Awaitable[None]]
