"""The context of an update from a person's own chat: what supporters and admins share, and an
admin's. Each action of an admin has a message of its own, which is edited as it proceeds."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple, Self, TypeVar

from telegram import CallbackQuery, Message, Update, User

from bot.intake.dispatcher import UpdatesBehind
from bot.petition.stages import in_form
from bot.text.translations import Words, nearest
from handlers.bot_profile import offer_menu
from handlers.context import Bot, Services
from handlers.conversation_message import edit_if_there, end_spinner, send_screen, show_alert
from handlers.delayed_replies import NOTHING_DONE, Answer
from handlers.screens.screen import Screen
from handlers.screens.supporter_view import View
from storage import Storage
from storage.admins import save_admin_name
from storage.conversations import Conversation, save_conversation
from storage.signatures import StoredSupporter, stored_supporter
from telegram_text.markup import Html

_Opened = TypeVar("_Opened", bound="ChatContext")


@dataclass(frozen=True, slots=True, repr=False)
class ChatContext:
    """An update with everything its handler needs. Immutable: changes make a copy.

    Attributes:
        update_id: of the update, by which a repeated one is counted once.
        message: what the person sent; None for a tap.
        query: the tap that is still to be answered; None without one.
        message_id: the message whose button was tapped, in which the answer is shown; None to
            show it in a new one.
        view: the person's state, with the changes made so far.
        stored: the conversation as it was read; None for a new person.
        behind: what has come after the update.
    """

    services: Services
    update_id: int
    user: User
    message: Message | None
    query: CallbackQuery | None
    message_id: int | None
    view: View
    stored: Conversation | None
    behind: UpdatesBehind

    @property
    def bot(self) -> Bot:
        """What calls Telegram."""
        return self.services.bot

    @property
    def storage(self) -> Storage:
        """The petition's database."""
        return self.services.storage

    @property
    def now(self) -> datetime:
        """The present moment."""
        return self.services.clock()

    @property
    def chat_id(self) -> int:
        """The person's own chat, which has their id."""
        return self.user.id

    @property
    def words(self) -> Words:
        """The bot's own words in the person's language."""
        return self.view.words

    @property
    def conversation(self) -> Conversation:
        """The person's conversation row, with the changes made so far."""
        return self.view.conversation

    @property
    def was(self) -> int:
        """The version of the conversation that was read; 0 without one."""
        return self.stored.version if self.stored else 0

    @property
    def reference(self) -> bytes:
        """The keyed reference under which the person is stored."""
        return self.conversation.supporter

    @property
    def spoken(self) -> str | None:
        """The language of the petition that is that of their Telegram; None if it lacks that.

        It may be translated into theirs one day, so none is stored then.
        """
        return nearest(self.user.language_code, self.view.petition.texts)

    @property
    def after_command(self) -> str:
        """What the message has after its first word, whatever white space is between."""
        words = ((self.message and self.message.text) or "").split(maxsplit=1)
        return words[1].strip() if len(words) > 1 else ""

    async def reloaded(self) -> Self:
        """Returns the context with everything read again from the database."""
        stored = await self.storage.read(stored_supporter, self.reference)
        conversation = stored.conversation or self.conversation
        view = view_of(self.services, self.user, stored, conversation)
        return replace(self, view=view, stored=stored.conversation)

    async def refreshed(self) -> Self:
        """Stores what has changed since the person wrote last: that they can be reached again.

        And what Telegram calls an admin, for the other admins to read. Of a name that is empty, a
        link or hides something none is kept: their number is shown.
        """
        if self.view.signature is not None and self.view.signature.unreachable:
            await self.services.mark_reachable(self.reference)
        if self.view.by_admin:
            name = self.view.profile_name
            await self.storage.write(save_admin_name, self.user.id, name, self.now)
        return self

    def opened_as(self, kind: type[_Opened]) -> _Opened:
        """Returns the context of the same update as one of another kind."""
        return kind(**{each.name: getattr(self, each.name) for each in fields(self)})

    async def tell(
        self,
        answer: Answer,
        again: Answer | None = None,
        *,
        beside: str | None = None,
        once: bool = False,
    ) -> None:
        """Sends a reply, now or as soon as Telegram accepts it; see `DelayedReplies.tell`.

        Who is in the middle of signing is answered before others. What is not sent beside the
        screen answers the tap too, at later tries as well until it is answered.
        """
        if in_form(self.view.place):
            self.services.gate.signs(self.chat_id)
        turns = self.query is not None and not beside

        async def answer_tap() -> None:
            nonlocal turns
            turns = not await self.answer()

        async def with_tap(does: Answer) -> None:
            if not turns:
                await does()
                return
            # At the same time, so that the button does not wait for the drawing; and to the end,
            # since a tap whose drawing fails may be handled again at once.
            ended = await asyncio.gather(answer_tap(), does(), return_exceptions=True)
            for each in ended:
                if isinstance(each, BaseException):
                    raise each

        first, later = partial(with_tap, answer), partial(with_tap, again or answer)
        replies = self.services.delayed_replies
        await replies.tell(self.chat_id, first, later, beside=beside, once=once)

    async def answer(self) -> bool:
        """Answers the tap without text, and returns whether it is; the message stays as it is."""
        return self.query is None or await end_spinner(self.bot, self.query)

    async def alert(self, said: str) -> None:
        """Answers the tap with an alert window; the message stays as it is."""
        if self.query is not None:
            shows = partial(show_alert, self.bot, self.chat_id, self.query, said)
            await self.tell(shows, beside=said)


