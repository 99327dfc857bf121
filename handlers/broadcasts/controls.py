"""The buttons of a broadcast: to pause, resume, cancel, recall, approve and decline it.

A broadcast that needs approval is decided on by any admin but its author; everything else, by any.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial

import structlog
from telegram.error import TelegramError

from bot.broadcast.confirmation import most_recipients
from bot.transport.error_kinds import error_kind
from handlers.admin_context import AdminContext, AdminHandler
from handlers.broadcasts.preview import message_exists
from handlers.broadcasts.progress_message import (
    progress_place,
    refresh,
    screen_of,
    send_question,
    show,
    tell_progress,
    tell_state,
    view_of,
)
from handlers.broadcasts.screens.labels import RECALLABLE_HOURS, recipients_changed
from handlers.broadcasts.screens.progress import (
    ask_cancel,
    ask_decline,
    ask_recall,
    state_screen,
)
from handlers.screens.buttons import AdminAction, read_id, read_number
from storage.broadcast_transitions import change_broadcast, set_on_broadcast
from storage.broadcast_types import Broadcast, BroadcastAction, BroadcastState, PauseReason
from storage.broadcasts import active_broadcast, broadcast_with, count_audience
from telegram_text.markup import Html

_log = structlog.stdlib.get_logger()

_Control = Callable[[AdminContext, Broadcast, str], Awaitable[None]]
"""Handles a tap on a button of a broadcast, given what the button carries besides."""


def _of_broadcast(control: _Control) -> AdminHandler:
    """Returns the handler of a button that names a broadcast."""

    async def handle(ctx: AdminContext, argument: str) -> None:
        key, _, rest = argument.partition(".")
        known = await ctx.storage.read(broadcast_with, read_id(key))
        if known is None:
            await ctx.say(ctx.words.text("Ese envío no existe. Escribe /broadcasts."))
        else:
            await control(ctx, known, rest)

    return handle


def _of_undecided(control: _Control) -> AdminHandler:
    """Returns the handler of a button of a broadcast that awaits another admin's approval."""

    async def handle(ctx: AdminContext, known: Broadcast, rest: str) -> None:
        if not known.awaits_approval:
            await tell_state(ctx, known)
        elif not await ctx.leaves_to_another(known.author):
            await control(ctx, known, rest)

    return _of_broadcast(handle)


def _changes(action: BroadcastAction) -> _Control:
    """Returns what does that, wakes the worker and shows the broadcast's new state."""

    async def change(ctx: AdminContext, known: Broadcast, shown: str) -> None:
        if action is BroadcastAction.RESUME and shown != (known.pause_reason or ""):
            await tell_state(ctx, known)  # it was resumed meanwhile, and may be paused again
            return
        if action is BroadcastAction.RESUME and known.pause_reason is PauseReason.FORMER:
            view = await view_of(ctx.services, ctx.words, known, reader=ctx.user.id)
            if view.lacks_a_second_admin:
                await ctx.leaves_to_another(ctx.user.id)
                return
        now = await ctx.storage.write(change_broadcast, action, known.id, *ctx.by)
        ctx.services.wake_broadcast()
        if now is None:
            return
        if now.is_running and now.progress_chat not in ctx.services.admins:
            await tell_progress(ctx, now.id)  # otherwise nobody would see the progress
        else:
            await tell_state(ctx, now)

    return change


async def _ask_to_cancel(ctx: AdminContext, known: Broadcast, _rest: str) -> None:
    """Pauses the broadcast and asks whether to cancel it; it may be the wrong message."""
    storage = ctx.storage
    if known.is_active:
        asked_at = ctx.now
        await storage.write(set_on_broadcast, known.id, cancel_requested_at=asked_at)
        paused = await storage.write(change_broadcast, BroadcastAction.PAUSE, known.id, *ctx.by)
        known = paused or known
        ctx.services.wake_broadcast()
    may_be = known.state in (BroadcastState.SCHEDULED, BroadcastState.PAUSED)
    await tell_state(ctx, known, ask_cancel if may_be else state_screen)


async def _watch(ctx: AdminContext, known: Broadcast, _rest: str) -> None:
    """Shows the broadcast's state, after an admin answered a question with no."""
    write = ctx.storage.write
    now = await write(set_on_broadcast, known.id, cancel_requested_at=None)
    await tell_state(ctx, now or known)


async def _ask_to_recall(ctx: AdminContext, known: Broadcast, _rest: str) -> None:
    """Asks for confirmation before a recall, or says that it is too late for one."""
    if known.recall_started_at is not None:
        await tell_state(ctx, known)
    elif not (await view_of(ctx.services, ctx.words, known)).can_be_recalled:
        await ctx.tell(partial(_too_late, ctx, known))
    else:
        await tell_state(ctx, known, ask_recall)


async def _recall(ctx: AdminContext, known: Broadcast, _rest: str) -> None:
    """Starts a recall: deletes the sent messages as far as Telegram allows it."""
    storage = ctx.storage
    found = await storage.write(change_broadcast, BroadcastAction.RECALL, known.id, *ctx.by)
    if found is None or found.recall_started_at is None:
        await ctx.tell(partial(_too_late, ctx, known))
        return
    here = {"progress_chat": ctx.chat_id, "progress_message_id": ctx.message_id or 0}
    await storage.write(set_on_broadcast, found.id, **here)
    await ctx.tell(partial(_show_recalled, ctx, known, found))


