"""The context of a supporter's update: it is changed, stored in one call, and drawn."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, Concatenate, ParamSpec, TypedDict, Unpack

from telegram.error import TelegramError

from bot.petition.names import is_surely_a_name
from bot.petition.petition import notice_mark
from bot.petition.stages import (
    Action,
    Place,
    Stage,
    expects_name,
    go,
    keeps_form,
    nearest_valid_stage,
)
from bot.text.translations import mark
from handlers.chat_context import ChatContext
from handlers.conversation_message import Cleared, ConversationMessage
from handlers.delayed_replies import LONGEST_WAIT
from handlers.picture import show_picture
from handlers.requests_per_person import UNLIMITED
from handlers.screens import draw
from handlers.screens.screen import lines
from handlers.sent_files import erase_files
from storage.conversations import (
    EMPTY_FORM,
    Conversation,
    forget_name_messages,
    save_conversation,
    store_screen,
)
from storage.personal_data import everything_held
from storage.sent_files import make_files_due
from storage.transaction import Transaction
from telegram_text.markup import Html

# Deleted one by one, which shows which are too old; only a flood brings more.
_ONE_BY_ONE = 20
_TOGETHER = 100  # Telegram's limit for one call of deleteMessages

_TOO_OFTEN = mark(
    "Vas muy deprisa: espera un minuto, por favor, y vuelve a intentarlo. A /withdraw y /stop "
    "respondemos siempre."
)

_Arguments = ParamSpec("_Arguments")


class Changes(TypedDict, total=False):
    """What a handler changes of a conversation beside the stage: attributes of it."""

    language: str | None
    source: str | None
    name: str | None
    with_name: bool | None
    updates: bool
    news: bool
    notice: str
    name_message_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True, repr=False)
class SupporterContext(ChatContext):
    """A supporter's update; what is shown of it is the screen of their stage."""

    @property
    def is_shown(self) -> bool:
        """Whether the chat surely shows the screen of the person's stage, without a notice."""
        drawn = draw(self.view).drawn(self.conversation.version)
        return self.conversation_message.digest_of(drawn) == self.conversation.screen_digest

    def with_stage(self, place: Place, **changes: Unpack[Changes]) -> SupporterContext:
        """Returns the context at `place` with changed conversation fields and a new version.

        Without a change the version stays, so that the buttons stay valid and Telegram is not
        asked for an edit that changes nothing. Leaving the form clears it: a name that was not
        signed with is not kept. Entering it starts the time in which it is filled in.
        """
        values: dict[str, Any] = {**changes, "stage": place.stage.value, "page": place.page}
        values["return_stage"] = place.return_stage.value if place.return_stage else None
        if not keeps_form(place):
            values |= EMPTY_FORM
        elif not keeps_form(self.view.place):
            values |= {"form_started_at": self.now, "notice": notice_mark(self.view.petition)}
        former = self.conversation
        is_same = all(getattr(former, name) == value for name, value in values.items())
        # A damaged name is reported once; saving the row then removes it.
        return self if is_same and not former.is_damaged else self.with_new_version(**values)

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

    def marking_command(self) -> SupporterContext:
        """Returns the context with the command marked for deletion if it may hold a name.

        While the form expects a name, any text after the command may be one, except the source
        tag of the person's link. Elsewhere only what is surely a name counts, and never from an
        admin.
        """
        text = self.after_command
        if self.message is None or not text:
            return self
        if expects_name(self.view.place):
            may_be_a_name = text != self.conversation.source
        else:
            may_be_a_name = not self.view.by_admin and is_surely_a_name(text, self.user.full_name)
        return self.marking_for_deletion(self.message.message_id) if may_be_a_name else self

    def with_new_version(self, **values: Any) -> SupporterContext:
        """Returns the context with a new version: stale are the buttons that are shown.

        `values` are attributes of the conversation that change with it.
        """
        # A button of a conversation that was forgotten must not fit the one that is begun anew.
        version = max(self.conversation.version, self.was, self.storage.forgotten_version) + 1
        changed = replace(self.conversation, **values, version=version)
        return replace(self, view=replace(self.view, conversation=changed))

    def after(self, action: Action, *, page: int = 0) -> SupporterContext:
        """Returns the context after an action that only changes the stage."""
        return self.with_stage(go(action, self.view.place, self.view.status, page=page))

    def at_valid_stage(self) -> SupporterContext:
        """Returns the context at the nearest stage that is possible now.

        A petition that takes no names any more keeps none that was typed before.
        """
        place = nearest_valid_stage(self.view.place, self.view.status)
        typed = self.conversation.name is not None or self.conversation.with_name
        if typed and self.view.with_name is False:
            return self.with_stage(place, name=None, with_name=False)
        return self.with_stage(place)

    async def is_within_budget(self, what: str) -> bool:
        """Counts a request for `what`; if it is too often, says so once, then nothing.

        A tap is told each time, in an alert window. Messages that are marked for deletion are
        deleted all the same.
        """
        if what in UNLIMITED:
            return True
        too_many = self.services.budgets.spend(self.reference, what, self.update_id)
        if not too_many:
            return True
        if self.query is not None:
            await self.alert(self.words.label(_TOO_OFTEN))
        elif too_many == 1:
            await self.say(self.words.text(_TOO_OFTEN))
        else:
            await self.clear()
        return False

    async def save(self) -> None:
        """Stores the conversation if it changed."""
        stored, to_delete = self.conversation, self._to_delete
        if to_delete != stored.name_message_ids:
            stored = replace(stored, name_message_ids=to_delete)
        if stored.version != self.was or stored is not self.conversation:
            await self.storage.write(_save, stored, self.was, self.now, self._drops_name)

    async def store_and_show(
        self,
        done: Html,
        change: Callable[Concatenate[Transaction, Conversation, int, datetime, _Arguments], bool],
        *args: _Arguments.args,
        **kwargs: _Arguments.kwargs,
    ) -> None:
        """Stores the conversation with what else a transaction changes, and shows the screen.

        It says `done` if the transaction returns that something was changed.
        """
        changed = await self.storage.write(
            change, self.conversation, self.was, self.now, *args, **kwargs
        )
        await (await self.reloaded()).show(done if changed else None)

    @property
    def _drops_name(self) -> bool:
        is_stored = self.stored is not None and self.stored.name is not None
        return is_stored and self.conversation.name is None

    @property
    def _to_delete(self) -> tuple[int, ...]:
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
        await self.show(notice, at_bottom=True)

    async def show(self, notice: Html | None = None, *, at_bottom: bool = False) -> None:
        """Stores the conversation, and shows the screen now or as soon as Telegram accepts it.

        Only answers the tap where another update of the person waits, which may draw in its
        place. An admin's may be answered with a message of its own. See `redraw`.
        """
        await self.save()
        redraw = partial(self.redraw, notice, at_bottom=at_bottom)
        if self.behind.waiting and not self.view.by_admin and not draw(self.view).kept:
            await self.tell(self.answer, beside="tap")
            self.services.delayed_replies.leave(self.chat_id, redraw)
            return
        await self.tell(partial(self._draw_cleared, notice, at_bottom=at_bottom), redraw)

    async def clear(self) -> None:
        """Stores the conversation and deletes the marked messages; shows nothing."""
        await self.save()
        if not self._to_delete:
            return

        async def clear_away() -> None:
            cleared = await (await self.reloaded())._clear()
            if cleared.failure is not None:
                raise cleared.failure

        await self.tell(clear_away, beside="typed")

    async def redraw(self, notice: Html | None = None, *, at_bottom: bool = False) -> None:
        """Draws the person's screen again, reading their state anew; the tap is answered.

        A message that the first try already sent at the bottom is edited, not sent twice.
        """
        former, ctx = self.conversation.message_id, (await self.reloaded()).at_valid_stage()
        await ctx.save()
        is_there = ctx.conversation.message_id not in (None, former)
        if is_there:
            # The message that was tapped is not the newest any more.
            ctx = replace(ctx, message_id=None)
        await ctx._draw_cleared(notice, at_bottom=at_bottom and not is_there)
        if is_there:
            await self.conversation_message.leave(ctx.conversation.screen_digest, self.words)

    async def _draw_cleared(self, notice: Html | None, *, at_bottom: bool) -> None:
        # Files go whose data is erased, also wherever a screen says what is stored.
        says_what_is_stored = self.view.place.stage in (Stage.MY_DATA, Stage.WITHDRAWN)
        typed, files = await self._clear(), Cleared()
        if says_what_is_stored or self._drops_name:
            files = await erase_files(self.services, self.words, self.reference)
        told = lines(self.view.damage, notice, typed.told, files.told)
        await self._draw(told or None, at_bottom=at_bottom)
        if (failure := typed.failure or files.failure) is not None:
            raise failure

    @property
    def conversation_message(self) -> ConversationMessage:
        """The conversation message as it was last shown."""
        return ConversationMessage(self.services, self.chat_id, self.conversation)

    async def _clear(self) -> Cleared:
        """Deletes the marked messages.

        A failure is returned, so that the screen can report it before it is raised.
        """
        if not (ids := self._to_delete):
            return Cleared()
        message, words = self.conversation_message, self.words
        try:
            async with asyncio.timeout(LONGEST_WAIT):
                gone = [
                    await message.delete(*ids[start : start + _TOGETHER])
                    for start in range(_ONE_BY_ONE, len(ids), _TOGETHER)
                ]
                gone += [await message.delete(each) for each in ids[:_ONE_BY_ONE]]
        except (TelegramError, TimeoutError) as error:
            told = words.text(
                "Todavía no se ha podido borrar de este chat lo que has enviado. Lo volveremos a "
                "intentar; también puedes borrarlo tú."
            )
            return Cleared(told, error)
        await self.storage.write(forget_name_messages, self.reference, ids)
        return Cleared(
            words.text(
                "Lo que has enviado se ha borrado de este chat."
                if all(gone)
                else "Telegram no nos deja borrar de este chat un mensaje de hace días. Si lleva "
                "tu nombre, bórralo tú, por favor."
            )
        )

    async def _draw(self, notice: Html | None, *, at_bottom: bool) -> None:
        message, was, view = self.conversation_message, self.conversation, self.view
        if view.place.stage is Stage.MY_DATA:
            view = replace(view, held=await self.storage.read(everything_held, self.user.id))
        screen = draw(view).with_notice(notice)
        if at_bottom or message.will_be_new(screen, tapped=self.message_id):
            await show_picture(self)
            shown = await message.send_new(screen)
        else:
            shown = await message.edit(screen, tapped=self.message_id)
        # Stored before the old message is deleted: if that fails, only it is repeated.
        if shown != (was.message_id, was.screen_digest):
            await self.storage.write(store_screen, self.reference, *shown)
        if was.message_id != shown.message_id:
            await message.leave(shown.digest, view.words)


def _save(
    tx: Transaction, conversation: Conversation, was: int, at: datetime, drops_name: bool
) -> None:
    if drops_name:
        # A file of /mydata holds the name too.
        make_files_due(tx, conversation.supporter)
    save_conversation(tx, conversation, was=was, at=at)
