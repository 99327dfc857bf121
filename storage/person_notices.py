"""Sentences to one person, written by the shell and sent by the running bot. New queries go here.

A row has the chat, encrypted, also of somebody whose signature is erased by then; so it lasts
until the sentence is sent, and for seven days at most.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select

from storage.petition_rows import PetitionRows, as_read, as_write
from storage.tables import PERSON_NOTICES
from storage.transaction import Transaction

NOTICES_KEPT_FOR = timedelta(days=7)

MOST_TRIES = 2
"""What may have arrived is sent once more, as a broadcast is, and not a third time."""

_LOOKED_AT = 100


class PersonNoticeKind(StrEnum):
    """What a sentence tells; `handlers/person_notices.py` has the words."""

    SHOWN = "shown"
    CORRECTED = "corrected"
    ERASED = "erased"
    RESTRICTED = "restricted"
    OBJECTED = "objected"
    LIFTED = "lifted"


@dataclass(frozen=True, slots=True)
class PersonNotice:
    """A sentence that waits to be sent.

    Attributes:
        chat_id: None if it cannot be decrypted.
        kind: as it is stored.
        attempts: how often it was sent without an answer that says whether it arrived.
    """

    id: bytes
    supporter: bytes
    chat_id: int | None = field(repr=False)
    language: str
    kind: str
    attempts: int


def add_notice(
    tx: Transaction,
    supporter: bytes,
    chat_id: int,
    language: str,
    kind: PersonNoticeKind,
    *,
    at: datetime,
) -> None:
    """Adds a sentence to a person, in the transaction of what it tells."""
    key = tx.new_id(at)
    row = {"id": key, "supporter": supporter, "language": language, "kind": kind}
    chat = tx.seal(chat_id, PERSON_NOTICES.c.chat_sealed, key)
    tx.add(PERSON_NOTICES, **row, chat_sealed=chat, written_at=at)


def waiting_notices(tx: Transaction) -> list[PersonNotice]:
    """Returns the sentences that wait, the oldest first."""
    columns = PERSON_NOTICES.c
    query = select(PERSON_NOTICES).where(tx.of(PERSON_NOTICES)).limit(_LOOKED_AT)
    return [
        PersonNotice(
            id=row.id,
            supporter=row.supporter,
            chat_id=tx.opened_id(row.chat_sealed, columns.chat_sealed, row.id),
            language=row.language,
            kind=row.kind,
            attempts=row.attempts,
        )
        for row in tx.all(query.order_by(columns.written_at, columns.id))
    ]


def begin_notice(tx: Transaction, notice: PersonNotice) -> bool:
    """Counts a try before it is made; False if a withdrawal has erased the row meanwhile."""
    return _count_tries(tx, notice, 1)


def take_back_notice(tx: Transaction, notice: PersonNotice) -> None:
    """Counts a try as not made, as it certainly did not arrive."""
    _count_tries(tx, notice, -1)


def forget_notice(tx: Transaction, notice: PersonNotice) -> None:
    """Erases the row of a sentence that was sent, or cannot be."""
    tx.delete(PERSON_NOTICES, PERSON_NOTICES.c.id == notice.id)


def forget_notices_of(tx: Transaction, supporter: bytes) -> None:
    """Erases all sentences that wait for a person."""
    tx.delete(PERSON_NOTICES, PERSON_NOTICES.c.supporter == supporter)


def expire_notices(tx: Transaction, before: datetime) -> None:
    """Erases the sentences that were written until `before`."""
    tx.delete(PERSON_NOTICES, PERSON_NOTICES.c.written_at <= before)


class PersonNotices(PetitionRows):
    """The sentences of one petition to single people."""

    waiting = as_read(waiting_notices)
    begin = as_write(begin_notice)
    take_back = as_write(take_back_notice)
    forget = as_write(forget_notice)
    expire = as_write(expire_notices)


def _count_tries(tx: Transaction, notice: PersonNotice, by: int) -> bool:
    columns = PERSON_NOTICES.c
    return bool(tx.set(PERSON_NOTICES, columns.id == notice.id, attempts=columns.attempts + by))
