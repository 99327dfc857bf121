"""Signatures: who signed, with which consent, and how many. New queries about them go here.

Signing locks the petition's row by nothing but the statement that counts it, the last one before
the commit: that decides whether the petition is still open, and others who sign wait for no more
than the commit. So numbers are given in the order of the commits, without holes.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import CTE, Table, and_, bindparam, exists, func, insert, or_, select, update

from storage.closing_texts import ClosingText, published_closing_texts
from storage.consents import IS_TO_SIGN, Consent, consent_row, lock_signature
from storage.conversations import (
    IS_OWN,
    Conversation,
    conversation_in,
    forget_conversation,
    save_conversation,
)
from storage.deliveries import count_erased, enqueue_before_erasure
from storage.eligibility import WAS_TOLD
from storage.errors import PetitionMissing
from storage.exports import IS_NAMED, Change, note_change
from storage.handovers import Handover, handover_known_to
from storage.journal import Deed, Entry
from storage.petitions import PetitionState, petition_state
from storage.sent_files import make_files_due
from storage.tables import (
    ANONYMOUS_COUNTS,
    CONSENTS,
    CONVERSATIONS,
    PERSON_CODES,
    PERSON_NOTICES,
    PETITIONS,
    SIGNATURES,
)
from storage.times import to_millis
from storage.transaction import Row, Stored, Transaction, inserting

HOUR, DAY = timedelta(hours=1), timedelta(days=1)

_COLUMNS = SIGNATURES.c
_IS_COUNTED = _COLUMNS.invalidation_id.is_(None)
_IS_OWN = and_(
    _COLUMNS.petition == bindparam("own_petition"),
    _COLUMNS.supporter == bindparam("own_supporter"),
)

_WAS_TOLD = WAS_TOLD.label("was_told")
# One statement for what every tap reads: each takes longer than what it answers.
_STORED = (
    select(
        *(PETITIONS, CONVERSATIONS, SIGNATURES),
        *(CONSENTS.c.purposes, CONSENTS.c.news_ended_at),
        *(CONSENTS.c.updates_ended_at, CONSENTS.c.updates_at_most),
        _WAS_TOLD,
    )
    .select_from(PETITIONS)
    .outerjoin(CONVERSATIONS, IS_OWN)
    .outerjoin(SIGNATURES, _IS_OWN)
    .outerjoin(CONSENTS, and_(CONSENTS.c.signature_id == _COLUMNS.id, IS_TO_SIGN))
    .where(PETITIONS.c.slug == bindparam("own_petition"))
)

_NUMBER = PETITIONS.c.last_number.label("number")
_COUNT = (
    update(PETITIONS)
    .where(PETITIONS.c.slug == bindparam("own_petition"), PETITIONS.c.closed_at.is_(None))
    .where(or_(PETITIONS.c.closes_at.is_(None), PETITIONS.c.closes_at > bindparam("at")))
    .where(~exists(_COLUMNS.id).where(_IS_OWN))
    .values(signatures=PETITIONS.c.signatures + 1, last_number=PETITIONS.c.last_number + 1)
    .returning(_NUMBER)
)


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature as its owner may see it.

    Attributes:
        news: whether news of other actions may still be sent.
        updates_at_most: how many messages about the petition may be sent in all, besides the
            closing update; 0 if they were not chosen, or are no longer wanted.
        muted: whether its owner asked for no messages.
        name: empty without one, and where it cannot be decrypted.
        with_name: whether it has a name, with which it is handed over unless it is only stored.
        was_told: whether the closing update was sent, which is sent once: after a petition was
            opened again it is not promised a second time.
        is_damaged: whether it has a name that cannot be decrypted.
        restricted_at, objected_at: since when the use of the data is restricted, or its owner
            objects to it (GDPR arts 18 and 21); both do the same.
        is_counted: whether it is counted, which it is not while it is invalidated.
        text_version: the version of the texts that its owner consented to last.
        kept_version: the version at which they said to keep the consent to an earlier one.
    """

    number: int
    name: str = field(repr=False)
    signed_at: datetime
    source: str | None
    unreachable: bool = False
    muted: bool = False
    news: bool = False
    updates_at_most: int = 0
    with_name: bool = True
    was_told: bool = field(default=False, compare=False)
    is_damaged: bool = False
    is_counted: bool = True
    restricted_at: datetime | None = None
    objected_at: datetime | None = None
    text_version: str = ""
    kept_version: str | None = None

    @property
    def is_only_stored(self) -> bool:
        """Whether it is stored and counted alone: without its name, and with no messages."""
        return self.restricted_at is not None or self.objected_at is not None


