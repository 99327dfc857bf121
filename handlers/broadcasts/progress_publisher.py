"""Writes a broadcast's progress and report, as the worker gives them, into one message."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import structlog
from telegram import ReplyParameters
from telegram.constants import ParseMode
from telegram.error import TelegramError

from bot.broadcast.stop_reasons import StopReason, parse_reason
from bot.charts import delivery_picture
from bot.text.translations import Words
from bot.transport.error_kinds import ErrorKind, error_kind
from handlers.broadcasts.admin_questions import ask_everyone
from handlers.broadcasts.progress_message import point_elsewhere, standing_of, words_for
from handlers.broadcasts.screens.broadcast_lines import BroadcastView
from handlers.broadcasts.screens.labels import subject_name
from handlers.broadcasts.screens.progress import standing
from handlers.context import Bot, Services
from handlers.conversation_message import edit_screen, send_screen
from handlers.screens.screen import Screen
from storage import Broadcast, RecallTally, Tally

_log = structlog.stdlib.get_logger()


class AdminReporter:
    """Keeps a broadcast's progress message up to date; called by the worker."""

    def __init__(self, bot: Bot, services: Services) -> None:
        self._bot = bot
        self._services = services
        self._written: tuple[int, Screen] | None = None

    async def progress(
        self, broadcast: Broadcast, tally: Tally, rate: float | None, pause: float = 0.0
    ) -> None:
        """Shows how far the broadcast is, or that it is paused.

        Args:
            broadcast: as it is now.
            tally: its deliveries by outcome.
            rate: messages per second lately; None when unknown.
            pause: seconds that Telegram asks to wait.
        """
        known = await self._known(broadcast, tally)
        if known is not None:
            known = replace(known, rate=rate, pause=pause)
            await self._write(await self._in_sight(broadcast, known), known)

    async def waiting(self, broadcast: Broadcast, tally: Tally) -> None:
        """Shows that the broadcast waits for a decision.

        Every admin is asked if it needs approval, if its author is no longer an admin, or if no
        admin watches it.
        """
        cause, _ = parse_reason(broadcast.stop_reason or "")
        if (
            broadcast.awaits_approval
            or cause is StopReason.FORMER
            or broadcast.progress_chat not in self._services.admins
        ):
            await ask_everyone(self._bot, self._services, broadcast, tally)
        elif cause is StopReason.LATE:
            await self.progress(broadcast, tally, None)
        else:
            await self._alarm(broadcast, tally)

    async def _alarm(self, broadcast: Broadcast, tally: Tally) -> None:
        """Shows the pause in a new message, since an edit notifies nobody."""
        known = await self._known(broadcast, tally)
        if known is not None:
            reason = hashlib.sha256((broadcast.stop_reason or "").encode()).hexdigest()[:16]
            key = f"held:{broadcast.id.hex()}:{reason}"
            await self._write(await self._moved(broadcast, known, key), known)

    async def ended(self, broadcast: Broadcast, tally: Tally) -> None:
        """Shows the final report, and below it a chart of the deliveries."""
        known = await self._known(broadcast, tally)
        if known is None:
            return
        broadcast = await self._in_sight(broadcast, known)
        shown = await self._write(broadcast, known)
        if shown is not None and broadcast.progress_chat is not None:
            await self._picture(broadcast, broadcast.progress_chat, shown, known.words)

    async def recalling(
        self, broadcast: Broadcast, tally: RecallTally, rate: float | None
    ) -> None:
        """Shows how far the recall is, and at the end its result."""
        # A running recall does not show the outcomes of the sending.
        sent = Tally(tally.total) if broadcast.is_recalling else None
        known = await self._known(broadcast, sent, recall=tally)
        if known is not None:
            await self._write(broadcast, replace(known, rate=rate))

    async def _known(
        self,
        broadcast: Broadcast,
        tally: Tally | None = None,
        recall: RecallTally | None = None,
    ) -> BroadcastView | None:
        # A former admin is shown nothing; the other admins find it with /broadcasts.
        if broadcast.progress_chat not in self._services.admins:
            return None
        words = await words_for(self._services, broadcast.progress_chat)
        reader = broadcast.progress_chat
        return await standing_of(
            self._services, words, broadcast, tally=tally, recall=recall, reader=reader
        )

    async def _in_sight(self, broadcast: Broadcast, known: BroadcastView) -> Broadcast:
        """Moves a scheduled broadcast to a new message: the former one has scrolled away."""
        has_begun = broadcast.started_at is not None
        is_news = has_begun or broadcast.state == "stopped" or broadcast.awaits_approval
        if broadcast.starts_at is None or not is_news:
            return broadcast
        return await self._moved(broadcast, known, f"begun:{broadcast.id.hex()}")

    async def _moved(self, broadcast: Broadcast, known: BroadcastView, key: str) -> Broadcast:
        """Shows the broadcast in a new message, once per key; the former one points to it."""
        chat, former = broadcast.progress_chat, broadcast.progress_message_id
        published = self._services.storage.published
        if chat is None or await published.get(key) is not None:
            return broadcast
        try:
            sent = await self._send(chat, standing(known))
        except TelegramError as error:
            if error_kind(error) is not ErrorKind.UNREACHABLE:
                raise
            return broadcast  # writing into the former message will log that nobody reads it
        await published.put(key, hashlib.sha256(key.encode()).digest())
        await self._services.storage.broadcasts.set_progress(broadcast.id, chat, sent)
        if former:
            await point_elsewhere(self._bot, self._services, chat, former)
        return replace(broadcast, progress_message_id=sent)

    async def _write(self, broadcast: Broadcast, known: BroadcastView) -> int | None:
        """Writes the progress; returns the id of its message, or None if nobody can read it."""
        chat, message_id = broadcast.progress_chat, broadcast.progress_message_id
        if chat is None or message_id is None:
            return None
        page = standing(known)
        if (message_id, page) == self._written:
            return message_id  # Telegram refuses an edit that changes nothing
        try:
            shown = await self._shown(broadcast, chat, message_id, page)
        except TelegramError as error:
            if error_kind(error) is not ErrorKind.UNREACHABLE:
                raise
            # An admin who blocked the bot will not see it, however often it is tried.
            _log.warning("report_chat_unreachable")
            return None
        self._written = (shown, page)
        if not broadcast.is_over:
            await self._catch_up(broadcast, chat, shown)
        return shown

    async def _shown(self, broadcast: Broadcast, chat: int, message_id: int, page: Screen) -> int:
        """Edits the message, or sends a new one if it is gone; returns the id."""
        try:
            await edit_screen(self._bot, chat, message_id, page)
        except TelegramError as error:
            if error_kind(error) is ErrorKind.UNCHANGED:
                return message_id
            if error_kind(error) is not ErrorKind.GONE:
                raise
        else:
            return message_id
        sent = await self._send(chat, page)
        await self._services.storage.broadcasts.set_progress(broadcast.id, chat, sent)
        return sent

    async def _catch_up(self, written: Broadcast, chat: int, message_id: int) -> None:
        """Corrects what was just written if an admin has moved or changed the broadcast since."""
        now = await self._services.storage.broadcasts.get(written.id)
        if now is None:
            return
        if (now.progress_chat, now.progress_message_id) != (chat, message_id):
            await point_elsewhere(self._bot, self._services, chat, message_id)
        elif now.state == "paused" != written.state:
            known = await self._known(now)
            if known is not None:
                self._written = (message_id, standing(known))
                await self._shown(now, chat, message_id, standing(known))

    async def _picture(self, broadcast: Broadcast, chat: int, report: int, words: Words) -> None:
        """Sends the chart of deliveries over time, once, as a reply to the report."""
        published = self._services.storage.published
        key = f"chart:{broadcast.id.hex()}"
        if await published.get(key) is not None:
            return
        moments = await self._services.storage.broadcasts.timeline(broadcast.id)
        title = words.label("La entrega, minuto a minuto")
        picture = await delivery_picture(moments, words, title)
        if picture is None:
            return
        try:
            sent = await self._bot.send_photo(
                chat,
                picture,
                caption=subject_name(words, broadcast.kind),
                parse_mode=ParseMode.HTML,
                reply_parameters=ReplyParameters(report, allow_sending_without_reply=True),
            )
        except TelegramError as error:
            if error_kind(error) not in (ErrorKind.CONTENT, ErrorKind.UNREACHABLE):
                raise
            _log.warning("chart_not_sent", error_kind=error_kind(error))
            return
        await published.put(key, hashlib.sha256(picture).digest(), sent.photo[-1].file_id)

    async def _send(self, chat: int, page: Screen) -> int:
        return await send_screen(self._bot, chat, page)
