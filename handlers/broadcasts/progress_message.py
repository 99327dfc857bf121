"""The progress message of a broadcast: what draws it, how taps are shown, the worker's reports.

A tap is shown in the progress message if it is there, else in the message that was tapped."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from functools import partial
from operator import attrgetter
from typing import Any

import structlog
from telegram import ReplyParameters
from telegram.constants import ParseMode
from telegram.error import TelegramError

from bot.charts import delivery_picture
from bot.transport.errors import ErrorKind, error_kind
from handlers.admin_notices import NoticeKey, ask_admins, mark_told, was_told
from handlers.broadcasts.preview import show_content
from handlers.broadcasts.screens.broadcast_view import BroadcastView, Measured
from handlers.broadcasts.screens.labels import subject_name
from handlers.broadcasts.screens.progress import ELSEWHERE, state_screen
from handlers.chat_context import AdminContext
from handlers.context import Services
from handlers.conversation_message import edit_if_there, edit_screen, send_screen
from handlers.screens.screen import Screen
from storage.admins import names_of_admins
from storage.broadcast_transitions import set_on_broadcast
from storage.broadcast_types import Broadcast, BroadcastState, Kind, PauseReason, Tally
from storage.broadcasts import (
    broadcast_with,
    count_not_told,
    tally_of_broadcast,
    timeline_of_broadcast,
)
from storage.conversations import count_unsigned

_log = structlog.stdlib.get_logger()

MakeScreen = Callable[[BroadcastView], Screen]
Place = tuple[int, int]
"""A message: its chat and its id."""

NOT_MEASURED = Measured()

# Seconds that a drawing waits for the one before it, so that a tap is answered within a second
# even if Telegram leaves that one unanswered. The one who is late then draws once more.
_LONGEST_WAIT = 0.5
_PLACE = ("progress_chat", "progress_message_id")
# What a drawing depends on and others may have changed.
_WHAT_IS_DRAWN = attrgetter(
    *("state", "question", "cancel_requested_at", "recall_started_at"),
    *_PLACE,
)
# The kinds of notices, of which each is sent once.
_BEGUN, _PAUSED, _QUESTION, _CHART = "begun", "paused", "question", "chart"


class AdminReporter:
    """Draws progress messages, for admins' taps and for the worker, whose `Reporter` it is.

    A former admin is shown nothing; the other admins find the broadcast with /broadcasts.

    A broadcast's message is drawn by one at a time, each time with what is stored when its turn
    comes, so an edit that was late hides nothing newer. Afterwards it is compared with what is
    stored by then, since another process may have changed it, and drawn again if it differs.
    """

    def __init__(self, services: Services) -> None:
        self._services = services

    @asynccontextmanager
    async def _turn(self, broadcast: bytes) -> AsyncIterator[None]:
        """Waits for the drawing before this one, or until that has taken too long."""
        async with AsyncExitStack() as turn:
            with suppress(TimeoutError):
                async with asyncio.timeout(_LONGEST_WAIT):
                    await turn.enter_async_context(self._services.progress_locks[broadcast])
            yield

    async def draw(
        self,
        broadcast: Broadcast,
        measured: Measured = NOT_MEASURED,
        moved_to: Place | None = None,
    ) -> Place | None:
        """Draws a broadcast into its progress message, or a new one if that is gone.

        Returns the message; None if no admin can read it.

        Args:
            broadcast: as last read. Its end may be given before it is stored.
            measured: what the worker knows of it.
            moved_to: what is to be its progress message; with the id 0 a new one.

        Raises:
            TelegramError: the message could not be written.
        """
        shown = self._services.progress_shown
        async with self._turn(broadcast.id):
            while True:
                now = await self._latest(broadcast)
                chat, message_id = moved_to or (now.progress_chat, now.progress_message_id)
                if chat is None or message_id is None or chat not in self._services.admins:
                    return None
                drawn = state_screen(await view_of(self._services, now, chat, measured))
                written: Place | None = (chat, message_id)
                # Telegram refuses an edit that changes nothing. What an admin taps may show
                # another screen, and another replica may have drawn.
                may_differ = measured.tally is None or self._services.lease.is_replica
                if shown.pop(now.id, None) != (written, drawn) or may_differ:
                    written = await self._write((chat, message_id), drawn)
                if written is None:
                    return None
                place: dict[str, Any] = dict(zip(_PLACE, written, strict=True))
                if written != progress_place(now):
                    await self._services.storage.write(set_on_broadcast, now.id, **place)
                shown[now.id], moved_to = (written, drawn), None
                now = replace(now, **place)
                after = await self._latest(broadcast)
                if _WHAT_IS_DRAWN(after) == _WHAT_IS_DRAWN(now):
                    return written
                if progress_place(after) != written:
                    await self._leave(written)

    async def move(
        self,
        broadcast: Broadcast,
        to: Place,
        measured: Measured = NOT_MEASURED,
        notice: NoticeKey | None = None,
    ) -> Place | None:
        """Makes another message the progress message, a new one if the id is 0; see `draw`.

        The former one then says that the progress goes on elsewhere.
        """
        former = progress_place(await self._latest(broadcast))
        written = await self.draw(broadcast, measured, to)
        if written is not None and notice is not None:
            # At once, or what a quick tap has told anew would count as told.
            await mark_told(self._services, *notice)
        if former is not None and written not in (None, former):
            await self._leave(former)
        return written

    async def _leave(self, former: Place) -> None:
        chat, message_id = former
        drawn = Screen((await self._services.words_for(chat)).text(ELSEWHERE))
        try:
            await edit_screen(self._services.bot, chat, message_id, drawn)
        except TelegramError as error:
            _log.info("old_progress_message_left", error_kind=error_kind(error))

    async def _latest(self, broadcast: Broadcast) -> Broadcast:
        """Returns the broadcast as it is stored; as it was given if that is its end."""
        stored = await self._services.storage.read(broadcast_with, broadcast.id)
        if stored is None:
            return broadcast
        if broadcast.is_over and broadcast.recall_started_at == stored.recall_started_at:
            place: dict[str, Any] = {each: getattr(stored, each) for each in _PLACE}
            return replace(broadcast, **place)
        return stored

    async def _write(self, place: Place, drawn: Screen) -> Place | None:
        """Edits the message, or sends a new one if it is gone or not there yet, with the id 0.

        Returns where it is then, or None if nobody can read it.
        """
        bot = self._services.bot
        try:
            if not place[1] or not await edit_if_there(bot, *place, drawn):
                place = place[0], await send_screen(bot, place[0], drawn)
        except TelegramError as error:
            if error_kind(error) is not ErrorKind.UNREACHABLE:
                raise
            # An admin who blocked the bot will not see it, however often it is tried.
            _log.warning("report_chat_unreachable")
            return None
        return place

    async def report(
        self, broadcast: Broadcast, tally: Tally, rate: float | None = None, pause: float = 0.0
    ) -> None:
        """Shows how far the broadcast is, or its recall, or that it is paused.

        A scheduled one is shown in a new message, as the former is far above. Once it has ended, a
        chart of the deliveries follows.
        """
        measured = Measured(tally, rate=rate, pause=pause)
        has_begun = broadcast.started_at is not None
        is_stopped = broadcast.state is BroadcastState.STOPPED
        is_news = has_begun or is_stopped or broadcast.awaits_approval
        if broadcast.starts_at is not None and is_news:
            await self._move_once(broadcast, measured, _BEGUN)
        place = await self.draw(broadcast, measured)
        if place is not None and broadcast.is_over and rate is None:
            await self._send_chart(broadcast, place)

    async def ask(self, broadcast: Broadcast, tally: Tally) -> None:
        """Shows that the broadcast waits for a decision.

        Every admin is asked if it needs approval, if its author is no longer an admin, or if no
        admin watches it.
        """
        if (
            broadcast.awaits_approval
            or broadcast.pause_reason is PauseReason.FORMER
            or broadcast.progress_chat not in self._services.admins
        ):
            self._ask_everyone(broadcast)
        elif broadcast.pause_reason is PauseReason.LATE:
            await self.report(broadcast, tally)
        else:
            # In a new message, since an edit notifies nobody.
            about = _question_digest(broadcast)
            if not await self._move_once(broadcast, Measured(tally), _PAUSED, about):
                self._ask_everyone(broadcast)  # who watches it is not there
            await self.draw(broadcast, Measured(tally))

    def _ask_everyone(self, broadcast: Broadcast) -> None:
        """Asks each admin once, even if called again for the same question.

        The first tap decides; the other admins' buttons then show the result. Who is not reached
        is asked later, while it still waits for an answer.
        """

        async def ask(admin: int) -> bool:
            now = await self._latest(broadcast)
            if now.question != broadcast.question:
                return False
            await send_question(self._services, now, admin)
            return True

        # Authors do not approve their own broadcasts.
        author = {broadcast.author} if broadcast.awaits_approval else set[int]()
        about = f"{broadcast.id.hex()}/{_question_digest(broadcast)}"
        admins = self._services.admins - author
        ask_admins(self._services, _QUESTION, about, ask, admins)

    async def _move_once(
        self, broadcast: Broadcast, measured: Measured, kind: str, about: str = ""
    ) -> bool:
        """Moves the progress into a new message, once per notice.

        Returns whether the admin who watches it can read it.
        """
        chat, key = broadcast.progress_chat, f"{broadcast.id.hex()}/{about}"
        if chat not in self._services.admins or await was_told(self._services, kind, key):
            return True
        return await self.move(broadcast, (chat, 0), measured, (kind, key)) is not None

    async def _send_chart(self, broadcast: Broadcast, report: Place) -> None:
        """Sends the chart of deliveries over time, once, as a reply to the report."""
        (chat, message_id), key = report, f"{broadcast.id.hex()}/"
        if await was_told(self._services, _CHART, key):
            return
        words = await self._services.words_for(chat)
        moments = await self._services.storage.read(timeline_of_broadcast, broadcast.id)
        picture = await delivery_picture(moments, words)
        if picture is None:
            return
        try:
            await self._services.bot.send_photo(
                chat,
                picture,
                caption=subject_name(words, broadcast.kind),
                parse_mode=ParseMode.HTML,
                reply_parameters=ReplyParameters(message_id, allow_sending_without_reply=True),
            )
        except TelegramError as error:
            if error_kind(error) not in (ErrorKind.CONTENT, ErrorKind.UNREACHABLE):
                raise
            _log.warning("chart_not_sent", error_kind=error_kind(error))
            return
        await mark_told(self._services, _CHART, key)


def progress_place(broadcast: Broadcast) -> Place | None:
    """Returns the broadcast's progress message; None while there is none."""
    chat, message_id = broadcast.progress_chat, broadcast.progress_message_id
    return None if chat is None or not message_id else (chat, message_id)


