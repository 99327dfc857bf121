"""What a draft would be if it were sent now: its content, and what a confirmation is bound to."""

from __future__ import annotations

from bot.broadcast.audience import Terms, content_sha256
from bot.petition.markup import fill
from storage import Kind, PetitionState

from ..context import Services
from .draft import Draft
from .numbers import Numbers


def content_now(services: Services, draft: Draft, state: PetitionState) -> dict[str, object]:
    """What people get, by language: the petition's closing texts, or the copies shown."""
    if draft.kind is not Kind.CLOSING:
        return draft.content
    count = state.closed_signatures if state.closed_signatures is not None else state.signatures
    campaign = services.campaign
    return {
        language: fill(
            campaign.texts_in(language).closing_update,
            count=services.catalogues.words(language).number(count),
        )
        for language in campaign.languages
    }


def terms_of(
    draft: Draft, content: dict[str, object], numbers: Numbers, state: PetitionState, *, paid: bool
) -> Terms:
    """All that an admin sees before confirming."""
    return Terms(
        content_sha256=content_sha256(content),
        kind=draft.kind,
        audience=draft.audience,
        recipients=numbers.recipients,
        revision=state.revision,
        starts_at=draft.starts_at,
        paid=paid,
        topic=draft.topic,
        cutoff=draft.cutoff,
    )
