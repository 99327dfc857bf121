"""Petitions: how many have signed, and whether it is open. New queries about them go here.

Closing and reopening lock the petition's row first, and signing adds nothing before it has counted
in it, so the count at the moment of closing is exact, even if people sign in that moment.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, exists, func, select

from storage.admins import add_audit
from storage.broadcast_types import ACTIVE, BroadcastState, Kind
from storage.errors import KeyFileOther, PetitionMissing
from storage.keyring import NOBODY
from storage.tables import (
    BROADCASTS,
    CLOSING_PUBLICATIONS,
    CLOSING_TEXTS,
    HANDOVERS,
    INVALIDATIONS,
    PETITION_NOTICES,
    PETITIONS,
)
from storage.transaction import Row, Stored, Transaction

DECLINED_PUBLICATIONS = select(CLOSING_PUBLICATIONS.c.id).where(
    CLOSING_PUBLICATIONS.c.published_at.is_(None),
    CLOSING_PUBLICATIONS.c.approved_by_sealed.is_not(None),
)
"""The changes of what late visitors read that the second admin declined."""

# Made once: they are read at every tap.
_PETITION = select(PETITIONS).where(PETITIONS.c.slug == bindparam("slug"))
_LOCKED = _PETITION.with_for_update()
_SHARED = _PETITION.with_for_update(read=True, key_share=True)


class Reached(NamedTuple):
    """How far a petition has got in a database; neither number ever falls.

    Attributes:
        number: the highest that a signature was given.
        deeds: how many the journal was told of, each counted in its own transaction.
    """

    number: int = 0
    deeds: int = 0


@dataclass(frozen=True, slots=True)
class PetitionState:
    """The petition at one moment.

    Attributes:
        revision: goes up whenever an admin or the date closes it, and an admin reopens it or
            chooses its date.
        closes_at: from when on nobody can sign; None while it has no date.
        erased_at: when signatures were last erased because their retention was over.
        invalidated_since: how many of those counted at the closing are not counted any more; less
            than zero if more were put back than taken out.
    """

    signatures: int
    closed_at: datetime | None
    closed_signatures: int | None
    revision: int
    closes_at: datetime | None = None
    erased_at: datetime | None = None
    invalidated_since: int = 0

    @property
    def signers(self) -> int:
        """How many people signed: now, or once it is closed by then, also if invalidated since."""
        return self.signatures if self.closed_signatures is None else self.closed_signatures

    @property
    def told_signatures(self) -> int:
        """The count that everybody is told, without what was invalidated since the closing."""
        return self.signers - self.invalidated_since

    @property
    def is_closed(self) -> bool:
        """Whether nobody can sign any more."""
        return self.closed_at is not None

    def one_may_publish(self, approval_above: int | None) -> bool:
        """Whether one admin alone decides what late visitors read.

        With more signers than `approval_above` a second one has to approve it, and while it is
        open, as nobody knows how many will sign; None: never.
        """
        return approval_above is None or (self.is_closed and self.signers <= approval_above)


_AS_STORED = {name: PETITIONS.c[name] for name in PetitionState.__slots__ if name in PETITIONS.c}


def petition_state(tx: Transaction, columns: Stored | None = None) -> PetitionState:
    """Returns the petition's present state, as its row says if that was read already."""
    columns = _petition(tx)._mapping if columns is None else columns
    stored = {name: columns[column] for name, column in _AS_STORED.items()}
    return PetitionState(**stored, invalidated_since=invalidated_since(tx, stored["closed_at"]))


def ensure_petition(tx: Transaction) -> int:
    """Makes the petition's row, if there is none, with its key; see `require_known_petition`."""
    fingerprint = tx.keyring.reference(tx.slug, NOBODY)
    tx.add_new(PETITIONS, slug=tx.slug, key_fingerprint=fingerprint)
    return require_known_petition(tx)


