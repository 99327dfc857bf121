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

from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    and_,
    exists,
    false,
    func,
    or_,
    select,
    true,
)

from storage.broadcast_states import ACTIVE
from storage.broadcast_types import Broadcast, Correction, DeliveryState, Kind
from storage.database import Value
from storage.tables import BROADCASTS, CONSENTS, CONVERSATIONS, DELIVERIES, SIGNATURES

# The consent to a choice, while it has not been taken back.
_AGREED_TO = {
    kind: f"""
    SELECT 1 FROM consents agreed
    WHERE agreed.signature_id = s.id AND agreed.{purpose}_ended_at IS NULL
      AND ',' || agreed.purposes || ',' LIKE '%,{purpose},%'
    """  # noqa: S608 - constants
    for kind, purpose in ((Kind.UPDATE, "updates"), (Kind.NEWS, "news"))
}

# A recalled message counts, as it was read; so does one that was in doubt before it was to be
# repeated, whatever the repetition came to, and one that waits in a broadcast under way.
_HAD = """
(
  SELECT COUNT(*) FROM deliveries had JOIN broadcasts earlier ON earlier.id = had.broadcast_id
  WHERE had.signature_id = s.id AND had.broadcast_id <> :broadcast AND earlier.kind = 'update'
    AND (
      had.state IN ('delivered', 'unconfirmed', 'sending')
      OR (had.state IN ('pending', 'withdrawn') AND had.attempts > 0)
      OR (had.state IN ('unreachable', 'rejected', 'forbidden') AND had.attempts > 1)
      OR (had.state = 'pending' AND earlier.state IN ('running', 'paused'))
    )
)
"""

_UPDATES_LEFT = f"{_AGREED_TO[Kind.UPDATE]} AND agreed.updates_at_most > {_HAD}"

TELLS = "(b.kind <> 'closing' OR b.recall_started_at IS NULL)"
"""SQL: whether having received a broadcast `b` is to know what it says: not if it was the closing
update and was recalled, as it was wrong."""

# What a correction puts right: the broadcast, and what was sent to those it had not reached. Who
# got an earlier correction, which was wrong too, got that.
_GOT_WHAT_WAS_WRONG = f"""
SELECT 1 FROM deliveries wrong JOIN broadcasts b ON b.id = wrong.broadcast_id
WHERE wrong.signature_id = s.id AND wrong.broadcast_id <> :broadcast
  AND wrong.state IN ('delivered', 'unconfirmed', 'sending')
  AND (b.id = :corrected OR b.topic = :wrong_topic) AND {TELLS}
"""  # noqa: S608 - a constant of this file

# Each text below is completed by the caller, who gives the parameters of `asked_of`. Deliveries of
# `:broadcast` itself do not count as received before, so that a claim can check its own rows.
ELIGIBLE = f"""
signatures s
WHERE s.petition = :petition
  AND s.unreachable_at IS NULL AND (CAST(:kind AS TEXT) = 'breach' OR (
    s.muted_at IS NULL AND s.invalidation_id IS NULL
    AND s.restricted_at IS NULL AND s.objected_at IS NULL
  ))
  AND (CAST(:news_only AS BIGINT) = 0 OR EXISTS ({_AGREED_TO[Kind.NEWS]}))
  AND (CAST(:kind AS TEXT) <> 'update' OR EXISTS ({_UPDATES_LEFT}))
  AND (CAST(:kind AS TEXT) <> 'correction' OR (
    EXISTS ({_GOT_WHAT_WAS_WRONG})
    AND (CAST(:corrected_kind AS TEXT) <> 'update' OR EXISTS ({_AGREED_TO[Kind.UPDATE]}))
    AND (CAST(:corrected_kind AS TEXT) <> 'news' OR EXISTS ({_AGREED_TO[Kind.NEWS]}))
  ))
  AND NOT EXISTS (
    SELECT 1 FROM deliveries told
    WHERE told.signature_id = s.id
      AND told.broadcast_id <> :broadcast
      AND told.broadcast_id IN (
        SELECT b.id FROM broadcasts b WHERE b.petition = :petition AND b.topic = :topic
          AND {TELLS}
      )
      AND (
        told.state IN ('delivered', 'unconfirmed', 'sending')
        OR (told.state = 'pending' AND told.broadcast_id IN (
          SELECT b.id FROM broadcasts b
          WHERE b.petition = :petition AND b.state IN ('running', 'paused')
        ))
      )
  )
"""  # noqa: S608 - constants of this file

