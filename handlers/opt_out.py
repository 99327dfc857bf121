"""Withdraws a signature, mutes all messages or stops one kind, also those about to leave.

Withdrawing must be as easy as signing (GDPR art. 7(3)), and nobody should have to block the bot
to be left alone.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from telegram import ChatMember, ChatMemberUpdated

from bot.petition.stages import Action, Place, Stage
from bot.text.translations import mark
from handlers.context import Services
from handlers.delayed_replies import LONGEST_WAIT
from handlers.supporter_context import SupporterContext
from storage.broadcast_types import Kind
from storage.consents import end_consent
from storage.deliveries import is_being_sent
from storage.errors import Unavailable
from storage.person_requests import IN_CHAT, PersonNoticeKind, carry_out_request
from storage.signatures import mark_unreachable, mute_supporter, withdraw_signature

# Between two looks whether another replica is still sending.
_LOOK_SECONDS = 0.1

_MAY_ARRIVE = mark("Un mensaje nuestro ya iba de camino: puede que todavía te llegue.")


async def membership_changed(services: Services, change: ChatMemberUpdated) -> None:
    """Handles that the person blocked or unblocked the bot, which broadcasts heed.

    A person who comes back soon after the closing is then sent the closing update.
    """
    supporter = services.reference(change.from_user.id)
    if change.new_chat_member.status == ChatMember.BANNED:
        await services.storage.write(mark_unreachable, supporter, services.clock())
        services.delayed_replies.drop(change.chat.id)
    else:
        await services.mark_reachable(supporter)


async def stop(ctx: SupporterContext) -> None:
    """Handles /stop: mutes all messages and says what that means."""
    words = ctx.words
    if ctx.view.signature is None:
        said = words.text("No guardamos ninguna firma tuya: no te escribiremos.")
        await ctx.with_stage(Place()).say(said)
        return
    await ctx.save()
    landed = await change_and_void_claims(ctx, _muting(ctx))
    ctx = (await ctx.reloaded()).with_stage(Place(Stage.MUTED))
    await ctx.say(None if landed else words.text(_MAY_ARRIVE))


async def allow(ctx: SupporterContext, _argument: str, *, action: Action) -> None:
    """Handles the buttons that allow messages again, or end a restriction or an objection."""
    if action is Action.LIFT:
        await _requesting(ctx, PersonNoticeKind.LIFTED)
    else:
        await ctx.storage.write(mute_supporter, ctx.reference, None)
    await ctx.services.mark_reachable(ctx.reference)
    ctx = await ctx.reloaded()
    await (ctx.after(Action.HOME) if ctx.view.place.stage is Stage.MUTED else ctx).show()


async def refused_under_broadcast(ctx: SupporterContext, *, kind: Kind) -> None:
    """Handles the button under a broadcast that withdraws the consent to its kind.

    Says so in an alert window; the message stays as it is.
    """
    landed, words = await change_and_void_claims(ctx, _refusing(ctx, kind)), ctx.words
    said = words.label(
        "Hecho: no te enviaremos más noticias de otras acciones."
        if kind is Kind.NEWS
        else "Hecho: no te enviaremos más novedades de esta petición."
    )
    counts = ctx.view.is_counted and words.label("Tu firma sigue contando.")
    may_arrive = not landed and words.label(_MAY_ARRIVE)
    await ctx.alert(" ".join(each for each in (said, counts, may_arrive) if each))


def _refusing(ctx: SupporterContext, kind: Kind) -> Awaitable[object]:
    purpose = "news" if kind is Kind.NEWS else "updates"
    return ctx.storage.write(end_consent, ctx.reference, purpose, ctx.now)


def _requesting(ctx: SupporterContext, asked: PersonNoticeKind) -> Awaitable[object]:
    number = ctx.view.signature.number if ctx.view.signature else 0
    return ctx.storage.write(carry_out_request, asked, number, IN_CHAT, ctx.now)


def _muting(ctx: SupporterContext) -> Awaitable[object]:
    return ctx.storage.write(mute_supporter, ctx.reference, ctx.now)


FORBIDDEN_BY: Mapping[Action, Callable[[SupporterContext], Awaitable[object]]] = {
    Action.ERASE: lambda ctx: ctx.storage.write(withdraw_signature, ctx.reference, ctx.now),
    Action.MUTE: _muting,
    Action.RESTRICT: lambda ctx: _requesting(ctx, PersonNoticeKind.RESTRICTED),  # GDPR art. 18
    Action.REFUSE_UPDATES: lambda ctx: _refusing(ctx, Kind.UPDATE),
    Action.REFUSE_NEWS: lambda ctx: _refusing(ctx, Kind.NEWS),
}
"""The buttons after which less may be sent, and the change that each makes."""


async def forbid(ctx: SupporterContext, _argument: str, *, action: Action) -> None:
    """Makes the change of such a button, and shows what is so now."""
    landed = await change_and_void_claims(ctx, FORBIDDEN_BY[action](ctx))
    await (await ctx.reloaded()).show(None if landed else ctx.words.text(_MAY_ARRIVE))


async def change_and_void_claims(ctx: SupporterContext, change: Awaitable[object]) -> bool:
    """Awaits a change after which less may be sent to this chat, and voids open claims on it.

    Nothing that the change forbids is sent afterwards; False is returned when a message that was
    sent before may still arrive.
    """
    try:
        await change
    except Unavailable:
        # The change may have been committed although the database's answer was lost.
        await _void(ctx)
        raise
    return await _void(ctx)


async def _void(ctx: SupporterContext) -> bool:
    services, signature = ctx.services, ctx.view.signature
    services.open_claims.make_void(ctx.chat_id)
    if services.lease.is_ours():
        return await services.open_claims.wait_for_calls(ctx.chat_id, LONGEST_WAIT)
    if signature is None:
        return True
    # Another replica sends: what it has claimed already is waited for.
    end = services.monotonic() + LONGEST_WAIT
    while await ctx.storage.read(is_being_sent, signature.number):
        if services.monotonic() >= end:
            return False
        await asyncio.sleep(_LOOK_SECONDS)
    return True