async def view_of(
    services: Services, broadcast: Broadcast, reader: int, measured: Measured = NOT_MEASURED
) -> BroadcastView:
    """Returns a broadcast with all that its screens show; what was not measured is read."""
    storage, tally = services.storage, measured.tally
    if tally is None:
        tally = await storage.read(tally_of_broadcast, broadcast.id)
    is_told = broadcast.kind is Kind.BREACH and broadcast.is_over and broadcast.started_at
    return BroadcastView(
        words=await services.words_for(reader),
        broadcast=broadcast,
        tally=tally,
        now=services.clock(),
        rate=measured.rate,
        pause=measured.pause,
        reader=reader,
        names=await storage.read(names_of_admins, (broadcast.author, broadcast.confirmed_by)),
        approval_above=services.most_for_one_admin(broadcast.kind),
        not_told=await storage.read(count_not_told, broadcast.id) if is_told else 0,
        unsigned=await storage.read(count_unsigned) if is_told else 0,
        admins=services.admins,
    )


async def send_question(services: Services, broadcast: Broadcast, admin: int) -> None:
    """Shows an admin what a broadcast asks, below its message as recipients would get it.

    Once it has begun, its message is not shown.
    """
    view = await view_of(services, broadcast, admin)
    is_first = not view.tally.done
    notice = await show_content(services.bot, broadcast, view.words, admin) if is_first else None
    await send_screen(services.bot, admin, state_screen(view).with_notice(notice))