# The conversation has the language someone reads now; the signature has the one they signed in.
LANGUAGE = """
COALESCE(
  (SELECT c.language FROM conversations c
   WHERE c.petition = s.petition AND c.supporter = s.supporter),
  s.language
)
"""

IN_LANGUAGE = f"(CAST(:only AS TEXT) IS NULL OR {LANGUAGE} = CAST(:only AS TEXT))"


def asked_of(petition: str, broadcast: Broadcast) -> dict[str, Value]:
    """Returns the parameters of `ELIGIBLE` and `IN_LANGUAGE` for the recipients of a broadcast."""
    return {
        "petition": petition,
        "broadcast": broadcast.id,
        "kind": broadcast.kind.value,
        "news_only": int(broadcast.audience.news_only),
        "only": broadcast.audience.language,
        **of_topic(broadcast.topic),
    }


def of_topic(topic: str) -> dict[str, Value]:
    """Returns the parameters of `ELIGIBLE` that follow from a broadcast's topic."""
    correction = Correction.on(topic)
    return {
        "topic": topic,
        "corrected_kind": "" if correction is None else correction.kind.value,
        "corrected": b"" if correction is None else correction.first,
        "wrong_topic": "" if correction is None else correction.first.hex(),
    }


_ARRIVED = (DeliveryState.DELIVERED, DeliveryState.UNCONFIRMED, DeliveryState.SENDING)
_PURPOSES = {Kind.UPDATE: "updates", Kind.NEWS: "news"}


def eligible(
    slug: str, kind: Kind, topic: str, *, news_only: bool = False, but: bytes = b""
) -> ColumnElement[bool]:
    """Returns whether a row of SIGNATURES is a recipient of a broadcast.

    Args:
        slug: the petition.
        kind: of the broadcast.
        topic: of the broadcast; who received another one on it, or waits for it, is left out.
        news_only: whether it goes only to those who agreed to other news.
        but: the id of the broadcast itself, whose deliveries do not count as received before, so
            that a claim can check its own rows.
    """
    conditions = [SIGNATURES.c.petition == slug, ~_was_told_of(slug, topic, but)]
    if kind is Kind.BREACH:
        conditions.append(SIGNATURES.c.unreachable_at.is_(None))
    else:
        conditions.append(can_be_written_to())
    if news_only:
        conditions.append(agreed_to(Kind.NEWS))
    if kind is Kind.UPDATE:
        conditions.append(has_updates_left(but))
    if kind is Kind.CORRECTION:
        conditions.append(_got_what_was_wrong(Correction.on(topic), but))
    return and_(*conditions)


def can_be_written_to() -> ColumnElement[bool]:
    """Returns whether the owner of a row of SIGNATURES can be reached and did not say no."""
    columns = SIGNATURES.c
    since = (columns.unreachable_at, columns.muted_at, columns.restricted_at, columns.objected_at)
    return and_(columns.invalidation_id.is_(None), *(each.is_(None) for each in since))


def agreed_to(kind: Kind) -> ColumnElement[bool]:
    """Returns whether the owner of a row of SIGNATURES agreed to messages of a kind, and does."""
    return exists(_agreement(kind))


def was_told() -> ColumnElement[bool]:
    """Returns whether the owner of a row of SIGNATURES has a closing update that tells the end."""
    closing = BROADCASTS.alias("closing")
    had = _deliveries(closing).where(closing.c.kind == Kind.CLOSING, _tells(closing))
    return exists(had.where(DELIVERIES.c.state.in_(_ARRIVED)))


def language() -> ColumnElement[str]:
    """Returns what the owner of a row of SIGNATURES reads now, or the language they signed in."""
    read_now = (
        select(CONVERSATIONS.c.language)
        .where(CONVERSATIONS.c.petition == SIGNATURES.c.petition)
        .where(CONVERSATIONS.c.supporter == SIGNATURES.c.supporter)
        .correlate(SIGNATURES)
        .scalar_subquery()
    )
    return func.coalesce(read_now, SIGNATURES.c.language)


def reads(only: str | None) -> ColumnElement[bool]:
    """Returns whether the owner of a row of SIGNATURES reads a language; None: any."""
    return true() if only is None else language() == only