def require_known_petition(tx: Transaction) -> int:
    """Checks that the petition was started on this database, and with this key.

    With another key nobody who signed would be recognised, and all of them could sign again.

    Returns:
        The highest version of the conversations that are forgotten.

    Raises:
        PetitionMissing: it was never started on this database.
        KeyFileOther: it was started with another key.
    """
    row = _petition(tx)
    if row.key_fingerprint != tx.keyring.reference(tx.slug, NOBODY):
        raise KeyFileOther
    return int(row.forgotten_version)


def reached_so_far(tx: Transaction) -> Reached:
    """Returns how far the petition has got, by which an older copy is known."""
    row = _petition(tx)
    return Reached(row.last_number, row.deeds)


def close_petition(
    tx: Transaction, revision: int, actor: int, at: datetime, approval_above: int | None = None
) -> PetitionState | None:
    """Closes the petition and stores the exact count; None if `revision` is out of date.

    With more signers than `approval_above`, what one admin alone published of its end, as before
    there was such a number, waits for another.
    """
    petition = lock_petition(tx)
    if petition.revision != revision or petition.closed_at is not None:
        return None
    if approval_above is not None and petition.signatures > approval_above:
        _have_another_approve(tx, at)
    add_audit(tx, "close", actor=actor, at=at)
    return change_petition(tx, closed_at=at, closed_signatures=petition.signatures)


def close_petition_if_due(tx: Transaction, now: datetime, approval_above: int | None) -> bool:
    """Closes the petition as of its date, if that has come; returns whether it did.

    From that moment on nobody can sign, whenever this is called. `approval_above` is as for
    `close_petition`.
    """
    petition = lock_petition(tx)
    due = petition.closes_at
    if petition.closed_at is not None or due is None or due > now:
        return False
    add_audit(tx, "close", at=now, detail="date")
    # What was invalidated while the bot was not running is subtracted from it again.
    counted = petition.signatures + invalidated_since(tx, due)
    if approval_above is not None and counted > approval_above:
        _have_another_approve(tx, now)
    change_petition(tx, closed_at=due, closed_signatures=counted)
    return True


def reopen_petition(
    tx: Transaction, revision: int, actor: int, at: datetime, approval_above: int | None = None
) -> PetitionState | None:
    """Reopens the petition; None if `revision` is old, or a closing update is not over.

    With a number of `approval_above`, what one admin alone published of its end waits for another.
    """
    petition = lock_petition(tx)
    if petition.revision != revision or petition.closed_at is None:
        return None
    # It says that the petition is closed; and who signed after the handover would be erased with
    # those whom it included.
    if closing_update_is_under_way(tx) or tx.count(HANDOVERS, HANDOVERS.c.undone_at.is_(None)):
        return None
    if approval_above is not None:
        _have_another_approve(tx, at)
    add_audit(tx, "reopen", actor=actor, at=at)
    # Without its date, which would close it again at once.
    return change_petition(
        tx, closed_at=None, closed_signatures=None, closes_at=None, closes_at_chosen=True
    )


def _have_another_approve(tx: Transaction, at: datetime) -> None:
    """Has what one admin alone published of the end wait for another.

    Of each text that is the newest version; those that it replaced are not read again.
    """
    made, texts, newer = CLOSING_PUBLICATIONS.c, CLOSING_TEXTS.c, CLOSING_TEXTS.alias("newer").c
    is_alone = made.approved_by_sealed.is_(None)
    alone = select(made.id).where(tx.of(CLOSING_PUBLICATIONS), is_alone)
    is_kept = texts.discarded_at.is_(None)
    is_replaced = exists().where(
        *(newer[name] == texts[name] for name in ("petition", "entry", "language")),
        newer.number > texts.number,
        newer.publication_id.not_in(DECLINED_PUBLICATIONS),
    )
    tx.set(CLOSING_TEXTS, texts.publication_id.in_(alone), is_kept, is_replaced, discarded_at=at)
    newest = select(texts.publication_id).where(tx.of(CLOSING_TEXTS), is_kept)
    tx.set(CLOSING_PUBLICATIONS, is_alone, made.id.in_(newest), published_at=None)


