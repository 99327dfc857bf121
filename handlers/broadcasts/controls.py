"""The buttons that pause, resume, cancel and recall a broadcast."""

from __future__ import annotations

from datetime import datetime
from functools import partial

import structlog
from telegram.error import TelegramError

from bot.transport.error_kinds import error_kind
from storage import Broadcast, Broadcasts

from ..admin_context import AdminContext
from .progress_message import (
    clear_cancel_request,
    known_by,
    request_cancel,
    show,
    standing_of,
    tell_progress,
    tell_standing,
)
from .screens.questions import ask_cancel, ask_recall

_log = structlog.stdlib.get_logger()


async def pause(panel: AdminContext, argument: str) -> None:
    """Pauses the broadcast until an admin resumes it."""
    known = await known_by(panel, argument)
    if known is not None:
        await clear_cancel_request(panel.services, known.id)
        await _steered(panel, await _broadcasts(panel).pause(known.id, *_by(panel)))


async def resume(panel: AdminContext, argument: str) -> None:
    """Resumes a paused broadcast."""
    known = await known_by(panel, argument)
    if known is not None:
        await clear_cancel_request(panel.services, known.id)
        await _steered(panel, await _broadcasts(panel).resume(known.id, *_by(panel)))


async def ask_to_cancel(panel: AdminContext, argument: str) -> None:
    """Pauses the broadcast and asks whether to cancel it; it may be the wrong message."""
    known = await known_by(panel, argument)
    if known is None:
        return
    if known.is_active:
        await request_cancel(panel.services, known.id)
        known = await _broadcasts(panel).pause(known.id, *_by(panel)) or known
        panel.services.wake_broadcast()
    if known.state not in ("scheduled", "paused"):
        await tell_standing(panel, known)
        return
    page = ask_cancel(await standing_of(panel.services, panel.words, known))
    await panel.say(page.text, page.rows)


async def cancel(panel: AdminContext, argument: str) -> None:
    """Cancels the broadcast for good."""
    known = await known_by(panel, argument)
    if known is not None:
        await clear_cancel_request(panel.services, known.id)
        await _steered(panel, await _broadcasts(panel).cancel(known.id, *_by(panel)))


async def watch(panel: AdminContext, argument: str) -> None:
    """Shows the broadcast's state, after an admin answered a question with no."""
    known = await known_by(panel, argument)
    if known is not None:
        await clear_cancel_request(panel.services, known.id)
        await tell_standing(panel, known)


async def ask_to_recall(panel: AdminContext, argument: str) -> None:
    """Asks for confirmation before a recall, or says that it is too late for one."""
    known = await known_by(panel, argument)
    if known is None:
        return
    standing = await standing_of(panel.services, panel.words, known)
    if known.recall_started_at is not None:
        await tell_standing(panel, known)
    elif not standing.can_be_recalled:
        await panel.tell(partial(_too_late, panel, known))
    else:
        page = ask_recall(standing)
        await panel.say(page.text, page.rows)


async def recall(panel: AdminContext, argument: str) -> None:
    """Starts a recall: deletes the sent messages as far as Telegram allows it."""
    known = await known_by(panel, argument)
    if known is None:
        return
    found = await _broadcasts(panel).recall(known.id, *_by(panel))
    if found is None or found.recall_started_at is None:
        await panel.tell(partial(_too_late, panel, known))
        return
    await _broadcasts(panel).set_progress(found.id, panel.chat_id, panel.message_id or 0)
    panel.services.wake_broadcast()
    await panel.tell(partial(_show_recalled, panel, known, found))


async def _show_recalled(panel: AdminContext, former: Broadcast, found: Broadcast) -> None:
    await _take_button_away(panel, former)
    await show(panel, found)


async def _take_button_away(panel: AdminContext, former: Broadcast) -> None:
    """Removes the buttons of a report in another message, which would offer the recall again."""
    there = (former.progress_chat, former.progress_message_id)
    if None in there or there == (panel.chat_id, panel.message_id):
        return
    try:
        await panel.bot.edit_message_reply_markup(*there)
    except TelegramError as error:
        _log.info("former_report_left", remedy=error_kind(error))


async def _too_late(panel: AdminContext, known: Broadcast) -> None:
    """Says in an alert window that it is too late, and keeps the report."""
    await panel.say_above(
        panel.words.label(
            "Ya no se puede retirar: Telegram solo deja borrar mensajes durante 48 horas, o no "
            "hay ninguno que borrar."
        )
    )
    if panel.message_id is not None:
        await show(panel.at(panel.message_id), known)


async def _steered(panel: AdminContext, now: Broadcast | None) -> None:
    """Wakes the worker and shows the broadcast's new state."""
    panel.services.wake_broadcast()
    if now is None:
        return
    if now.is_running and now.progress_chat not in panel.services.admins:
        await tell_progress(panel, now.id)  # otherwise nobody would see the progress
    else:
        await tell_standing(panel, now)


def _broadcasts(panel: AdminContext) -> Broadcasts:
    return panel.services.storage.broadcasts


def _by(panel: AdminContext) -> tuple[int, datetime]:
    """Returns the admin's user id and the time, for the audit."""
    return panel.user.id, panel.services.clock()
