"""Reports of the worker to the admins: progress, questions, and at the end a chart."""

import hashlib

import structlog
from telegram import ReplyParameters
from telegram.constants import ParseMode
from telegram.error import TelegramError

from bot.charts import delivery_picture
from bot.transport.error_kinds import ErrorKind, error_kind
from handlers.broadcasts.preview import show_content
from handlers.broadcasts.progress_message import (
    Place,
    ProgressPublisher,
    progress_place,
    view_of,
)
from handlers.broadcasts.screens.broadcast_view import Measured
from handlers.broadcasts.screens.labels import subject_name
from handlers.broadcasts.screens.progress import state_screen
from handlers.context import Bot, Services
from handlers.conversation_message import send_screen
from storage.broadcast_types import Broadcast, BroadcastState, PauseReason, Tally
from storage.broadcasts import timeline_of_broadcast
from storage.petitions import mark_petition_notice_sent, petition_notice_was_sent

_log = structlog.stdlib.get_logger()

# The kinds of notices, of which each is sent once.
_BEGUN, _PAUSED, _QUESTION, _CHART = "begun", "paused", "question", "chart"


class AdminReporter:
    """Shows the admin who watches a broadcast how it goes; implements `Reporter`.

    A former admin is shown nothing; the other admins find the broadcast with /broadcasts.
    """

    def __init__(self, bot: Bot, services: Services) -> None:
        self._bot = bot
        self._services = services
        self._publisher = ProgressPublisher(bot, services)

    async def report(
        self, broadcast: Broadcast, tally: Tally, rate: float | None = None, pause: float = 0.0
    ) -> None:
        """Shows how far the broadcast is, or its recall, or that it is paused.

        Once it has ended, a chart of the deliveries follows.
        """
        place = await self._show(broadcast, Measured(tally, rate=rate, pause=pause))
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
            await self._ask_everyone(broadcast, tally)
        elif broadcast.pause_reason is PauseReason.LATE:
            await self._show(broadcast, Measured(tally))
        else:
            # In a new message, since an edit notifies nobody.
            about = _question_digest(broadcast)
            if not await self._move(broadcast, Measured(tally), _PAUSED, about):
                await self._ask_everyone(broadcast, tally)  # who watches it is not there
            await self._publisher.draw(broadcast, Measured(tally))

    async def _ask_everyone(self, broadcast: Broadcast, tally: Tally) -> None:
        """Asks each admin once, even if called again for the same question.

        The first tap decides; the other admins' buttons then show the result.

        Raises:
            TelegramError: some admin was not reached; the others were asked.
        """
        failed: TelegramError | None = None
        # Authors do not approve their own broadcasts.
        author = {broadcast.author} if broadcast.awaits_approval else set[int]()
        for admin in sorted(self._services.admins - author):
            try:
                await self._ask_one(broadcast, tally, admin)
            except TelegramError as error:
                _log.warning("admin_not_asked", error_kind=error_kind(error))
                # Who reads that nobody can be reached has been asked, even if no other admin has.
                if broadcast.pause_reason is not PauseReason.NOBODY:
                    failed = error
        if failed is not None:
            raise failed

    async def _ask_one(self, broadcast: Broadcast, tally: Tally, admin: int) -> None:
        """Shows the message as recipients would get it, and below it the question."""
        services = self._services
        about = _question_digest(broadcast, services.reference(admin))
        if await self._was_sent(broadcast, _QUESTION, about):
            return
        words, notice = await services.words_for(admin), None
        if not tally.done:
            notice = await show_content(self._bot, broadcast, words, admin)
        measured = Measured(tally)
        view = await view_of(services, words, broadcast, reader=admin, measured=measured)
        await send_screen(self._bot, admin, state_screen(view).with_notice(notice))
        await self._mark_sent(broadcast, _QUESTION, about)

    async def _show(self, broadcast: Broadcast, measured: Measured) -> Place | None:
        """Draws the broadcast; a scheduled one in a new message, as the former is far above."""
        has_begun = broadcast.started_at is not None
        is_stopped = broadcast.state is BroadcastState.STOPPED
        is_news = has_begun or is_stopped or broadcast.awaits_approval
        if broadcast.starts_at is not None and is_news:
            await self._move(broadcast, measured, _BEGUN)
        return await self._publisher.draw(broadcast, measured)

    async def _move(
        self, broadcast: Broadcast, measured: Measured, kind: str, about: str = ""
    ) -> bool:
        """Moves the progress into a new message, once per notice; the former one points to it.

        Returns whether the admin who watches it can read it.
        """
        former, chat = progress_place(broadcast), broadcast.progress_chat
        if chat not in self._services.admins or await self._was_sent(broadcast, kind, about):
            return True
        try:
            await self._publisher.move(broadcast, chat, measured=measured)
        except TelegramError as error:
            if error_kind(error) is not ErrorKind.UNREACHABLE:
                raise
            return False  # drawing in the former message will log that nobody reads it
        await self._mark_sent(broadcast, kind, about)
        if former is not None:
            await self._publisher.leave(former)
        return True

    async def _send_chart(self, broadcast: Broadcast, report: Place) -> None:
        """Sends the chart of deliveries over time, once, as a reply to the report."""
        chat, message_id = report
        if await self._was_sent(broadcast, _CHART):
            return
        words = await self._services.words_for(chat)
        moments = await self._services.storage.read(timeline_of_broadcast, broadcast.id)
        title = words.label("Cómo avanzó la entrega")
        picture = await delivery_picture(moments, words, title)
        if picture is None:
            return
        try:
            await self._bot.send_photo(
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
        await self._mark_sent(broadcast, _CHART)

    async def _was_sent(self, broadcast: Broadcast, kind: str, about: str = "") -> bool:
        about = f"{broadcast.id.hex()}/{about}"
        return await self._services.storage.read(petition_notice_was_sent, kind, about)

    async def _mark_sent(self, broadcast: Broadcast, kind: str, about: str = "") -> None:
        about, at = f"{broadcast.id.hex()}/{about}", self._services.clock()
        await self._services.storage.write(mark_petition_notice_sent, kind, about, at)


def _question_digest(broadcast: Broadcast, reader: bytes = b"") -> str:
    """Returns what tells the notices apart of a broadcast's questions, and of their readers."""
    return hashlib.sha256(reader + (broadcast.question or "").encode()).hexdigest()[:16]
