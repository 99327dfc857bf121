"""Withdraws a signature, which must be as easy as giving it (GDPR art. 7(3))."""

from __future__ import annotations

from bot.petition.stages import Stage
from handlers.in_flight import forbid, may_arrive
from handlers.supporter_context import SupporterContext, reload


async def erase(ctx: SupporterContext) -> None:
    """Erases the signature and everything stored with it, then shows that it is done."""
    landed = await forbid(
        ctx,
        ctx.services.storage.signatures.withdraw(
            ctx.conversation.supporter, stage=Stage.WITHDRAWN.value
        ),
    )
    ctx = await reload(ctx)
    await ctx.show(None if landed else may_arrive(ctx.view.words))