_AS_STORED = {name: _COLUMNS[name] for name in Signature.__slots__ if name in _COLUMNS}


@dataclass(frozen=True, slots=True)
class StoredSupporter:
    """What is stored of a supporter, and of the petition as they see it.

    Attributes:
        conversation: None for a new person.
        closing_texts: the published versions, once the petition is closed.
        handover: that it was handed over, and how the person's signature was.
        any_left: whether any signature is still stored, once some were erased.
    """

    petition_state: PetitionState
    conversation: Conversation | None
    signature: Signature | None
    closing_texts: Sequence[ClosingText]
    handover: Handover | None
    any_left: bool


def sign_petition(
    tx: Transaction,
    conversation: Conversation,
    was: int,
    at: datetime,
    consent: Consent,
    *,
    chat_id: int,
    name: str | None,
    source: str | None,
    form_seconds: int | None = None,
) -> bool:
    """Signs, and saves the conversation in any case; signing again changes nothing else.

    The name is None unless the consent is to hand it over.

    Returns:
        Whether they have signed, now or before; if not, the petition is closed.

    Raises:
        ConversationMoved: the conversation was written since version `was`; then nothing at
            all was written.
    """
    if consent.with_name is (name is None):
        raise ValueError("a name is stored with the consent to hand it over, and only then")
    # It locks the conversation too, so nobody signs twice at once.
    save_conversation(tx, conversation, was=was, at=at)
    signature = tx.stored(
        SIGNATURES,
        id=tx.new_id(at),
        supporter=conversation.supporter,
        name=name,
        chat=chat_id,
        language=consent.language,
        source=source,
        text_version=consent.text_version,
        signed_at=at,
        form_seconds=form_seconds,
    )
    if _count_and_add(tx, signature, consent_row(tx, signature["id"], consent, at)):
        return True
    return tx.find(SIGNATURES, _COLUMNS.supporter == conversation.supporter) is not None


def withdraw_signature(tx: Transaction, supporter: bytes, at: datetime) -> bool:
    """Erases a signature, its consent and the form input; returns False if there was none.

    The numbers of other signatures and the count stored at closing stay the same.
    """
    signature = lock_signature(tx, supporter)
    if signature is None:
        _forget_person(tx, supporter)
        return False
    erase_signature(tx, signature, Change.WITHDRAWN, at)
    return True


def _forget_person(tx: Transaction, supporter: bytes) -> None:
    """Erases what there is of somebody besides the signature, which is locked.

    With the code a letter would show whose signature it is.
    """
    forget_conversation(tx, supporter)
    make_files_due(tx, supporter)
    tx.delete(PERSON_NOTICES, PERSON_NOTICES.c.supporter == supporter)
    tx.delete(PERSON_CODES, PERSON_CODES.c.supporter == supporter)


def erase_signature(tx: Transaction, signature: Row, change: Change, at: datetime) -> None:
    """Erases a locked signature and all else of the person; who was given it is told why.

    It ends with the count, for which others wait, so it is among the last of its transaction.
    """
    _forget_person(tx, signature.supporter)
    note_change(tx, signature, change, at)
    enqueue_before_erasure(tx, signature, at)
    tx.delete(SIGNATURES, signature.id)
    count_erased(tx)
    tx.note(Entry(Deed.WITHDRAWAL, signature.id))
    if signature.invalidation_id is None:
        tx.set(PETITIONS, signatures=PETITIONS.c.signatures - 1)


def stored_supporter(tx: Transaction, supporter: bytes) -> StoredSupporter:
    """Returns what is stored of a supporter; of the end only once the petition is closed."""
    row = tx.first_kept(_STORED, {"own_petition": tx.slug, "own_supporter": supporter})
    if row is None:
        raise PetitionMissing
    state = petition_state(tx, row)
    return StoredSupporter(
        state,
        conversation_in(tx, row),
        _signature_in(tx, row),
        published_closing_texts(tx) if state.is_closed else (),
        handover_known_to(tx, supporter) if state.is_closed else None,
        not state.erased_at or earliest_signed_at(tx) is not None,
    )


