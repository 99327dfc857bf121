"""Stops news or all messages to a supporter, who keeps their signature.

Withdrawing a consent must be as easy as giving it (GDPR art. 7(3)), and nobody should have to
block the bot for that.
"""

from __future__ import annotations

from telegram import Update

from bot.petition.stages import Action, Place
from bot.text.markup import Html
from handlers.context import Context
from handlers.in_flight import forbid, may_arrive, may_arrive_label
from handlers.supporter_context import (
    SupporterContext,
    open_command,
    open_supporter_context,
    reload,
)


async def stop(update: Update, context: Context) -> None:
    """Handles /stop: mutes all messages and says what that means."""
    ctx = (await open_command(update, context)).at_valid_stage()
    words = ctx.view.words
    if ctx.view.signature is None:
        await ctx.with_stage(Place()).say(
            words.text("No has firmado esta petición: no te escribiremos.")
        )
        return
    await ctx.save()
    landed = await _mute(ctx)
    ctx = (await reload(ctx)).going(Action.MY_DATA)
    said = words.text(
        "<b>No te escribiremos más.</b> Tu firma sigue contando. Cuando quieras saber "
        "cómo va la petición, escribe /start."
    )
    await ctx.say(said if landed else Html(f"{said} {may_arrive(words)}"))


async def mute(ctx: SupporterContext) -> None:
    """Handles the button that mutes all messages."""
    landed = await _mute(ctx)
    await (await reload(ctx)).show(None if landed else may_arrive(ctx.view.words))


async def unmute(ctx: SupporterContext) -> None:
    """Handles the button that allows messages again."""
    services = ctx.services
    await services.storage.signatures.mute(ctx.conversation.supporter, None)
    # The closing update may have been sent meanwhile; it is still due to this person.
    if await services.storage.signatures.mark_reachable(
        ctx.conversation.supporter, services.clock()
    ):
        services.wake_broadcast()
    await (await reload(ctx)).show()


async def refuse_news(ctx: SupporterContext) -> None:
    """Handles the button on the screen of /mydata that withdraws the consent to news."""
    landed = await _refuse_news(ctx)
    await (await reload(ctx)).show(None if landed else may_arrive(ctx.view.words))


async def refused_under_news(update: Update, context: Context) -> None:
    """Handles the button under a news broadcast that withdraws the consent to news.

    Says so in an alert window; the message stays as it is.
    """
    ctx = await open_supporter_context(update, context)
    landed, words = await _refuse_news(ctx), ctx.view.words
    said = words.label(
        "Hecho: no te enviaremos más noticias de otras acciones. Tu firma sigue contando."
    )
    await ctx.alert(said if landed else f"{said} {may_arrive_label(words)}")


async def _mute(ctx: SupporterContext) -> bool:
    signatures, at = ctx.services.storage.signatures, ctx.services.clock()
    return await forbid(ctx, signatures.mute(ctx.conversation.supporter, at))


async def _refuse_news(ctx: SupporterContext) -> bool:
    signatures, at = ctx.services.storage.signatures, ctx.services.clock()
    return await forbid(ctx, signatures.refuse_news(ctx.conversation.supporter, at))
