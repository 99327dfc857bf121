"""One update of one person: reads where they stand, stores where they go, shows it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import structlog
from telegram import CallbackQuery, Message, Update, User
from telegram.error import TelegramError

from bot.intake import dropped_behind
from bot.petition.names import NameRefused, clean_name, is_surely_a_name
from bot.petition.stages import (
    Action,
    Place,
    Stage,
    expects_name,
    go,
    in_form,
    nearest_valid_stage,
)
from bot.text.markup import Html
from bot.transport.error_kinds import error_kind
from storage import Conversation

from .context import Bot, Context, Services
from .conversation_message import LivingMessage, Shown, tolerate
from .delayed_replies import Answer
from .picture import show_picture
from .posting import say_above
from .screens import draw
from .screens.supporter_view import View
from .superseded_updates import will_be_drawn_over
from .update_filters import own_chat

_log = structlog.stdlib.get_logger()

# So many wait to be deleted at most: whoever writes without a pause is not drawn for meanwhile.
_MOST_IN_THE_CHAT: Final = 50
# So many are deleted one by one, which tells what is too old for it; more come in a flood only.
_ONE_BY_ONE: Final = 20
_TOGETHER: Final = 100  # Telegram's most


@dataclass(frozen=True, slots=True)
class _Cleared:
    """What became of the messages that were to leave the chat: the sentence, and the failure."""

    told: Html | None = None
    failure: TelegramError | None = None


@dataclass(frozen=True, slots=True, repr=False)
class SupporterContext:
    """What a handler works with.

    Attributes:
        stored_version: None when the person is new here.
        dropped: the messages that nobody listened to, in a flood that came right behind.
        is_answered: whether the tap is answered already, if it is one.
    """

    bot: Bot
    services: Services
    chat_id: int
    user: User
    message: Message | None
    query: CallbackQuery | None
    view: View
    stored_version: int | None
    dropped: Sequence[int] = ()
    is_answered: bool = False

    @property
    def conversation(self) -> Conversation:
        """The person's row as it was read."""
        return self.view.conversation

    @property
    def tapped(self) -> int | None:
        """The message whose button was tapped."""
        return self.query.message.message_id if self.query and self.query.message else None

    @property
    def has_withdrawn(self) -> bool:
        """Whether the person was told that all is erased, and has done nothing since."""
        return self.view.place.stage is Stage.WITHDRAWN

    def with_stage(self, place: Place, **draft: object) -> SupporterContext:
        """The visit after going to `place` and changing the draft; the version goes up.

        Only a real change makes a new version, so that a button which changes nothing stays
        valid and Telegram is not asked for an edit without a difference. Whoever leaves the
        form leaves nothing in it: a name that was not signed with is not kept.
        """
        if not in_form(place):
            draft = {**draft, "name": None, "news": False}
        changed = replace(
            self.conversation,
            stage=place.stage.value,
            page=place.page,
            behind=place.return_stage.value if place.return_stage else None,
            **draft,  # type: ignore[arg-type]  # dataclass fields named by the caller
        )
        # A name that cannot be read is said once, and forgotten.
        if changed == self.conversation and not self.conversation.is_damaged:
            return self
        return self._as(changed)

    def taking_away(self, message_id: int) -> SupporterContext:
        """The visit that is to take what the person sent out of the chat; `show` does it.

        It is stored before, so that what cannot be deleted now is deleted at the next visit.

        Raises:
            TypeError: an update that cannot be read; stored, it would spoil each later one.
        """
        if type(message_id) is not int:
            raise TypeError("A message has a number.")
        typed = dict.fromkeys((*self.conversation.typed, message_id))
        return self.with_stage(self.view.place, typed=tuple(typed))

    def with_new_version(self) -> SupporterContext:
        """The visit with a new version and nothing else: a tap that comes again is stale."""
        return self._as(self.conversation)

    def _as(self, changed: Conversation) -> SupporterContext:
        version = max(self.conversation.version, self.stored_version or 0) + 1
        return replace(
            self, view=replace(self.view, conversation=replace(changed, version=version))
        )

    def going(self, action: Action, *, page: int = 0) -> SupporterContext:
        """The visit after an action that only leads somewhere."""
        return self.with_stage(go(action, self.view.place, self.view.standing, page=page))

    def at_valid_stage(self) -> SupporterContext:
        """The visit at the nearest place that is possible now."""
        return self.with_stage(nearest_valid_stage(self.view.place, self.view.standing))

    async def save(self) -> None:
        """Stores the row when it changed."""
        leaving = replace(self.conversation, typed=self._leaving)
        is_new = self.conversation.version != (self.stored_version or 0)
        if not is_new and leaving == self.conversation:
            return
        await self.services.storage.conversations.save(
            leaving, was=self.stored_version, at=self.services.clock()
        )

    @property
    def _leaving(self) -> tuple[int, ...]:
        """The messages that are to leave the chat.

        Where the person stands now is where they stood when those were sent that nobody listened
        to. Of an admin's, nobody knows whether they were sent to the form.
        """
        typed = self.conversation.typed
        if self.view.by_admin or not expects_name(self.view.place):
            return typed
        room = max(0, _ONE_BY_ONE + _TOGETHER - len(typed))
        return tuple(dict.fromkeys((*typed, *self.dropped[:room])))

    async def say(self, notice: Html | None = None) -> None:
        """Stores the row and shows the screen as the newest message: somebody wrote something."""
        await self.save()
        await self.show(notice, at_bottom=True)

    async def show(self, notice: Html | None = None, *, at_bottom: bool = False) -> None:
        """Shows the present screen, now or as soon as Telegram takes it; see `draw`.

        When the person has done something more meanwhile, that will draw, and this need not.
        """
        if self.will_be_drawn_over:
            await self._tell_beside("tap", self.answer)
            return
        await self.tell(
            partial(self.draw, notice, at_bottom=at_bottom),
            partial(self.redraw, notice, at_bottom=at_bottom),
        )

    @property
    def will_be_drawn_over(self) -> bool:
        """Whether what the person has done since will draw, so that this need not."""
        few = len(self.conversation.typed) < _MOST_IN_THE_CHAT
        return few and will_be_drawn_over(self.services.admins, self.services.would_answer)

    async def clear(self) -> None:
        """Stores the row and takes out of the chat what is to leave it; shows nothing."""
        await self.save()
        if self._leaving:
            await self._tell_beside("typed", self._clear_away)

    async def alert(self, said: str) -> None:
        """Says it in a window above the message that was tapped, which stays as it is."""
        if self.query is None:
            raise ValueError("Only a tap can be answered in a window.")
        await self._tell_beside(said, partial(say_above, self.bot, self.chat_id, self.query, said))

    async def tell(self, answer: Answer, again: Answer | None = None) -> None:
        """Gives an answer to what is stored, now or as soon as Telegram takes it."""
        await self.services.afterwards.tell(self.chat_id, answer, again)

    async def _tell_beside(self, name: str, answer: Answer) -> None:
        """Gives an answer that stands for no screen: one that is owed still is."""
        await self.services.afterwards.tell(self.chat_id, answer, beside=name)

    async def draw(self, notice: Html | None = None, *, at_bottom: bool = False) -> None:
        """Draws the present screen: where the living message is, or as the newest message.

        A tap is answered at the same time: the person's finger does not wait for the drawing.

        Raises:
            TelegramError: it could not be drawn, or what is to leave the chat could not be
                deleted; all that is left to do is to show it again.
        """
        await asyncio.gather(self.answer(), self._draw_cleared(notice, at_bottom=at_bottom))

    async def redraw(self, notice: Html | None = None, *, at_bottom: bool = False) -> None:
        """Draws the screen of where the person stands by now; the tap is answered already.

        What stands at the bottom since the first try does not come a second time, whatever else
        of that try has failed.
        """
        former, visit = self.conversation.message_id, (await reload(self)).at_valid_stage()
        await visit.save()
        is_there = visit.conversation.message_id not in (None, former)
        await visit._draw_cleared(notice, at_bottom=at_bottom and not is_there)
        if is_there and former is not None:
            await self.living.delete(former)

    async def _draw_cleared(self, notice: Html | None, *, at_bottom: bool) -> None:
        cleared = await self._clear()
        await self._draw(_joined(self.view.damage, notice, cleared.told), at_bottom=at_bottom)
        if cleared.failure is not None:
            raise cleared.failure

    async def _clear_away(self) -> None:
        cleared = await (await reload(self))._clear()
        if cleared.failure is not None:
            raise cleared.failure

    async def answer(self) -> None:
        """Ends the waiting at the button that was tapped; failing at it is no reason to repeat.

        Nothing is said by it: words go with `alert`, or stand on the screen.
        """
        if self.query is None or self.is_answered:
            return
        try:
            await tolerate(self.query.answer())
        except TelegramError as error:
            _log.info("tap_not_answered", remedy=error_kind(error))

    @property
    def living(self) -> LivingMessage:
        """The living message as it stands in the chat."""
        conversation, digest_of = self.conversation, self.services.storage.conversations.digest
        return LivingMessage(
            self.bot,
            self.chat_id,
            conversation.message_id,
            conversation.shown,
            partial(digest_of, conversation.supporter),
        )

    async def _clear(self) -> _Cleared:
        """Deletes what the person sent that is not to stay in the chat.

        A failure is told on the screen, and raised only once that is drawn.
        """
        leaving, words = self._leaving, self.view.words
        if not leaving:
            return _Cleared()
        try:
            gone = [
                await self.living.vanish_together(leaving[start : start + _TOGETHER])
                for start in range(_ONE_BY_ONE, len(leaving), _TOGETHER)
            ]
            gone += [await self.living.delete(each) for each in leaving[:_ONE_BY_ONE]]
        except TelegramError as error:
            told = words.text(
                "Todavía no se ha podido borrar de este chat lo que has enviado. Lo volveremos a "
                "intentar; también puedes borrarlo tú."
            )
            return _Cleared(told, error)
        await self.services.storage.conversations.clear_name_messages(
            self.conversation.supporter, leaving
        )
        if all(gone):
            return _Cleared(words.text("Lo que has enviado se ha borrado de este chat."))
        return _Cleared(
            words.text(
                "Telegram no nos deja borrar de este chat un mensaje de hace días. Si lleva tu "
                "nombre, bórralo tú, por favor."
            )
        )

    async def _draw(self, notice: Html | None, *, at_bottom: bool) -> None:
        former, picture_id = self.conversation.message_id, await show_picture(self)
        screen = draw(await self._all_that_is_shown()).under(notice)
        version = self.conversation.version
        # Below the picture, if that has just come: it belongs above the message with the buttons.
        if at_bottom or picture_id != self.conversation.picture_id:
            shown = await self.living.send_new(screen, version)
        else:
            shown = await self.living.edit(screen, version, tapped=self.tapped)
        # Remembered before the old one goes: when that fails, it alone is tried again.
        await self._remember(shown, picture_id)
        if former is not None and former != shown.message_id:
            await self.living.delete(former)

    async def _all_that_is_shown(self) -> View:
        if self.view.place.stage is not Stage.MY_DATA:
            return self.view
        return replace(self.view, held=await self.services.storage.personal_data.of(self.user.id))

    async def _remember(self, shown: Shown, picture_id: int | None) -> None:
        conversation = self.conversation
        digest = None if self.has_withdrawn else shown.digest
        now = (shown.message_id, digest, picture_id)
        if now == (conversation.message_id, conversation.shown, conversation.picture_id):
            return
        await self.services.storage.conversations.shown(
            conversation.supporter,
            message_id=shown.message_id,
            shown=digest,
            picture_id=picture_id,
        )