def _signature_in(tx: Transaction, columns: Stored) -> Signature | None:
    if columns[CONSENTS.c.purposes] is None:
        return None
    sealed = columns[_COLUMNS.name_sealed]
    name = tx.opened(sealed, _COLUMNS.name_sealed, columns[_COLUMNS.id])
    purposes = columns[CONSENTS.c.purposes].split(",")
    wants_updates = "updates" in purposes and columns[CONSENTS.c.updates_ended_at] is None
    return Signature(
        **{each: columns[column] for each, column in _AS_STORED.items()},
        name=name or "",
        with_name=sealed is not None,
        was_told=columns[_WAS_TOLD],
        is_damaged=name is None and sealed is not None,
        unreachable=columns[_COLUMNS.unreachable_at] is not None,
        muted=columns[_COLUMNS.muted_at] is not None,
        is_counted=columns[_COLUMNS.invalidation_id] is None,
        news="news" in purposes and columns[CONSENTS.c.news_ended_at] is None,
        updates_at_most=columns[CONSENTS.c.updates_at_most] if wants_updates else 0,
    )


def mark_unreachable(tx: Transaction, supporter: bytes, at: datetime) -> None:
    """Records that a supporter blocked the bot: no broadcast is sent to them."""
    reached = _COLUMNS.unreachable_at.is_(None)
    tx.set(SIGNATURES, _COLUMNS.supporter == supporter, reached, unreachable_at=at)


def mute_supporter(tx: Transaction, supporter: bytes, at: datetime | None) -> None:
    """Mutes the bot for a supporter from `at` on; None unmutes it."""
    signature = lock_signature(tx, supporter)
    if signature is not None and (signature.muted_at is None) is not (at is None):
        tx.set(SIGNATURES, signature.id, muted_at=at)
        tx.note(Entry.since(Deed.MUTED, signature.id, at))


def _count_and_add(tx: Transaction, signature: dict[str, Any], consent: dict[str, Any]) -> bool:
    """Counts a signature and adds it with its consent, unless there is one, or it is closed.

    PostgreSQL does it all in one statement, so that nobody waits for the answers on their way.
    """
    counting = {
        "own_petition": tx.slug,
        "own_supporter": signature["supporter"],
        "at": signature["signed_at"],
    }
    dialect = tx.connection.dialect.name
    if dialect == "postgresql":
        named = _named(SIGNATURES, signature) | _named(CONSENTS, consent)
        return tx.first(_COUNT_AND_ADD, counting | named) is not None
    counted = tx.first_kept(_COUNT, counting)
    if counted is None:
        return False
    tx.change_kept(inserting(SIGNATURES, dialect), {**signature, "number": counted[_NUMBER]})
    tx.change_kept(inserting(CONSENTS, dialect), consent)
    return True


def _adding(table: Table, counted: CTE, **given: Any) -> CTE:
    """Returns what adds a row of parameters, named for table and column, if it is counted."""
    values = [
        given.get(each.name, bindparam(f"{table.name}_{each.name}", None, type_=each.type))
        for each in table.c
    ]
    row = select(*values).select_from(counted)
    return insert(table).from_select(table.c.keys(), row).cte(f"added_{table.name}")


