"""The buttons of a broadcast: to pause, resume, cancel, recall, correct, approve and decline it.

A broadcast that needs approval is decided on by any admin but its author; everything else, by any.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial

from bot.broadcast.confirmation import most_recipients
from handlers.broadcasts.history import report
from handlers.broadcasts.menu import compose_correction
from handlers.broadcasts.preview import message_exists
from handlers.broadcasts.progress_message import (
    AdminReporter,
    send_question,
    show,
    tell_progress,
    tell_state,
    view_of,
)
from handlers.broadcasts.screens.labels import RECALLABLE_HOURS, recipients_changed
from handlers.broadcasts.screens.progress import ask_cancel, ask_decline, ask_recall, state_screen
from handlers.chat_context import AdminContext, AdminHandler
from handlers.restored_backup import is_held
from handlers.screens.buttons import AdminAction, read_id, read_number
from storage.broadcast_transitions import change_broadcast, set_on_broadcast
from storage.broadcast_types import OVER, Broadcast, BroadcastAction, BroadcastState
from storage.broadcasts import active_broadcast, broadcast_with, count_audience

_Control = Callable[[AdminContext, Broadcast, str], Awaitable[None]]
"""Handles a tap on a button of a broadcast, given what the button carries besides."""


async def _tapped(ctx: AdminContext, argument: str, action: AdminAction) -> None:
    """Carries out the tap on a button that names a broadcast."""
    key, _, rest = argument.partition(".")
    known = await ctx.storage.read(broadcast_with, read_id(key))
    if known is None:
        await ctx.say(ctx.words.text("Ese envío no existe. Escribe /broadcasts."))
    elif action in _OF_UNDECIDED and not known.awaits_approval:
        await tell_state(ctx, known)
    elif action not in _OF_UNDECIDED or not await ctx.leaves_to_another(known.author):
        await _DONE_BY[action](ctx, known, rest)


async def _resume(ctx: AdminContext, known: Broadcast, shown: str) -> None:
    """Lets the broadcast go on, if that is what the button was drawn for, and one may alone."""
    if shown != (known.pause_reason or ""):
        await tell_state(ctx, known)  # it was resumed meanwhile, and may be paused again
    elif not await is_held(ctx):
        view = await view_of(ctx.services, known, ctx.user.id)
        if not view.lacks_a_second_admin or not await ctx.leaves_to_another(ctx.user.id):
            await _change(ctx, known, shown, BroadcastAction.RESUME)


async def _change(
    ctx: AdminContext, known: Broadcast, _shown: str, action: BroadcastAction
) -> None:
    """Does that, wakes the worker and shows the broadcast's new state."""
    now = await ctx.storage.write(change_broadcast, action, known.id, *ctx.by)
    ctx.services.wake_broadcast()
    if now is None:
        return
    if now.is_running and now.progress_chat not in ctx.services.admins:
        await tell_progress(ctx, now)  # otherwise nobody would see the progress
    else:
        await tell_state(ctx, now)


async def _ask_to_cancel(ctx: AdminContext, known: Broadcast, _rest: str) -> None:
    """Pauses the broadcast and asks whether to cancel it; it may be the wrong message."""
    write, is_planned = ctx.storage.write, known.state is BroadcastState.SCHEDULED
    if known.is_active:
        await write(set_on_broadcast, known.id, cancel_requested_at=ctx.now)
        paused = await write(change_broadcast, BroadcastAction.PAUSE, known.id, *ctx.by)
        known = paused or known
        ctx.services.wake_broadcast()
    # Of one that is paused, what is stored makes it the question.
    await tell_state(ctx, known, ask_cancel if is_planned else state_screen)


async def _watch(ctx: AdminContext, known: Broadcast, _rest: str) -> None:
    """Shows the broadcast's state, after an admin answered a question with no."""
    now = await ctx.storage.write(set_on_broadcast, known.id, cancel_requested_at=None)
    await tell_state(ctx, now or known)


async def _ask_to_recall(ctx: AdminContext, known: Broadcast, _rest: str) -> None:
    """Asks for confirmation before a recall, or says that it is too late for one."""
    view = await view_of(ctx.services, known, ctx.user.id)
    if known.recall_started_at is None and not view.can_be_recalled:
        await _too_late(ctx, known)
    else:
        await tell_state(ctx, known, ask_recall if view.can_be_recalled else state_screen)


async def _recall(ctx: AdminContext, known: Broadcast, _rest: str) -> None:
    """Starts a recall: deletes the sent messages as far as Telegram allows it."""
    found = await ctx.storage.write(change_broadcast, BroadcastAction.RECALL, known.id, *ctx.by)
    if found is None or found.recall_started_at is None:
        await _too_late(ctx, known)
    else:
        # A report in another message would offer it again.
        await tell_progress(ctx, found)


async def _too_late(ctx: AdminContext, known: Broadcast) -> None:
    """Says in an alert window that it is too late, and keeps the report."""
    await ctx.alert(
        ctx.words.label(
            "Ya no se puede retirar: Telegram solo deja borrar mensajes durante {hours} horas, o "
            "no hay ninguno que borrar.",
            hours=RECALLABLE_HOURS,
        )
    )
    await tell_state(ctx.at(ctx.message_id), known)