def _agreement(kind: Kind) -> Select[Any]:
    """Returns the consent to a choice, while it has not been taken back."""
    purpose = _PURPOSES[kind]
    return (
        select(CONSENTS.c.id)
        .where(CONSENTS.c.signature_id == SIGNATURES.c.id)
        .where(CONSENTS.c[f"{purpose}_ended_at"].is_(None))
        .where(("," + CONSENTS.c.purposes + ",").like(f"%,{purpose},%"))
        .correlate(SIGNATURES)
    )


def _deliveries(broadcasts: FromClause) -> Select[Any]:
    """Returns the deliveries to the owner of a row of SIGNATURES, with their broadcasts."""
    return (
        select(DELIVERIES.c.position)
        .join(broadcasts, broadcasts.c.id == DELIVERIES.c.broadcast_id)
        .where(DELIVERIES.c.signature_id == SIGNATURES.c.id)
        .correlate(SIGNATURES)
    )


def _tells(broadcasts: FromClause) -> ColumnElement[bool]:
    """Returns whether having received a broadcast is to know what it says.

    It is not if it was the closing update and was recalled, as it was wrong.
    """
    return or_(broadcasts.c.kind != Kind.CLOSING, broadcasts.c.recall_started_at.is_(None))


def _was_told_of(slug: str, topic: str, but: bytes) -> ColumnElement[bool]:
    """Returns whether somebody received another broadcast on a topic, or waits for it."""
    state = DELIVERIES.c.state
    columns = BROADCASTS.c
    on_topic = select(columns.id).where(columns.petition == slug, columns.topic == topic)
    under_way = select(columns.id).where(columns.petition == slug, columns.state.in_(ACTIVE))
    waits = and_(state == DeliveryState.PENDING, DELIVERIES.c.broadcast_id.in_(under_way))
    return exists(
        select(DELIVERIES.c.position)
        .where(DELIVERIES.c.signature_id == SIGNATURES.c.id)
        .where(DELIVERIES.c.broadcast_id != but)
        .where(DELIVERIES.c.broadcast_id.in_(on_topic.where(_tells(BROADCASTS))))
        .where(or_(state.in_(_ARRIVED), waits))
        .correlate(SIGNATURES)
    )


def has_updates_left(but: bytes = b"") -> ColumnElement[bool]:
    """Returns whether somebody agreed to more messages about the petition than they had.

    A recalled message counts, as it was read; so does one that was in doubt before it was to be
    repeated, whatever the repetition came to, and one that waits in a broadcast under way.
    """
    earlier = BROADCASTS.alias("earlier")
    state, attempts = DELIVERIES.c.state, DELIVERIES.c.attempts
    refused = (DeliveryState.UNREACHABLE, DeliveryState.REJECTED, DeliveryState.FORBIDDEN)
    had = (
        _deliveries(earlier)
        .with_only_columns(func.count(), maintain_column_froms=True)
        .where(DELIVERIES.c.broadcast_id != but, earlier.c.kind == Kind.UPDATE)
        .where(
            or_(
                state.in_(_ARRIVED),
                and_(state.in_((DeliveryState.PENDING, DeliveryState.WITHDRAWN)), attempts > 0),
                and_(state.in_(refused), attempts > 1),
                and_(state == DeliveryState.PENDING, earlier.c.state.in_(ACTIVE)),
            )
        )
        .scalar_subquery()
    )
    return exists(_agreement(Kind.UPDATE).where(CONSENTS.c.updates_at_most > had))


def _got_what_was_wrong(correction: Correction | None, but: bytes) -> ColumnElement[bool]:
    """Returns whether somebody got what a correction puts right, and wants messages of its kind.

    That is the broadcast, and what was sent to those it had not reached. Who got an earlier
    correction, which was wrong too, got that.
    """
    if correction is None:
        return false()
    wrong = BROADCASTS.alias("wrong")
    first = correction.first
    got = exists(
        _deliveries(wrong)
        .where(DELIVERIES.c.broadcast_id != but, DELIVERIES.c.state.in_(_ARRIVED))
        .where(or_(wrong.c.id == first, wrong.c.topic == first.hex()), _tells(wrong))
    )
    return and_(got, agreed_to(correction.kind)) if correction.kind in _PURPOSES else got
