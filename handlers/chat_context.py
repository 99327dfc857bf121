"""The context of an update from a person's own chat, which supporters and admins share."""

from dataclasses import dataclass, fields, replace
from datetime import datetime
from functools import partial
from typing import Self, TypeVar

from telegram import CallbackQuery, Message, Update, User

from bot.intake.dispatcher import UpdatesBehind
from bot.petition.stages import in_form
from bot.text.translations import Words, nearest
from handlers.context import Bot, Services
from handlers.conversation_message import end_spinner, show_alert
from handlers.delayed_replies import Answer
from handlers.screens.supporter_view import View
from storage import Storage
from storage.admins import save_admin_name
from storage.conversations import Conversation
from storage.signatures import StoredSupporter, stored_supporter

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

        Who is in the middle of signing is answered before others.
        """
        if in_form(self.view.place):
            self.services.gate.signs(self.chat_id)
        replies = self.services.delayed_replies
        await replies.tell(self.chat_id, answer, again, beside=beside, once=once)

    async def answer(self) -> None:
        """Answers the tap without text; the message stays as it is."""
        if self.query is not None:
            await end_spinner(self.bot, self.query)

    async def alert(self, said: str) -> None:
        """Answers the tap with an alert window; the message stays as it is."""
        await self.tell(partial(self.answer_with_alert, said), beside=said)

    async def answer_with_alert(self, said: str) -> None:
        """Answers the tap with an alert window, without repeating a failed call."""
        if self.query is not None:
            await show_alert(self.bot, self.chat_id, self.query, said)


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
