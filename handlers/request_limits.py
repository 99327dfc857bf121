"""Applies the request budgets: one sentence when exceeded, then silence until the minute ends."""

from dataclasses import replace

from bot.text.translations import mark
from handlers.request_budget import UNLIMITED, LimitDecision
from handlers.supporter_context import SupporterContext

_TOO_OFTEN = mark(
    "Vas muy deprisa: espera un minuto, por favor, y vuelve a intentarlo. A /withdraw y /stop "
    "respondemos siempre."
)


async def is_within_budget(ctx: SupporterContext, what: str) -> bool:
    """Counts a request for `what`; if it is too often, says so once on the screen.

    Messages that are marked for deletion are deleted all the same.
    """
    if what in UNLIMITED:
        return True
    decision = ctx.services.spend(ctx.user.id, what, ctx.update_id)
    if decision is LimitDecision.WARN:
        await ctx.at_valid_stage().say(ctx.words.text(_TOO_OFTEN))
    elif decision is LimitDecision.IGNORE:
        await ctx.at_valid_stage().clear()
    return decision is LimitDecision.ALLOW


async def is_tap_within_budget(ctx: SupporterContext, what: str) -> bool:
    """Counts a tap for `what`; if it is too often, says so in an alert window each time."""
    if ctx.services.spend(ctx.user.id, what, ctx.update_id) is LimitDecision.ALLOW:
        return True
    await ctx.alert(ctx.words.label(_TOO_OFTEN))
    await replace(ctx, query=None).show()
    return False
