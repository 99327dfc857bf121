"""The buttons that pause, resume, cancel and recall a broadcast."""

from functools import partial

import structlog
from telegram.error import TelegramError

from bot.transport.error_kinds import error_kind
from handlers.admin_context import AdminContext
from handlers.broadcasts.progress_message import find_broadcast, show, tell_progress, tell_state
from handlers.broadcasts.progress_publisher import progress_place, view_of
from handlers.broadcasts.screens.labels import RECALLABLE_HOURS
from handlers.broadcasts.screens.progress import state_screen
from handlers.broadcasts.screens.questions import ask_cancel, ask_recall
from storage.broadcast_transitions import change_broadcast, set_on_broadcast
from storage.broadcast_types import Broadcast, BroadcastAction, BroadcastState, PauseReason

_log = structlog.stdlib.get_logger()


async def pause(ctx: AdminContext, argument: str) -> None:
    """Pauses the broadcast until an admin resumes it."""
    known = await find_broadcast(ctx, argument)
    if known is not None:
        await _change(ctx, known, BroadcastAction.PAUSE)


async def resume(ctx: AdminContext, argument: str) -> None:
    """Resumes a paused broadcast; one that needs two admins and lost one needs another one."""
    known = await find_broadcast(ctx, argument)
    if known is not None and _lacks_a_second_admin(ctx, known):
        await ctx.alert(ctx.words.label("Esto lo tiene que decidir otra persona."))
    elif known is not None:
        await _change(ctx, known, BroadcastAction.RESUME)


def _lacks_a_second_admin(ctx: AdminContext, known: Broadcast) -> bool:
    """Returns whether this admin would be the only one who is an admin now and stands for it."""
    above = ctx.services.most_for_one_admin(known.kind)
    if above is None or known.pause_reason is not PauseReason.FORMER:
        return False
    others = {known.author, known.confirmed_by} - {ctx.user.id}
    return (known.expected or 0) > above and others.isdisjoint(ctx.services.admins)


async def ask_to_cancel(ctx: AdminContext, argument: str) -> None:
    """Pauses the broadcast and asks whether to cancel it; it may be the wrong message."""
    known = await find_broadcast(ctx, argument)
    if known is None:
        return
    if known.is_active:
        await ctx.services.storage.write(
            set_on_broadcast, known.id, cancel_requested_at=ctx.services.clock()
        )
        known = (
            await ctx.services.storage.write(
                change_broadcast, BroadcastAction.PAUSE, known.id, *ctx.by
            )
            or known
        )
        ctx.services.wake_broadcast()
    may_be = known.state in (BroadcastState.SCHEDULED, BroadcastState.PAUSED)
    await tell_state(ctx, known, ask_cancel if may_be else state_screen)


async def cancel(ctx: AdminContext, argument: str) -> None:
    """Cancels the broadcast for good."""
    known = await find_broadcast(ctx, argument)
    if known is not None:
        await _change(ctx, known, BroadcastAction.CANCEL)


async def watch(ctx: AdminContext, argument: str) -> None:
    """Shows the broadcast's state, after an admin answered a question with no."""
    known = await find_broadcast(ctx, argument)
    if known is not None:
        known = (
            await ctx.services.storage.write(set_on_broadcast, known.id, cancel_requested_at=None)
            or known
        )
        await tell_state(ctx, known)


async def ask_to_recall(ctx: AdminContext, argument: str) -> None:
    """Asks for confirmation before a recall, or says that it is too late for one."""
    known = await find_broadcast(ctx, argument)
    if known is None:
        return
    if known.recall_started_at is not None:
        await tell_state(ctx, known)
    elif not (await view_of(ctx.services, ctx.words, known)).can_be_recalled:
        await ctx.tell(partial(_too_late, ctx, known))
    else:
        await tell_state(ctx, known, ask_recall)


async def recall(ctx: AdminContext, argument: str) -> None:
    """Starts a recall: deletes the sent messages as far as Telegram allows it."""
    known = await find_broadcast(ctx, argument)
    if known is None:
        return
    found = await ctx.services.storage.write(
        change_broadcast, BroadcastAction.RECALL, known.id, *ctx.by
    )
    if found is None or found.recall_started_at is None:
        await ctx.tell(partial(_too_late, ctx, known))
        return
    await ctx.services.storage.write(
        set_on_broadcast,
        found.id,
        progress_chat=ctx.chat_id,
        progress_message_id=ctx.message_id or 0,
    )
    await ctx.tell(partial(_show_recalled, ctx, known, found))


async def _show_recalled(ctx: AdminContext, former: Broadcast, found: Broadcast) -> None:
    await _take_button_away(ctx, former)
    await show(ctx, found)


async def _take_button_away(ctx: AdminContext, former: Broadcast) -> None:
    """Removes the buttons of a report in another message, which would offer the recall again."""
    there = progress_place(former)
    if there is None or there == (ctx.chat_id, ctx.message_id):
        return
    try:
        await ctx.bot.edit_message_reply_markup(*there)
    except TelegramError as error:
        _log.info("old_report_left", error_kind=error_kind(error))


async def _too_late(ctx: AdminContext, known: Broadcast) -> None:
    """Says in an alert window that it is too late, and keeps the report."""
    await ctx.answer_with_alert(
        ctx.words.label(
            "Ya no se puede retirar: Telegram solo deja borrar mensajes durante {hours} horas, o "
            "no hay ninguno que borrar.",
            hours=RECALLABLE_HOURS,
        )
    )
    if ctx.message_id is not None:
        await show(ctx.at(ctx.message_id), known)


async def _change(ctx: AdminContext, known: Broadcast, action: BroadcastAction) -> None:
    """Does that, wakes the worker and shows the broadcast's new state."""
    now = await ctx.services.storage.write(change_broadcast, action, known.id, *ctx.by)
    ctx.services.wake_broadcast()
    if now is None:
        return
    if now.is_running and now.progress_chat not in ctx.services.admins:
        await tell_progress(ctx, now.id)  # otherwise nobody would see the progress
    else:
        await tell_state(ctx, now)
