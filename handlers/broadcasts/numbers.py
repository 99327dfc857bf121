"""How many people each choice would reach."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from storage import Audience, Kind, Storage

from .draft import Draft


@dataclass(frozen=True, slots=True)
class Numbers:
    """Recipients by the language they read.

    Attributes:
        signed: everyone who signed and can be reached.
        news: of those, who accepted other news.
        chosen: of those, whom the draft would go to as it is.
        unreachable: who signed and cannot be written to.
        muted: who signed and asked not to be written to.
    """

    signed: Mapping[str, int]
    news: Mapping[str, int]
    chosen: Mapping[str, int]
    unreachable: int
    muted: int = 0

    @property
    def recipients(self) -> int:
        """How many the draft would go to."""
        return sum(self.chosen.values())


async def count(storage: Storage, draft: Draft) -> Numbers:
    """The numbers as they are now; of a draft that was shown, of those who had signed then."""
    broadcasts = storage.broadcasts
    signed, news, chosen, unreachable, muted = await asyncio.gather(
        broadcasts.audience(kind=Kind.UPDATE),
        broadcasts.audience(kind=Kind.NEWS, audience=Audience(news_only=True)),
        broadcasts.audience(
            kind=draft.kind, audience=draft.audience, topic=draft.topic, cutoff=draft.cutoff
        ),
        broadcasts.unreachable(),
        broadcasts.muted(),
    )
    return Numbers(signed, news, chosen, unreachable, muted)