def choose_closing_date(
    tx: Transaction, closes_at: datetime | None, revision: int, actor: int, at: datetime
) -> PetitionState | None:
    """Sets from when nobody can sign, whatever the petition folder says; None: once it is closed.

    Returns the new state; None if `revision` is out of date or the petition is closed.
    """
    petition = lock_petition(tx)
    if petition.revision != revision or petition.closed_at is not None:
        return None
    detail = "none" if closes_at is None else closes_at.isoformat()
    add_audit(tx, "closing date", actor=actor, at=at, detail=detail)
    return change_petition(tx, closes_at=closes_at, closes_at_chosen=True)


def change_petition(tx: Transaction, **values: Any) -> PetitionState:
    """Changes the petition, so that what was confirmed before is void; returns its state."""
    tx.set(PETITIONS, revision=PETITIONS.c.revision + 1, **values)
    return petition_state(tx)


def follow_folder(tx: Transaction, closes_at: datetime | None) -> None:
    """Takes over the petition folder's date, unless an admin has chosen one or reopened."""
    petition = lock_petition(tx)
    if petition.closed_at is None and not petition.closes_at_chosen:
        tx.set(PETITIONS, closes_at=closes_at)


def closing_update_is_under_way(tx: Transaction) -> bool:
    """Returns whether a closing update is being sent or planned; asked under the petition's lock,
    as none is begun under that."""
    columns = BROADCASTS.c
    under_way = columns.state.in_((BroadcastState.SCHEDULED, *ACTIVE))
    return tx.count(BROADCASTS, columns.kind == Kind.CLOSING, under_way) > 0


def petition_notice_was_sent(tx: Transaction, kind: str, about: str) -> bool:
    """Returns whether the admins were sent this notice about the petition before."""
    columns = PETITION_NOTICES.c
    return tx.find(PETITION_NOTICES, columns.kind == kind, columns.about == about) is not None


def mark_petition_notice_sent(tx: Transaction, kind: str, about: str, at: datetime) -> None:
    """Stores that the admins were sent this notice about the petition."""
    tx.add_new(PETITION_NOTICES, kind=kind, about=about, sent_at=at)


def forget_petition_notices(tx: Transaction, begin: str) -> None:
    """Has the notices sent again whose `about` is longer than `begin`, and begins so."""
    about = PETITION_NOTICES.c.about
    tx.delete(PETITION_NOTICES, func.substr(about, 1, len(begin)) == begin, about != begin)


def petition_notice_at(
    tx: Transaction, kind: str, begin: str = "", *, is_last: bool = False
) -> datetime | None:
    """Returns when the first notice of a kind was sent whose `about` begins so, or the last."""
    columns, which = PETITION_NOTICES.c, func.max if is_last else func.min
    begins = func.substr(columns.about, 1, len(begin)) == begin
    query = select(which(columns.sent_at)).where(tx.of(PETITION_NOTICES), begins)
    return tx.scalar(query.where(columns.kind == kind))


def _petition(tx: Transaction, query: Select[Any] = _PETITION) -> Row:
    row = tx.first(query, {"slug": tx.slug})
    if row is None:
        raise PetitionMissing
    return row


def lock_petition(tx: Transaction, *, shared: bool = False) -> Row:
    """Locks the petition's row, before all others, and returns it.

    With `shared` many may at once: it is neither closed nor reopened nor handed over meanwhile.
    """
    return _petition(tx, _SHARED if shared else _LOCKED)


def invalidated_at(tx: Transaction, signature: Row) -> datetime | None:
    """Returns since when a signature is not counted; None if it is."""
    row = signature.invalidation_id and tx.find(INVALIDATIONS, signature.invalidation_id)
    return row.invalidated_at if row else None


def invalidated_since(tx: Transaction, closed_at: datetime | None) -> int:
    """Returns how many signatures were invalidated since the closing; of an open petition none.

    What was before it, and was undone after it, counts the other way.
    """
    if closed_at is None:
        return 0
    total = 0
    for each in tx.every(INVALIDATIONS):
        if each.invalidated_at >= closed_at:
            total += each.signatures if each.undone_at is None else 0
        elif each.undone_at is not None and each.undone_at >= closed_at:
            total -= each.signatures if each.put_back is None else each.put_back
    return total
