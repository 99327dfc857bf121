"""Changing the language."""

from __future__ import annotations

from bot.petition.journey import Action

from .visit import Visit, reread


async def speak(visit: Visit, language: str) -> None:
    """Goes on in another of the petition's languages, where the person was before."""
    if language not in visit.services.campaign.languages:
        await visit.show()
        return
    back = visit.going(Action.SPEAK)
    visit = back.moved(back.view.place, language=language)
    await visit.save()
    await (await reread(visit)).show()
