"""Changing the language."""

from __future__ import annotations

from bot.petition.stages import Action

from .supporter_context import SupporterContext, reload


async def speak(visit: SupporterContext, language: str) -> None:
    """Goes on in another of the petition's languages, where the person was before."""
    if language not in visit.services.campaign.languages:
        await visit.show()
        return
    back = visit.going(Action.SET_LANGUAGE)
    visit = back.with_stage(back.view.place, language=language)
    await visit.save()
    await (await reload(visit)).show()
