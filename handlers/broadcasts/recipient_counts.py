"""How many people each choice would reach."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from storage import Audience, Broadcasts, Kind

from .draft import Draft, Stage


@dataclass(frozen=True, slots=True)
class Numbers:
    """Recipients by the language they read; what a page does not name is not counted for it.

    Attributes:
        signed: everyone who signed and can be reached.
        news: of those, who accepted other news.
        chosen: of those, whom the draft would go to as it is.
        unreachable: who signed and cannot be written to.
        muted: who signed and asked not to be written to.
    """

    signed: Mapping[str, int] = field(default_factory=dict)
    news: Mapping[str, int] = field(default_factory=dict)
    chosen: Mapping[str, int] = field(default_factory=dict)
    unreachable: int = 0
    muted: int = 0

    @property
    def recipients(self) -> int:
        """How many the draft would go to."""
        return sum(self.chosen.values())


async def count(broadcasts: Broadcasts, draft: Draft) -> Numbers:
    """The numbers that the draft's page names, as they are now.

    Of a draft that was shown they are those of who had signed then. Counting a million people
    takes a moment, so nothing is counted for a page that does not say it.
    """
    if draft.stage is Stage.AUDIENCE:
        signed, news = await asyncio.gather(
            broadcasts.audience(kind=Kind.UPDATE),
            broadcasts.audience(kind=Kind.NEWS, audience=Audience(news_only=True)),
        )
        return Numbers(signed=signed, news=news)
    if not draft.is_shown:
        return Numbers()
    chosen, unreachable, muted = await asyncio.gather(
        broadcasts.audience(
            kind=draft.kind, audience=draft.audience, topic=draft.topic, cutoff=draft.cutoff
        ),
        broadcasts.unreachable(),
        broadcasts.muted(),
    )
    return Numbers(chosen=chosen, unreachable=unreachable, muted=muted)
