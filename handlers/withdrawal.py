"""Withdraws a signature, which must be as easy as giving it (GDPR art. 7(3))."""

from __future__ import annotations

from bot.petition.stages import Stage

from .in_flight import forbid, may_arrive
from .supporter_context import SupporterContext, reload


async def erase(visit: SupporterContext) -> None:
    """Erases the signature and everything stored with it, then shows that it is done."""
    landed = await forbid(
        visit,
        visit.services.storage.signatures.withdraw(
            visit.conversation.supporter, stage=Stage.WITHDRAWN.value
        ),
    )
    visit = await reload(visit)
    await visit.show(None if landed else may_arrive(visit.view.words))
