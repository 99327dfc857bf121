"""The context of a supporter's update: loads their state, saves changes, shows the screen."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from functools import partial

from telegram import CallbackQuery, Message, Update, User
from telegram.error import TelegramError

from bot.intake import UpdatesBehind
from bot.petition.consent import notice_mark
from bot.petition.names import NameRefused, clean_name, is_surely_a_name
from bot.petition.stages import (
    Action,
    Place,
    Stage,
    expects_name,
    go,
    in_form,
    keeps_form,
    nearest_valid_stage,
)
from handlers.context import Bot, Context, Services
from handlers.conversation_message import (
    Cleared,
    ConversationMessage,
    Shown,
    end_spinner,
    show_alert,
)
from handlers.delayed_replies import LONGEST_WAIT, Answer
from handlers.picture import show_picture
from handlers.screens import draw
from handlers.screens.screen import lines
from handlers.screens.supporter_view import View
from handlers.sent_files import erase_files
from handlers.update_filters import own_chat, text_after_command
from handlers.waiting_updates import will_be_drawn_over
from storage.closing_texts import published_closing_texts
from storage.conversations import (
    EMPTY_FORM,
    Conversation,
    conversation_of,
    forget_name_messages,
    save_conversation,
    screen_digest,
    store_screen,
)
from storage.erasures import earliest_signed_at
from storage.handovers import handover_known_to
from storage.personal_data import everything_held
from storage.petitions import petition_state
from storage.sent_files import make_files_due
from storage.signatures import signature_of
from telegram_text.markup import Html

# While fewer messages wait to be deleted, drawing may be left to a later update.
_MOST_IN_THE_CHAT = 50
# Deleted one by one, which shows which are too old; only a flood brings more.
_ONE_BY_ONE = 20
_TOGETHER = 100  # Telegram's limit for one call of deleteMessages


@dataclass(frozen=True, slots=True, repr=False)
class SupporterContext:
    """A supporter's update with everything its handler needs. Immutable: changes make a copy.

    Attributes:
        update_id: of the update, by which a repeated one is counted once.
        stored_version: version of the stored conversation; None for a new person.
        had_name: whether that has a name in its form.
        behind: what has come after the update.
        is_answered: whether the tap, if this is one, has been answered.
    """

    bot: Bot
    services: Services
    update_id: int
    chat_id: int
    user: User
    message: Message | None
    query: CallbackQuery | None
    view: View
    stored_version: int | None
    behind: UpdatesBehind
    had_name: bool = False
    is_answered: bool = False

    @property
    def conversation(self) -> Conversation:
        """The person's conversation row, with the changes made so far."""
        return self.view.conversation

    @property
    def supporter(self) -> bytes:
        """The keyed reference under which the person is stored."""
        return self.conversation.supporter

    @property
    def tapped(self) -> int | None:
        """The id of the message whose button was tapped; None without a tap."""
        return self.query.message.message_id if self.query and self.query.message else None

    @property
    def after_command(self) -> str:
        """The text after a command."""
        return text_after_command(self.message)

    @property
    def is_shown(self) -> bool:
        """Whether the chat surely shows the screen of the person's stage, without a notice."""
        drawn = draw(self.view).drawn(self.conversation.version)
        return self.conversation_message.digest_of(drawn) == self.conversation.screen_digest

    def with_stage(self, place: Place, **draft: object) -> SupporterContext:
        """Returns the context at `place` with changed conversation fields and a new version.

        Without a change the version stays, so that the buttons stay valid and Telegram is not
        asked for an edit that changes nothing. Leaving the form clears it: a name that was not
        signed with is not kept. Entering it starts the time in which it is filled in.
        """
        if not keeps_form(place):
            draft = {**draft, **EMPTY_FORM}
        elif not keeps_form(self.view.place):
            notice = notice_mark(self.services.petition)
            draft = {**draft, "form_started_at": self.services.clock(), "notice": notice}
        changed = replace(
            self.conversation,
            stage=place.stage.value,
            page=place.page,
            return_stage=place.return_stage.value if place.return_stage else None,
            **draft,  # type: ignore[arg-type]  # dataclass fields named by the caller
        )
        # A damaged name is reported once; saving the row then removes it.
        if changed == self.conversation and not self.conversation.is_damaged:
            return self
        return self._as(changed)

    def marking_for_deletion(self, message_id: int) -> SupporterContext:
        """Returns the context with one of the person's messages marked for deletion.

        `show` and `clear` delete it. The mark is stored first, so that what cannot be deleted
        now is deleted with the person's next update.

        Raises:
            TypeError: the id is no integer; stored, it would break every later update.
        """
        if type(message_id) is not int:
            raise TypeError("A message has a number.")
        marked = dict.fromkeys((*self.conversation.name_message_ids, message_id))
        return self.with_stage(self.view.place, name_message_ids=tuple(marked))

    def with_new_version(self) -> SupporterContext:
        """Returns the context with only a new version, which makes the shown buttons stale."""
        return self._as(self.conversation)

    def _as(self, changed: Conversation) -> SupporterContext:
        # A button of a conversation that was forgotten must not fit the one that is begun anew.
        forgotten = self.services.storage.forgotten_version
        version = max(self.conversation.version, self.stored_version or 0, forgotten) + 1
        return replace(
            self, view=replace(self.view, conversation=replace(changed, version=version))
        )

    def after(self, action: Action, *, page: int = 0) -> SupporterContext:
        """Returns the context after an action that only changes the stage."""
        return self.with_stage(go(action, self.view.place, self.view.status, page=page))

    def at_valid_stage(self) -> SupporterContext:
        """Returns the context at the nearest stage that is possible now.

        A petition that takes no names any more keeps none that was typed before.
        """
        taken = {} if self.view.with_name is not False else {"name": None, "with_name": False}
        typed = self.conversation.name is not None or self.conversation.with_name
        place = nearest_valid_stage(self.view.place, self.view.status)
        return self.with_stage(place, **(taken if typed else {}))

    async def mark_reachable(self) -> None:
        """Marks the person reachable again if they were not, as they have just written."""
        if self.view.signature is not None and self.view.signature.unreachable:
            await self.services.mark_reachable(self.conversation.supporter)

    async def save(self) -> None:
        """Stores the conversation if it changed."""
        leaving = replace(self.conversation, name_message_ids=self._leaving)
        is_new = self.conversation.version != (self.stored_version or 0)
        if not is_new and leaving == self.conversation:
            return
        if self._drops_name:
            # A file of /mydata holds the name too.
            await self.services.storage.write(make_files_due, self.supporter)
        await self.services.storage.write(
            save_conversation, leaving, was=self.stored_version, at=self.services.clock()
        )

    @property
    def _drops_name(self) -> bool:
        return self.had_name and self.conversation.name is None

    @property
    def _leaving(self) -> tuple[int, ...]:
        """The ids of the messages to delete from the chat.

        Includes dropped messages while the form expects a name, since they may hold it. Not an
        admin's: it is unknown whether those were meant for the form.
        """
        marked = self.conversation.name_message_ids
        if self.view.by_admin or not expects_name(self.view.place):
            return marked
        room = max(0, _ONE_BY_ONE + _TOGETHER - len(marked))
        return tuple(dict.fromkeys((*marked, *self.behind.dropped[:room])))

    async def say(self, notice: Html | None = None) -> None:
        """Stores the conversation and shows the screen as the newest message in the chat."""
        await self.save()
        await self.show(notice, at_bottom=True)

    async def save_and_show(self, notice: Html | None = None) -> None:
        """Stores the conversation and shows the screen in the message that is there."""
        await self.save()
        await self.show(notice)

    async def show(self, notice: Html | None = None, *, at_bottom: bool = False) -> None:
        """Shows the current screen, now or as soon as Telegram accepts it; see `draw`.

        Only answers the tap when a later update of the person will draw anyway.
        """
        if self.will_be_drawn_over and not draw(self.view).kept:
            await self.tell(self.answer, beside="tap")
            return
        await self.tell(
            partial(self._draw_and_answer, notice, at_bottom=at_bottom),
            partial(self.redraw, notice, at_bottom=at_bottom),
        )

    @property
    def will_be_drawn_over(self) -> bool:
        """Whether a later update of this person will draw, so that this one need not."""
        few = len(self.conversation.name_message_ids) < _MOST_IN_THE_CHAT
        return few and will_be_drawn_over(
            self.behind, self.services.admins, self.services.would_answer
        )

    async def clear(self) -> None:
        """Stores the conversation and deletes the marked messages; shows nothing."""
        await self.save()
        if self._leaving:
            await self.tell(self._clear_away, beside="typed")

    async def alert(self, said: str) -> None:
        """Answers the tap with an alert window; the screen stays as it is."""
        if self.query is None:
            raise ValueError("Only a tap can be answered in a window.")
        alert = partial(show_alert, self.bot, self.chat_id, self.query, said)
        await self.tell(alert, beside=said)

    async def tell(
        self, answer: Answer, again: Answer | None = None, *, beside: str | None = None
    ) -> None:
        """Sends a reply, now or as soon as Telegram accepts it; see `DelayedReplies.tell`."""
        if in_form(self.view.place):
            self.services.note_signing(self.chat_id)
        await self.services.delayed_replies.tell(self.chat_id, answer, again, beside=beside)

    async def _draw_and_answer(self, notice: Html | None, *, at_bottom: bool) -> None:
        # At the same time, so that the button does not wait for the drawing.
        await asyncio.gather(self.answer(), self._draw_cleared(notice, at_bottom=at_bottom))

    async def redraw(self, notice: Html | None = None, *, at_bottom: bool = False) -> None:
        """Draws the person's screen again, reading their state anew; the tap is answered.

        A message that the first try already sent at the bottom is edited, not sent twice.
        """
        former, ctx = self.conversation.message_id, (await reload(self)).at_valid_stage()
        await ctx.save()
        is_there = ctx.conversation.message_id not in (None, former)
        if is_there:
            # The message that was tapped is not the newest any more.
            ctx = replace(ctx, query=None)
        await ctx._draw_cleared(notice, at_bottom=at_bottom and not is_there)
        if is_there:
            digest = ctx.conversation.screen_digest
            await self.conversation_message.leave(digest, self.view.words)

    async def _draw_cleared(self, notice: Html | None, *, at_bottom: bool) -> None:
        typed, files = await self._clear(), await self._erase_files()
        told = lines(self.view.damage, notice, typed.told, files.told)
        await self._draw(told or None, at_bottom=at_bottom)
        if (failure := typed.failure or files.failure) is not None:
            raise failure

    async def _erase_files(self) -> Cleared:
        """Removes files whose data is erased, also wherever a screen says what is stored."""
        says_what_is_stored = self.view.place.stage in (Stage.MY_DATA, Stage.WITHDRAWN)
        if not says_what_is_stored and not self._drops_name:
            return Cleared()
        return await erase_files(self.bot, self.services, self.view.words, self.supporter)

    async def _clear_away(self) -> None:
        cleared = await (await reload(self))._clear()
        if cleared.failure is not None:
            raise cleared.failure

    async def answer(self) -> None:
        """Answers the tap without text; for text use `alert`, or a notice on the screen."""
        if self.query is not None and not self.is_answered:
            await end_spinner(self.query)

    @property
    def conversation_message(self) -> ConversationMessage:
        """The conversation message as it was last shown."""
        conversation = self.conversation
        return ConversationMessage(
            self.bot,
            self.chat_id,
            conversation.message_id,
            conversation.screen_digest,
            partial(screen_digest, self.services.storage, self.supporter),
        )

    async def _clear(self) -> Cleared:
        """Deletes the marked messages.

        A failure is returned, so that the screen can report it before it is raised.
        """
        leaving, message, words = self._leaving, self.conversation_message, self.view.words
        if not leaving:
            return Cleared()
        try:
            async with asyncio.timeout(LONGEST_WAIT):
                gone = [
                    await message.delete_together(leaving[start : start + _TOGETHER])
                    for start in range(_ONE_BY_ONE, len(leaving), _TOGETHER)
                ]
                gone += [await message.delete(each) for each in leaving[:_ONE_BY_ONE]]
        except (TelegramError, TimeoutError) as error:
            told = words.text(
                "Todavía no se ha podido borrar de este chat lo que has enviado. Lo volveremos a "
                "intentar; también puedes borrarlo tú."
            )
            return Cleared(told, error)
        await self.services.storage.write(forget_name_messages, self.supporter, leaving)
        return Cleared(
            words.text(
                "Lo que has enviado se ha borrado de este chat."
                if all(gone)
                else "Telegram no nos deja borrar de este chat un mensaje de hace días. Si lleva "
                "tu nombre, bórralo tú, por favor."
            )
        )

    async def _draw(self, notice: Html | None, *, at_bottom: bool) -> None:
        message, version, view = self.conversation_message, self.conversation.version, self.view
        if view.place.stage is Stage.MY_DATA:
            held = await self.services.storage.read(everything_held, self.user.id)
            view = replace(view, held=held)
        screen = draw(view).with_notice(notice)
        if at_bottom or message.will_be_new(screen, tapped=self.tapped):
            await show_picture(self)
            shown = await message.send_new(screen, version)
        else:
            shown = await message.edit(screen, version, tapped=self.tapped)
        # Stored before the old message is deleted: if that fails, only it is repeated.
        await self._remember(shown)
        if message.message_id != shown.message_id:
            await message.leave(shown.digest, view.words)

    async def _remember(self, shown: Shown) -> None:
        former = (self.conversation.message_id, self.conversation.screen_digest)
        if (shown.message_id, shown.digest) != former:
            await self.services.storage.write(
                store_screen,
                self.supporter,
                message_id=shown.message_id,
                screen_digest=shown.digest,
            )


