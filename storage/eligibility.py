"""Who receives a broadcast: the one definition, used to count, to enqueue and at every claim.

A recipient signed, has not withdrawn (a withdrawn signature is erased), is counted, can be
reached, has not muted the bot, has neither restricted nor objected to the use of their data (GDPR
arts 18 and 21), agreed to what the broadcast is about, and has not received an earlier one on the
same topic. Messages about the petition go to those who chose them, up to the number on their own
consent; the closing update goes to everyone who signed, and is not counted there. What may have
arrived counts as received, since a second message is worse than an unconfirmed one. A row left
pending by a stopped or cancelled broadcast does not: those people are recipients of the next one.
So after a petition was reopened and closed again, only its new signers receive the closing
update; a closing update that was recalled tells nobody. A correction goes to those who received
what it corrects, if they still want messages of that kind, and counts as one with it. The notice
of a breach goes to everyone who can be reached, whatever else is true of them (GDPR art. 34).
"""

from functools import cache, lru_cache
from typing import Any

import sqlalchemy as sa

from storage.broadcast_types import ACTIVE, Correction, DeliveryState, Kind
from storage.tables import BROADCASTS, CONSENTS, CONVERSATIONS, DELIVERIES, SIGNATURES


def _listed(*words: str) -> list[sa.ColumnElement[str]]:
    """Returns words as they stand in a statement: a list of parameters is rendered every time."""
    return [sa.literal_column(f"'{word}'") for word in words]


_ARRIVED = _listed(DeliveryState.DELIVERED, DeliveryState.UNCONFIRMED, DeliveryState.SENDING)
_REFUSED = _listed(DeliveryState.UNREACHABLE, DeliveryState.REJECTED, DeliveryState.FORBIDDEN)
_NOT_SENT = _listed(DeliveryState.PENDING, DeliveryState.WITHDRAWN)
_UNDER_WAY = _listed(*sorted(ACTIVE))
_PURPOSES = {Kind.UPDATE: "updates", Kind.NEWS: "news"}

_OWN = SIGNATURES.c
_READ_NOW = (
    sa.select(CONVERSATIONS.c.language)
    .where(CONVERSATIONS.c.petition == _OWN.petition)
    .where(CONVERSATIONS.c.supporter == _OWN.supporter)
    .correlate(SIGNATURES)
)
LANGUAGE = sa.func.coalesce(_READ_NOW.scalar_subquery(), _OWN.language)
"""What the owner of a row of SIGNATURES reads now, or the language they signed in."""

_ENDS = (_OWN.unreachable_at, _OWN.muted_at, _OWN.restricted_at, _OWN.objected_at)
CAN_BE_WRITTEN_TO = sa.and_(_OWN.invalidation_id.is_(None), *(each.is_(None) for each in _ENDS))
"""Whether the owner of a row of SIGNATURES can be reached and did not say no."""


@lru_cache
def eligible(
    slug: str, kind: Kind, topic: str, *, only: str | None = None, but: bytes = b""
) -> sa.ColumnElement[bool]:
    """Returns whether a row of SIGNATURES is a recipient of a broadcast.

    Who received another one on its topic, or waits for it, is left out, and who reads another
    language than `only`. `but` is the id of the broadcast itself, whose deliveries do not count,
    so that a claim can check its own rows.
    """
    conditions = [SIGNATURES.c.petition == slug, ~_was_told_of(slug, topic, but)]
    if only is not None:
        conditions.append(sa.literal(only) == LANGUAGE)
    is_reached = _OWN.unreachable_at.is_(None)
    conditions.append(is_reached if kind is Kind.BREACH else CAN_BE_WRITTEN_TO)
    if kind is Kind.NEWS:
        conditions.append(agreed_to(Kind.NEWS))
    if kind is Kind.UPDATE:
        conditions.append(has_updates_left(but))
    if kind is Kind.CORRECTION:
        conditions.append(_got_what_was_wrong(Correction.on(topic), but))
    return sa.and_(*conditions)


@cache
def agreed_to(kind: Kind) -> sa.ColumnElement[bool]:
    """Returns whether the owner of a row of SIGNATURES agreed to messages of a kind, and does."""
    return _agreement(kind).scalar_subquery() > 0


