"""How many receive a broadcast, and how many who signed do not, and why.

Who receives one is defined in `eligibility.py`. New queries about their number go here.
"""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, desc, func, select, true

from storage.broadcast_rows import recent_broadcasts
from storage.broadcast_types import (
    COUNTED_TOGETHER_FOR,
    EVERYONE,
    Audience,
    DeliveryState,
    Kind,
)
from storage.eligibility import (
    agreed_to,
    can_be_written_to,
    eligible,
    has_updates_left,
    language,
    reads,
)
from storage.tables import DELIVERIES, ERASED_DELIVERIES, SIGNATURES
from storage.transaction import Transaction

_NOT_WRITTEN_TO = (DeliveryState.PENDING, DeliveryState.WITHDRAWN)


def recipients(
    tx: Transaction, kind: Kind, audience: Audience, topic: str, *, upto: int | None = None
) -> ColumnElement[bool]:
    """Returns whether a row of SIGNATURES is a recipient of a broadcast that has no rows yet.

    Args:
        tx: the transaction.
        kind: what it is about.
        audience: which of the signers it goes to.
        topic: who received a broadcast on it is left out.
        upto: the number of the last signature, or None for all.
    """
    chosen = eligible(tx.slug, kind, topic, news_only=audience.news_only)
    counted = true() if upto is None else SIGNATURES.c.number <= upto
    return and_(chosen, counted, reads(audience.language))


def count_audience(
    tx: Transaction,
    *,
    kind: Kind = Kind.CLOSING,
    audience: Audience = EVERYONE,
    topic: str | None = None,
    last_signature_number: int | None = None,
) -> dict[str, int]:
    """Returns how many would receive a broadcast started now, by the language they read.

    Args:
        tx: the transaction.
        kind: what it is about.
        audience: which of the signers it goes to.
        topic: who received a broadcast on it is not counted; left out, that of all closing
            updates, or none for another kind.
        last_signature_number: the number of the last signature to count, or None for all. Those
            who sign after the numbers were shown were not counted, and are not written to either.
    """
    if kind is Kind.NEWS:
        audience = Audience(audience.language, news_only=True)
    on_topic = topic or _shared_topic(kind)
    found = recipients(tx, kind, audience, on_topic, upto=last_signature_number)
    query = select(language().label("spoken"), func.count().label("people"))
    query = query.where(found).group_by("spoken").order_by(desc("people"), "spoken")
    return {row.spoken: row.people for row in tx.all(query)}


def has_recipients(tx: Transaction, kind: Kind) -> bool:
    """Returns whether anybody would receive a broadcast of this kind; counts nobody."""
    audience = Audience(news_only=kind is Kind.NEWS)
    found = recipients(tx, kind, audience, _shared_topic(kind))
    return tx.first(select(SIGNATURES.c.id).where(found).limit(1)) is not None


def count_unreachable(tx: Transaction) -> int:
    """Returns how many signers are unreachable: they blocked the bot or left Telegram."""
    return tx.count(SIGNATURES, SIGNATURES.c.unreachable_at.is_not(None))


def count_muted(tx: Transaction) -> int:
    """Returns how many reachable signers asked for no messages."""
    columns = SIGNATURES.c
    return tx.count(SIGNATURES, columns.muted_at.is_not(None), columns.unreachable_at.is_(None))


def count_can_be_written_to(tx: Transaction) -> int:
    """Returns how many signers are reachable and have not muted the bot."""
    return tx.count(SIGNATURES, can_be_written_to())


def count_not_chosen(tx: Transaction, kind: Kind) -> int:
    """Returns how many of those who can be written to did not choose messages of this kind."""
    if kind not in (Kind.UPDATE, Kind.NEWS):
        return 0
    return tx.count(SIGNATURES, can_be_written_to(), ~agreed_to(kind))


def count_had_all_updates(tx: Transaction) -> int:
    """Returns how many chose messages about the petition and have had all that they chose."""
    chose = agreed_to(Kind.UPDATE)
    return tx.count(SIGNATURES, can_be_written_to(), chose, ~has_updates_left())


def written_to_alone(tx: Transaction, author: int, at: datetime) -> int:
    """Returns to how many people an admin wrote within a day without another's approval."""
    keys = [
        each.id
        for each in recent_broadcasts(tx, at - COUNTED_TOGETHER_FOR)
        # One of which it is not known who wrote it may be theirs.
        if each.is_damaged or each.author == each.confirmed_by == author
    ]
    erased = ERASED_DELIVERIES.c
    withdrawn_since = (
        select(func.sum(erased.people))
        .where(erased.broadcast_id.in_(keys))
        .where(erased.state.not_in(_NOT_WRITTEN_TO))
    )
    return int(tx.scalar(withdrawn_since) or 0) + tx.count(
        DELIVERIES,
        DELIVERIES.c.broadcast_id.in_(keys),
        DELIVERIES.c.state.not_in(_NOT_WRITTEN_TO),
    )


def _shared_topic(kind: Kind) -> str:
    """Returns the topic that all broadcasts of a kind share; no broadcast has an empty one."""
    return kind if kind is Kind.CLOSING else ""