def _named(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    return {f"{table.name}_{column}": value for column, value in row.items()}


_COUNTED = _COUNT.cte("counted")
_COUNT_AND_ADD = select(_COUNTED).add_cte(
    _adding(SIGNATURES, _COUNTED, number=_COUNTED.c.number), _adding(CONSENTS, _COUNTED)
)


@dataclass(frozen=True, slots=True)
class Stats:
    """Counts at one moment; the source None stands for people who used no tagged link.

    Attributes:
        erased: how many of the total were erased because their retention was over. Their language
            is counted; their source is not known any more.
        invalidated: how many are not counted, also of those erased; they are in no other figure.
    """

    total: int
    today: int
    by_language: Mapping[str, int]
    by_source: Mapping[str | None, int]
    unreachable: int = 0
    with_name: int = 0
    erased: int = 0
    invalidated: int = 0

    @property
    def without_name(self) -> int:
        """How many are only counted when the signatures are handed over."""
        return self.total - self.with_name


@dataclass(frozen=True, slots=True)
class SigningRate:
    """The counted signatures of the hour before `until`, and what is usual.

    Attributes:
        signed: how many in that hour.
        busiest_before: how many in the busiest of the 24 hours before; None if the petition had
            no signature yet when those began, so that nothing is usual.
        by_form_seconds: of the hour, by whether they have a name, how long the form took; None:
            not known.
    """

    until: datetime
    signed: int
    busiest_before: int | None
    by_form_seconds: Mapping[bool, Mapping[int | None, int]]


def signature_statistics(tx: Transaction, since: datetime) -> Stats:
    """Returns the counts of signatures; `today` counts those from `since` on."""
    groups = (_IS_COUNTED.label("is_counted"), _COLUMNS.language, _COLUMNS.source)
    counts = (
        func.count().label("signed"),
        func.count().filter(IS_NAMED).label("with_name"),
        func.count().filter(_COLUMNS.signed_at >= since).label("today"),
        func.count(_COLUMNS.unreachable_at).label("unreachable"),
    )
    by_language, by_source, sums = Counter[str](), Counter[str | None](), Counter(today=0)
    for row in tx.all(select(*groups, *counts).where(tx.of(SIGNATURES)).group_by(*groups)):
        if row.is_counted:
            by_language[row.language] += row.signed
            by_source[row.source] += row.signed
            sums.update(today=row.today, with_name=row.with_name, unreachable=row.unreachable)
        else:
            sums.update(invalidated=row.signed)
    for row in tx.every(ANONYMOUS_COUNTS):
        if row.is_valid:
            by_language[row.language] += row.signatures
            sums.update(erased=row.signatures, with_name=row.signatures * row.with_name)
        else:
            sums.update(invalidated=row.signatures)
    total = by_language.total()
    return Stats(total=total, by_language=dict(by_language), by_source=dict(by_source), **sums)


def earliest_signed_at(tx: Transaction) -> datetime | None:
    """Returns when the signature with the lowest number was given; None without any.

    Numbers are given in the order of signing, so the lowest is as good as the earliest here.
    """
    query = select(_COLUMNS.signed_at).where(tx.of(SIGNATURES)).order_by(_COLUMNS.number).limit(1)
    return tx.scalar(query)


def signing_rate(tx: Transaction, until: datetime) -> SigningRate:
    """Returns how fast people signed in the hour before `until`, and before."""
    before, has_name = until - HOUR, _COLUMNS.name_sealed.is_not(None).label("has_name")
    groups = (_COLUMNS.form_seconds, has_name)
    last_hour = select(*groups, func.count().label("signed")).where(_between(before, until))
    by_form_seconds = {True: Counter[int | None](), False: Counter[int | None]()}
    for row in tx.all(last_hour.where(tx.of(SIGNATURES)).group_by(*groups)):
        by_form_seconds[row.has_name][row.form_seconds] += row.signed
    signed = sum(each.total() for each in by_form_seconds.values())
    return SigningRate(until, signed, _busiest_hour(tx, before), by_form_seconds)


def _busiest_hour(tx: Transaction, until: datetime) -> int | None:
    """Returns how many signed in the busiest hour of a day; None if nobody had before it."""
    if tx.find(SIGNATURES, _IS_COUNTED, _COLUMNS.signed_at <= until - DAY) is None:
        return None
    ago = to_millis(until) - sa.type_coerce(_COLUMNS.signed_at, sa.BigInteger)
    hour = ago // (HOUR // timedelta(milliseconds=1))
    of_day = select(func.count().label("signed")).where(_between(until - DAY, until))
    hours = tx.all(of_day.where(tx.of(SIGNATURES)).group_by(hour))
    return max((row.signed for row in hours), default=0)


def _between(since: datetime, until: datetime) -> sa.ColumnElement[bool]:
    """Returns whether a signature is counted and was given in a span of time."""
    return and_(_IS_COUNTED, _COLUMNS.signed_at > since, _COLUMNS.signed_at <= until)