@cache
def _agreement(kind: Kind) -> sa.Select[Any]:
    """Returns how many consents to a choice there are that have not been taken back.

    Counted, as it is by the index: for EXISTS, PostgreSQL reads all consents at every portion and
    claim, since it cannot guess from a LIKE how many there are.
    """
    purpose = _PURPOSES[kind]
    return (
        sa.select(sa.func.count())
        .select_from(CONSENTS)
        .where(CONSENTS.c.signature_id == SIGNATURES.c.id)
        .where(CONSENTS.c[f"{purpose}_ended_at"].is_(None))
        .where(("," + CONSENTS.c.purposes + ",").like(sa.literal_column(f"'%,{purpose},%'")))
        .correlate(SIGNATURES)
    )


def _deliveries(broadcasts: sa.FromClause) -> sa.Select[Any]:
    """Returns how many deliveries the owner of a row of SIGNATURES has, counted like consents."""
    return (
        sa.select(sa.func.count())
        .select_from(DELIVERIES)
        .join(broadcasts, broadcasts.c.id == DELIVERIES.c.broadcast_id)
        .where(DELIVERIES.c.signature_id == SIGNATURES.c.id)
        .correlate(SIGNATURES)
    )


def _tells(broadcasts: sa.FromClause) -> sa.ColumnElement[bool]:
    """Returns whether who got it knows what it says: a recalled closing update was wrong."""
    return sa.or_(broadcasts.c.kind != Kind.CLOSING, broadcasts.c.recall_started_at.is_(None))


def _was_told_of(slug: str, topic: str, but: bytes) -> sa.ColumnElement[bool]:
    """Returns whether somebody received another broadcast on a topic, or waits for it."""
    state = DELIVERIES.c.state
    columns = BROADCASTS.c
    its = sa.select(columns.id).where(columns.petition == slug)
    on_topic = its.where(columns.topic == topic, _tells(BROADCASTS))
    under_way = its.where(columns.state.in_(_UNDER_WAY))
    waits = sa.and_(state == DeliveryState.PENDING, DELIVERIES.c.broadcast_id.in_(under_way))
    return sa.exists(
        sa.select(DELIVERIES.c.position)
        .where(DELIVERIES.c.signature_id == SIGNATURES.c.id)
        .where(DELIVERIES.c.broadcast_id != but)
        .where(DELIVERIES.c.broadcast_id.in_(on_topic))
        .where(sa.or_(state.in_(_ARRIVED), waits))
        .correlate(SIGNATURES)
    )


@lru_cache
def has_updates_left(but: bytes = b"") -> sa.ColumnElement[bool]:
    """Returns whether somebody agreed to more messages about the petition than they had.

    A recalled message counts, as it was read; so does one that was in doubt before it was to be
    repeated, whatever the repetition came to, and one that waits in a broadcast under way.
    """
    earlier = BROADCASTS.alias("earlier")
    state, attempts = DELIVERIES.c.state, DELIVERIES.c.attempts
    had = (
        _deliveries(earlier)
        .where(DELIVERIES.c.broadcast_id != but, earlier.c.kind == Kind.UPDATE)
        .where(
            sa.or_(
                state.in_(_ARRIVED),
                sa.and_(state.in_(_NOT_SENT), attempts > 0),
                sa.and_(state.in_(_REFUSED), attempts > 1),
                sa.and_(state == DeliveryState.PENDING, earlier.c.state.in_(_UNDER_WAY)),
            )
        )
        .scalar_subquery()
    )
    left = _agreement(Kind.UPDATE).where(CONSENTS.c.updates_at_most > had)
    return left.scalar_subquery() > 0


def _got_what_was_wrong(correction: Correction | None, but: bytes) -> sa.ColumnElement[bool]:
    """Returns whether somebody got what a correction puts right, and wants messages of its kind.

    That is the broadcast, and what was sent to those it had not reached. Who got an earlier
    correction, which was wrong too, got that.
    """
    if correction is None:
        return sa.false()
    wrong = BROADCASTS.alias("wrong")
    first = correction.first
    had = (
        _deliveries(wrong)
        .where(DELIVERIES.c.broadcast_id != but, DELIVERIES.c.state.in_(_ARRIVED))
        .where(sa.or_(wrong.c.id == first, wrong.c.topic == first.hex()), _tells(wrong))
    )
    got = had.scalar_subquery() > 0
    return sa.and_(got, agreed_to(correction.kind)) if correction.kind in _PURPOSES else got


_CLOSING = BROADCASTS.alias("closing")
_HAD_CLOSING = _deliveries(_CLOSING).where(_CLOSING.c.kind == Kind.CLOSING, _tells(_CLOSING))
WAS_TOLD = _HAD_CLOSING.where(DELIVERIES.c.state.in_(_ARRIVED)).scalar_subquery() > 0
"""Whether the owner of a row of SIGNATURES has a closing update that tells the end."""