async def _show_recalled(ctx: AdminContext, former: Broadcast, found: Broadcast) -> None:
    """Shows the recall; a report in another message would offer it again, and loses its button."""
    there = progress_place(former)
    if there not in (None, (ctx.chat_id, ctx.message_id)):
        try:
            await ctx.bot.edit_message_reply_markup(*there)
        except TelegramError as error:
            _log.info("old_report_left", error_kind=error_kind(error))
    await show(ctx, found)


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


async def _review(ctx: AdminContext, known: Broadcast, _rest: str) -> None:
    """Shows the message as recipients would get it, and asks again below it."""
    await ctx.tell_once(partial(_show_below_message, ctx, known))


async def _show_below_message(ctx: AdminContext, known: Broadcast) -> None:
    await ctx.answer()
    await send_question(ctx.services, known, ctx.chat_id)


async def _approve(ctx: AdminContext, known: Broadcast, shown: str) -> None:
    """Approves the broadcast if its message still exists and its audience has not grown too far.

    Raises:
        NothingDone: Telegram did not say whether the message exists; nothing was approved.
    """
    services, words, before = ctx.services, ctx.words, read_number(shown)
    source = known.source_chat
    if source is not None and not await message_exists(ctx.bot, source, known.content):
        await ctx.alert(
            words.label(
                "El original del mensaje se ha borrado, así que no puede salir. Habría que "
                "prepararlo otra vez."
            )
        )
        return
    found = await services.storage.read(
        count_audience, kind=known.kind, only=known.language, topic=known.topic
    )
    recipients = sum(found.values())
    if not recipients:
        await ctx.alert(words.label("Ahora mismo no hay a quién enviarlo."))
        return
    # With two admins agreed, the threshold of approval is no limit any more.
    if before is None or recipients > most_recipients(before, approval_above=None):
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


async def _ask_again(
    ctx: AdminContext, known: Broadcast, before: int | None, recipients: int
) -> None:
    """Asks again with the current number, since the audience grew beyond what was shown."""
    before = known.expected or 0 if before is None else before
    drawn = await screen_of(ctx, replace(known, expected=recipients))
    await ctx.write(drawn.with_notice(recipients_changed(ctx.words, before, recipients)))


async def _show_approved(ctx: AdminContext, now: Broadcast) -> None:
    """Shows the result to the admin who approved, and to the one who watches the broadcast."""
    services, words = ctx.services, ctx.words
    if now.state is not BroadcastState.SCHEDULED or now.confirmed_by != ctx.user.id:
        await tell_state(ctx, now)  # another admin or the worker was faster
        return
    if now.progress_chat not in services.admins:
        await tell_progress(ctx, now.id)  # otherwise nobody would see the progress
        return
    active = await services.storage.read(active_broadcast)
    if now.starts_at is not None and now.starts_at > services.clock():
        await ctx.tell(partial(_refresh_and, ctx, now, partial(show, ctx, now)))
    elif active is not None and active.id != now.id:
        later = words.text("<b>Aprobado.</b> Saldrá cuando acabe el envío que está en marcha.")
        said = partial(_write_approved, ctx, now, later)
        await ctx.tell(partial(_refresh_and, ctx, now, said))
    else:
        at_once = words.text(
            "<b>Aprobado.</b> Sale ahora. El progreso lo ve quien lo preparó; si quieres "
            "seguirlo tú, o detenerlo, escribe /broadcast."
        )
        await ctx.tell(partial(_write_approved, ctx, now, at_once))


async def _write_approved(ctx: AdminContext, approved: Broadcast, said: Html) -> None:
    """Says what follows, or the state where another admin cancelled or paused it meanwhile."""
    here = ctx.at(await ctx.write(said))
    now = await ctx.storage.read(broadcast_with, approved.id) or approved
    if now.state in (BroadcastState.CANCELLED, BroadcastState.STOPPED, BroadcastState.PAUSED):
        await show(here, now)


async def _refresh_and(
    ctx: AdminContext, now: Broadcast, then: Callable[[], Awaitable[object]]
) -> None:
    """Updates the progress message, then the message of the admin who approved."""
    await refresh(ctx, now)
    await then()


async def _ask_to_decline(ctx: AdminContext, known: Broadcast, _rest: str) -> None:
    """Asks for confirmation before declining, since the author would have to start again."""
    await tell_state(ctx, known, ask_decline)


CONTROLS: Mapping[AdminAction, AdminHandler] = {
    AdminAction.WATCH: _of_broadcast(_watch),
    AdminAction.PAUSE: _of_broadcast(_changes(BroadcastAction.PAUSE)),
    AdminAction.RESUME: _of_broadcast(_changes(BroadcastAction.RESUME)),
    AdminAction.ASK_CANCEL: _of_broadcast(_ask_to_cancel),
    AdminAction.CANCEL: _of_broadcast(_changes(BroadcastAction.CANCEL)),
    AdminAction.ASK_RECALL: _of_broadcast(_ask_to_recall),
    AdminAction.RECALL: _of_broadcast(_recall),
    AdminAction.REVIEW: _of_undecided(_review),
    AdminAction.APPROVE: _of_undecided(_approve),
    AdminAction.ASK_DECLINE: _of_undecided(_ask_to_decline),
    AdminAction.DECLINE: _of_undecided(_changes(BroadcastAction.DECLINE)),
}