async def open_context(
    kind: type[_Opened], services: Services, update: Update, user: User
) -> _Opened:
    """Reads the state of a person whose own chat an update is from, as a context of this kind."""
    query, reference = update.callback_query, services.reference(user.id)
    stored = await services.storage.read(stored_supporter, reference)
    return kind(
        services=services,
        update_id=update.update_id,
        user=user,
        message=None if query else update.effective_message,
        query=query,
        message_id=query.message.message_id if query and query.message else None,
        view=view_of(services, user, stored, stored.conversation or Conversation(reference)),
        stored=stored.conversation,
        behind=services.delayed_replies.behind,
    )


def view_of(
    services: Services, user: User, stored: StoredSupporter, conversation: Conversation
) -> View:
    """Returns everything that this person's screens are drawn from."""
    language = services.petition.language_for(conversation.language or user.language_code)
    return View(
        petition=services.petition,
        words=services.catalogs.words(language),
        words_in=services.catalogs.words,
        language=language,
        petition_state=stored.petition_state,
        conversation=conversation,
        signature=stored.signature,
        full_name=user.full_name,
        bot_username=services.bot.username,
        by_admin=user.id in services.admins,
        closing_texts=stored.closing_texts,
        handover=stored.handover,
        any_left=stored.any_left,
        now=services.clock(),
        today=services.today,
    )


WAITS_FOR = timedelta(days=1)
"""How long a message is waited for; what is sent later may be meant for something else."""


@dataclass(frozen=True, slots=True, repr=False)
class AdminContext(ChatContext):
    """An admin's update, who may be a supporter too; what is shown of it is a screen of theirs."""

    @property
    def by(self) -> tuple[int, datetime]:
        """Who does something now, and when, for the audit."""
        return self.user.id, self.now

    def at(self, message_id: int | None) -> AdminContext:
        """Returns the context for editing a message, or sending one; no tap is left to answer."""
        return replace(self, query=None, message_id=message_id)

    async def tell_once(self, answer: Answer) -> None:
        """Runs `answer` now or after a short wait; otherwise says that it was not finished."""
        nothing_done = self.words.text(NOTHING_DONE)
        await self.tell(answer, partial(self.at(None).write, nothing_done), once=True)

    async def say(self, said: Screen | Html) -> None:
        """Shows a screen in the tapped message or a new one, as soon as Telegram accepts it."""
        await self.tell(partial(self.write, said))

    async def write(self, said: Screen | Html) -> int:
        """Edits the tapped message, or sends a new one if there is none, and returns its id.

        Raises:
            TelegramError: a call failed; it is not repeated.
        """
        screen, there = Screen(said) if isinstance(said, Html) else said, self.message_id
        if there is not None and await edit_if_there(self.bot, self.chat_id, there, screen):
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
