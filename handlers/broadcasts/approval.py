"""Approval by a second admin, of a large broadcast and of the notice of a breach."""

from dataclasses import replace
from datetime import datetime
from functools import partial

from bot.broadcast.confirmation import most_recipients
from handlers.admin_context import AdminContext
from handlers.broadcasts.preview import message_exists, show_content
from handlers.broadcasts.progress_message import (
    find_broadcast,
    refresh,
    screen_of,
    show,
    tell_progress,
    tell_state,
)
from handlers.broadcasts.screens.approval import ask_decline
from handlers.calls_before_commit import before_commit
from handlers.screens.buttons import read_number
from storage.broadcast_transitions import change_broadcast
from storage.broadcast_types import Broadcast, BroadcastAction, BroadcastState
from storage.broadcasts import active_broadcast, count_audience
from telegram_text.markup import Html


async def review(ctx: AdminContext, argument: str) -> None:
    """Shows the message as recipients would get it, and asks again below it."""
    known = await _undecided(ctx, argument)
    if known is None:
        return
    await ctx.tell_once(partial(_review, ctx, known))


async def _review(ctx: AdminContext, known: Broadcast) -> None:
    await ctx.answer()
    ctx = ctx.at_bottom()
    notice = await show_content(ctx.bot, known, ctx.words, ctx.chat_id)
    drawn = await screen_of(ctx, known)
    await ctx.write(drawn.with_notice(notice))


async def approve(ctx: AdminContext, argument: str) -> None:
    """Approves the broadcast if its message still exists and its audience has not grown too far.

    Raises:
        NothingDone: Telegram did not say whether the message exists; nothing was approved.
    """
    key, _, shown = argument.partition(".")
    known = await _undecided(ctx, key)
    if known is None:
        return
    if not await _is_whole(ctx, known):
        await ctx.alert(
            ctx.words.label(
                "El original del mensaje se ha borrado, así que no puede salir. Habría que "
                "prepararlo otra vez."
            )
        )
        return
    found = await ctx.services.storage.read(
        count_audience, kind=known.kind, only=known.language, topic=known.topic
    )
    recipients = sum(found.values())
    if not recipients:
        await ctx.alert(ctx.words.label("Ahora mismo no hay a quién enviarlo."))
        return
    before = read_number(shown)
    # With two admins agreed, the threshold of approval is no limit any more.
    if before is None or recipients > most_recipients(before, approval_above=None):
        await ctx.tell(partial(_ask_again, ctx, known, before, recipients))
        return
    user, at = ctx.by
    now = (
        await ctx.services.storage.write(
            change_broadcast, BroadcastAction.APPROVE, known.id, user, at, before
        )
        or known
    )
    if now.awaits_approval:
        await ctx.alert(
            ctx.words.label(
                "Ha esperado más de un día y ya no se puede aprobar. Habría que prepararlo otra "
                "vez."
            )
        )
        return
    ctx.services.wake_broadcast()
    await _approved(ctx, now, at)


async def ask_to_decline(ctx: AdminContext, argument: str) -> None:
    """Asks for confirmation before declining, since the author would have to start again."""
    known = await _undecided(ctx, argument)
    if known is None:
        return
    await tell_state(ctx, known, ask_decline)


async def decline(ctx: AdminContext, argument: str) -> None:
    """Declines the broadcast; the worker tells its author."""
    known = await _undecided(ctx, argument)
    if known is None:
        return
    now = await ctx.services.storage.write(
        change_broadcast, BroadcastAction.DECLINE, known.id, *ctx.by
    )
    await tell_state(ctx, now or known)


async def _undecided(ctx: AdminContext, argument: str) -> Broadcast | None:
    """Returns a button's broadcast if this admin may decide; else says why not, returns None."""
    known = await find_broadcast(ctx, argument)
    if known is None:
        return None
    if not known.awaits_approval:
        await tell_state(ctx, known)
        return None
    if known.author == ctx.user.id:
        await ctx.alert(ctx.words.label("Esto lo tiene que decidir otra persona."))
        return None
    return known


async def _is_whole(ctx: AdminContext, known: Broadcast) -> bool:
    if known.source_chat is None:
        return True
    async with before_commit():
        return await message_exists(ctx.bot, known.source_chat, known.content)


async def _ask_again(
    ctx: AdminContext, known: Broadcast, before: int | None, recipients: int
) -> None:
    """Asks again with the current number, since the audience grew beyond what was shown."""
    before = known.expected or 0 if before is None else before
    words, drawn = ctx.words, await screen_of(ctx, replace(known, expected=recipients))
    notice = words.text(
        "⚠️ El número de personas ha cambiado y no se ha aprobado nada: era {before}, ahora es "
        "{now}. Si te parece bien, apruébalo otra vez.",
        before=words.number(before),
        now=words.number(recipients),
    )
    await ctx.write(drawn.with_notice(notice))


async def _approved(ctx: AdminContext, now: Broadcast, at: datetime) -> None:
    """Shows the result to the admin who approved, and to the one who watches the broadcast."""
    services = ctx.services
    if now.state is not BroadcastState.SCHEDULED or now.confirmed_by != ctx.user.id:
        await tell_state(ctx, now)  # another admin or the worker was faster
        return
    if now.progress_chat not in services.admins:
        await tell_progress(ctx, now.id)  # otherwise nobody would see the progress
        return
    if now.starts_at is not None and now.starts_at > at:
        await ctx.tell(partial(_refreshed, ctx, now))
        return
    active = await ctx.services.storage.read(active_broadcast)
    if active is not None and active.id != now.id:
        later = ctx.words.text("<b>Aprobado.</b> Saldrá cuando acabe el envío que está en marcha.")
        await ctx.tell(partial(_refreshed, ctx, now, later))
        return
    await ctx.say(
        ctx.words.text(
            "<b>Aprobado.</b> Sale ahora. El progreso lo ve quien lo preparó; si quieres seguirlo "
            "tú, o detenerlo, escribe /broadcast."
        )
    )


async def _refreshed(ctx: AdminContext, now: Broadcast, said: Html | None = None) -> None:
    """Updates the progress message, and the message of the admin who approved."""
    await refresh(ctx, now)
    if said is None:
        await show(ctx, now)
    else:
        await ctx.write(said)
