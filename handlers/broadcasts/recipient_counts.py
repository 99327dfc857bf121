"""Counts how many people a draft, or each choice for it, would reach."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from handlers.broadcasts.draft import Draft, DraftStage
from storage import Storage
from storage.broadcast_types import Kind
from storage.broadcasts import count_audience, count_signers
from storage.conversations import count_unsigned


@dataclass(frozen=True, slots=True)
class RecipientCounts:
    """Numbers of recipients by language; those that the screen does not show are not counted.

    Attributes:
        everyone: whom a message of the draft's kind can be sent to.
        chosen: the draft's recipients.
        not_chosen: who can be written to, and did not choose messages of this kind.
        had_all: who has had as many messages about the petition as they chose.
        unreachable: signers who cannot be written to.
        muted: signers who asked not to be written to.
        unsigned: people who wrote a name and did not sign, for the notice of a breach.
    """

    everyone: Mapping[str, int] = field(default_factory=dict)
    chosen: Mapping[str, int] = field(default_factory=dict)
    not_chosen: int = 0
    had_all: int = 0
    unreachable: int = 0
    muted: int = 0
    unsigned: int = 0


async def count_recipients(storage: Storage, draft: Draft) -> RecipientCounts:
    """Returns the numbers that the draft's screen shows.

    Of a draft that was previewed, only signatures up to its cutoff count. Counting a million
    people takes a moment, so nothing is counted that the screen does not show.
    """
    if draft.stage is DraftStage.AUDIENCE:
        everyone, signers = await asyncio.gather(
            storage.read(count_audience, kind=draft.kind), storage.read(count_signers, draft.kind)
        )
        return RecipientCounts(everyone, {}, signers.not_chosen, signers.had_all)
    if not draft.is_shown:
        return RecipientCounts()
    chosen, signers, unsigned = await asyncio.gather(
        storage.read(
            count_audience,
            kind=draft.kind,
            only=draft.audience_language,
            topic=draft.topic,
            last_signature_number=draft.last_signature_number,
        ),
        storage.read(count_signers, draft.kind),
        _unsigned(storage, draft),
    )
    return RecipientCounts(
        chosen=chosen,
        not_chosen=signers.not_chosen,
        had_all=signers.had_all,
        unreachable=signers.unreachable,
        muted=signers.muted,
        unsigned=unsigned,
    )


async def _unsigned(storage: Storage, draft: Draft) -> int:
    return await storage.read(count_unsigned) if draft.kind is Kind.BREACH else 0
