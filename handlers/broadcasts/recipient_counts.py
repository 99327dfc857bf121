"""Counts how many people a draft, or each choice for it, would reach."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from handlers.broadcasts.draft import Draft, DraftStage
from storage import Audience, Kind, Storage


@dataclass(frozen=True, slots=True)
class RecipientCounts:
    """Numbers of recipients by language; those that the screen does not show are not counted.

    Attributes:
        signed: signers who can be written to.
        news: of those, the ones who accepted other news.
        chosen: the draft's recipients.
        unreachable: signers who cannot be written to.
        muted: signers who asked not to be written to.
        unsigned: people who wrote a name and did not sign, for the notice of a breach.
    """

    signed: Mapping[str, int] = field(default_factory=dict)
    news: Mapping[str, int] = field(default_factory=dict)
    chosen: Mapping[str, int] = field(default_factory=dict)
    unreachable: int = 0
    muted: int = 0
    unsigned: int = 0

    @property
    def recipients(self) -> int:
        """How many people the draft would go to."""
        return sum(self.chosen.values())


async def count_recipients(storage: Storage, draft: Draft) -> RecipientCounts:
    """Returns the numbers that the draft's screen shows.

    Of a draft that was previewed, only signatures up to its cutoff count. Counting a million
    people takes a moment, so nothing is counted that the screen does not show.
    """
    broadcasts = storage.broadcasts
    if draft.stage is DraftStage.AUDIENCE:
        signed, news = await asyncio.gather(
            broadcasts.audience(kind=Kind.UPDATE),
            broadcasts.audience(kind=Kind.NEWS, audience=Audience(news_only=True)),
        )
        return RecipientCounts(signed=signed, news=news)
    if not draft.is_shown:
        return RecipientCounts()
    chosen, unreachable, muted, unsigned = await asyncio.gather(
        broadcasts.audience(
            kind=draft.kind,
            audience=draft.audience,
            topic=draft.topic,
            last_signature_number=draft.last_signature_number,
        ),
        broadcasts.unreachable(),
        broadcasts.muted(),
        _unsigned(storage, draft),
    )
    return RecipientCounts(chosen=chosen, unreachable=unreachable, muted=muted, unsigned=unsigned)


async def _unsigned(storage: Storage, draft: Draft) -> int:
    return await storage.conversations.unsigned() if draft.kind is Kind.BREACH else 0