async def _review(ctx: AdminContext, known: Broadcast, _rest: str) -> None:
    """Shows the message as recipients would get it, and asks again below it."""
    await ctx.tell_once(partial(send_question, ctx.services, known, ctx.chat_id))


async def _approve(ctx: AdminContext, known: Broadcast, shown: str) -> None:
    """Approves the broadcast if its message still exists and its audience has not grown too far.

    Raises:
        NothingDone: Telegram did not say whether the message exists; nothing was approved.
    """
    if await is_held(ctx):
        return
    services, words, before = ctx.services, ctx.words, read_number(shown) or 0
    source = known.source_chat
    is_there = source is None or await message_exists(ctx.bot, source, known.content)
    found = await services.storage.read(
        count_audience, kind=known.kind, only=known.language, topic=known.topic
    )
    recipients = sum(found.values())
    if not is_there or not recipients:
        await ctx.alert(
            words.label(
                "Ahora mismo no hay a quién enviarlo."
                if is_there
                else "El original del mensaje se ha borrado, así que no puede salir. Habría que "
                "prepararlo otra vez."
            )
        )
        return
    # With two admins agreed, the threshold of approval is no limit any more.
    most = most_recipients(before, approval_above=None, is_paid=known.paid)
    if not before or recipients > most:
        await ctx.tell(partial(_ask_again, ctx, known, before, recipients))
        return
    now = await services.storage.write(
        change_broadcast, BroadcastAction.APPROVE, known.id, *ctx.by, before
    )
    if (now or known).awaits_approval:
        await ctx.alert(
            words.label(
                "Ha esperado más de un día y ya no se puede aprobar. Habría que prepararlo otra "
                "vez."
            )
        )
        return
    services.wake_broadcast()
    await _show_approved(ctx, now or known)


async def _ask_again(ctx: AdminContext, known: Broadcast, before: int, recipients: int) -> None:
    """Asks again with the current number, since the audience grew beyond what was shown."""
    view = await view_of(ctx.services, replace(known, expected=recipients), ctx.user.id)
    changed = recipients_changed(ctx.words, before, recipients)
    await ctx.write(state_screen(view).with_notice(changed))


async def _show_approved(ctx: AdminContext, approved: Broadcast) -> None:
    """Shows the result to the admin who approved, and to the one who watches the broadcast."""
    if approved.state is not BroadcastState.SCHEDULED or approved.confirmed_by != ctx.user.id:
        await tell_state(ctx, approved)  # another admin or the worker was faster
    elif approved.progress_chat not in ctx.services.admins:
        await tell_progress(ctx, approved)  # otherwise nobody would see the progress
    else:
        await ctx.tell(partial(_write_approved, ctx, approved))


async def _write_approved(ctx: AdminContext, approved: Broadcast) -> None:
    """Says what follows, or shows the state if another admin cancelled or paused it meanwhile."""
    storage, active = ctx.storage, await ctx.storage.read(active_broadcast)
    is_planned = approved.starts_at is not None and approved.starts_at > ctx.now
    must_wait = active is not None and active.id != approved.id
    if is_planned or must_wait:
        await AdminReporter(ctx.services).draw(approved)
    now = await storage.read(broadcast_with, approved.id) or approved
    if is_planned or now.state in (*OVER, BroadcastState.PAUSED):
        await show(ctx, now)
        return
    await ctx.write(
        ctx.words.text(
            "<b>Aprobado.</b> Saldrá cuando termine el envío que está en marcha."
            if must_wait
            else "<b>Aprobado.</b> Sale ahora. El progreso lo ve quien lo preparó; si quieres "
            "seguirlo tú, o detenerlo, escribe /broadcast."
        )
    )


_OF_UNDECIDED = frozenset(
    {AdminAction.REVIEW, AdminAction.APPROVE, AdminAction.ASK_DECLINE, AdminAction.DECLINE}
)
"""What is done, by any admin but its author, only while a broadcast awaits approval."""

_DONE_BY: Mapping[AdminAction, _Control] = {
    AdminAction.REPORT: report,
    AdminAction.CORRECT: compose_correction,
    AdminAction.WATCH: _watch,
    AdminAction.PAUSE: partial(_change, action=BroadcastAction.PAUSE),
    AdminAction.RESUME: _resume,
    AdminAction.ASK_CANCEL: _ask_to_cancel,
    AdminAction.CANCEL: partial(_change, action=BroadcastAction.CANCEL),
    AdminAction.ASK_RECALL: _ask_to_recall,
    AdminAction.RECALL: _recall,
    AdminAction.REVIEW: _review,
    AdminAction.APPROVE: _approve,
    AdminAction.ASK_DECLINE: lambda ctx, known, _: tell_state(ctx, known, ask_decline),
    AdminAction.DECLINE: partial(_change, action=BroadcastAction.DECLINE),
}
CONTROLS: Mapping[AdminAction, AdminHandler] = {
    action: partial(_tapped, action=action) for action in _DONE_BY
}