async def open_supporter_context(update: Update, context: Context) -> SupporterContext:
    """Loads a supporter's state; changes nothing.

    Raises:
        ValueError: the update does not come from a person's own private chat.
    """
    here = own_chat(update)
    if here is None:
        raise ValueError("A supporter's context belongs to their own chat.")
    user, chat = here
    services, supporter = context.services, context.services.reference(user.id)
    stored = await services.storage.read(conversation_of, supporter)
    conversation = stored or Conversation(supporter)
    return SupporterContext(
        bot=context.bot,
        services=services,
        update_id=update.update_id,
        chat_id=chat.id,
        user=user,
        message=update.effective_message,
        query=update.callback_query,
        view=await _read_view(services, context.bot, user, conversation),
        stored_version=stored.version if stored else None,
        behind=context.behind,
        had_name=conversation.name is not None,
    )


async def open_command(update: Update, context: Context) -> SupporterContext:
    """Loads a supporter's state, with the command marked for deletion if it may hold a name.

    While the form expects a name, any text after the command may be one, except the source tag
    of the person's link. Elsewhere only what is surely a name counts, and never from an admin.
    """
    ctx = await open_supporter_context(update, context)
    text = ctx.after_command
    if ctx.message is None or not text:
        return ctx
    if expects_name(ctx.at_valid_stage().view.place):
        may_be_a_name = text != ctx.conversation.source
    else:
        may_be_a_name = not ctx.view.by_admin and is_surely_a_name(text, ctx.user.full_name)
    return ctx.marking_for_deletion(ctx.message.message_id) if may_be_a_name else ctx