async def tell_progress(ctx: AdminContext, broadcast: Broadcast) -> None:
    """Moves the progress to the admin's message, as soon as Telegram accepts it."""
    moves, here = AdminReporter(ctx.services).move, (ctx.chat_id, ctx.message_id or 0)
    await ctx.tell(partial(moves, broadcast, here))


async def tell_state(
    ctx: AdminContext, shown: Broadcast, screen: MakeScreen = state_screen
) -> None:
    """Shows the broadcast's state in the admin's message, as soon as Telegram accepts it."""
    await ctx.tell(partial(show, ctx, shown, screen))


async def show(ctx: AdminContext, shown: Broadcast, screen: MakeScreen = state_screen) -> None:
    """Shows a broadcast in the admin's message; its state, if that has changed since `shown`."""
    now = await ctx.storage.read(broadcast_with, shown.id) or shown
    if now.state != shown.state:
        screen = state_screen
    if screen is state_screen and progress_place(now) == (ctx.chat_id, ctx.message_id):
        await AdminReporter(ctx.services).draw(shown)
    else:
        await ctx.write(screen(await view_of(ctx.services, now, ctx.user.id)))


def _question_digest(broadcast: Broadcast) -> str:
    """Returns what tells the notices apart of a broadcast's questions."""
    return hashlib.sha256((broadcast.question or "").encode()).hexdigest()[:16]