async def open_supporter_context(update: Update, context: Context) -> SupporterContext:
    """Reads everything that the next screen can depend on."""
    here = own_chat(update)
    if here is None:
        raise ValueError("A visit is made in a person's own chat.")
    user, chat = here
    services = context.services
    supporter = services.keyring.reference(services.campaign.slug, user.id)
    stored = await services.storage.conversations.get(supporter)
    view = await _view(services, context.bot, user, stored or Conversation(supporter=supporter))
    # Whoever writes can be written to again, whatever a send once said.
    back = view.signature is not None and view.signature.unreachable
    if back and await services.storage.signatures.mark_reachable(supporter, services.clock()):
        services.wake_broadcast()
    return SupporterContext(
        bot=context.bot,
        services=services,
        chat_id=chat.id,
        user=user,
        message=update.effective_message,
        query=update.callback_query,
        view=view,
        stored_version=stored.version if stored else None,
        dropped=dropped_behind(),
    )


async def open_command(update: Update, context: Context) -> SupporterContext:
    """The visit of a command, which leaves the chat when a name may stand behind it.

    So it is in the form, except for the link by which the person came; anywhere else only with a
    name beyond doubt, and never when an admin wrote it.
    """
    visit = await open_supporter_context(update, context)
    message, known = visit.message, visit.conversation.source
    behind = "".join((message.text or "").split(maxsplit=1)[1:]) if message else ""
    if message is None or not behind:
        return visit
    by_admin, name = visit.view.by_admin, visit.user.full_name
    if expects_name(visit.at_valid_stage().view.place):
        may_be_a_name = behind != known
    else:
        may_be_a_name = not by_admin and is_surely_a_name(behind, name)
    return visit.taking_away(message.message_id) if may_be_a_name else visit


async def reload(visit: SupporterContext) -> SupporterContext:
    """The visit as everything stands after a write."""
    services, supporter = visit.services, visit.conversation.supporter
    stored = await services.storage.conversations.get(supporter)
    view = await _view(services, visit.bot, visit.user, stored or visit.conversation)
    return replace(visit, view=view, stored_version=stored.version if stored else None)


async def _view(services: Services, bot: Bot, user: User, conversation: Conversation) -> View:
    storage = services.storage
    petition, signature = await asyncio.gather(
        storage.petitions.state(), storage.signatures.get(conversation.supporter)
    )
    language = services.campaign.language_for(conversation.language or user.language_code)
    return View(
        campaign=services.campaign,
        words=services.catalogues.words(language),
        language=language,
        petition=petition,
        conversation=conversation,
        signature=signature,
        profile_name=_profile_name(user),
        bot_username=bot.username,
        by_admin=user.id in services.admins,
    )


def _joined(*parts: Html | None) -> Html | None:
    """The notices that there are, one after the other."""
    return Html("\n".join(part for part in parts if part is not None)) or None


def _profile_name(user: User) -> str | None:
    try:
        return clean_name(user.full_name)
    except NameRefused:
        return None