async def reload(ctx: SupporterContext) -> SupporterContext:
    """Returns the context with everything read again from the database."""
    stored = await ctx.services.storage.read(conversation_of, ctx.supporter)
    view = await _read_view(ctx.services, ctx.bot, ctx.user, stored or ctx.conversation)
    return replace(
        ctx,
        view=view,
        stored_version=stored.version if stored else None,
        had_name=stored is not None and stored.name is not None,
    )


async def _read_view(services: Services, bot: Bot, user: User, conversation: Conversation) -> View:
    """Returns everything that this person's screens are drawn from, as it is now."""
    storage, supporter = services.storage, conversation.supporter
    state, signature = await asyncio.gather(
        storage.read(petition_state), storage.read(signature_of, supporter)
    )
    language = services.petition.language_for(conversation.language or user.language_code)
    try:
        profile_name = clean_name(user.full_name)
    except NameRefused:
        profile_name = None
    return View(
        petition=services.petition,
        words=services.catalogs.words(language),
        words_in=services.catalogs.words,
        language=language,
        petition_state=state,
        conversation=conversation,
        signature=signature,
        profile_name=profile_name,
        bot_username=bot.username,
        by_admin=user.id in services.admins,
        closing_texts=await storage.read(published_closing_texts) if state.is_closed else (),
        handover=await storage.read(handover_known_to, supporter) if state.is_closed else None,
        # Asked only where it can be otherwise.
        any_left=not state.erased_at or await storage.read(earliest_signed_at) is not None,
        now=services.clock(),
        today=services.today,
    )
