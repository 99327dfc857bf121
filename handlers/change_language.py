"""Changes a supporter's language."""

from __future__ import annotations

from bot.petition.stages import Action
from handlers.supporter_context import SupporterContext, reload


async def speak(ctx: SupporterContext, language: str) -> None:
    """Stores the language and returns to the screen before; ignores an unknown language."""
    if language not in ctx.services.petition.languages:
        await ctx.show()
        return
    back = ctx.going(Action.SET_LANGUAGE)
    ctx = back.with_stage(back.view.place, language=language)
    await ctx.save()
    await (await reload(ctx)).show()
