"""Changes a supporter's language."""

from __future__ import annotations

from bot.petition.stages import Action

from .supporter_context import SupporterContext, reload


async def speak(visit: SupporterContext, language: str) -> None:
    """Stores the language and returns to the screen before; ignores an unknown language."""
    if language not in visit.services.campaign.languages:
        await visit.show()
        return
    back = visit.going(Action.SET_LANGUAGE)
    visit = back.with_stage(back.view.place, language=language)
    await visit.save()
    await (await reload(visit)).show()
