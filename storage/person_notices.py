"""Sentences to one person, written by the shell and sent by the running bot. New queries go here.

A row has the chat, encrypted, also of somebody whose signature is erased by then; so it lasts
until the sentence is sent, and for seven days at most.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select

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
        chat: None if it cannot be decrypted.
        kind: as it is stored.
        attempts: how often it was sent without an answer that says whether it arrived.
    """

    id: bytes
    supporter: bytes
    chat: int | None = field(repr=False)
    language: str
    kind: str
    written_at: datetime
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
    row = {"supporter": supporter, "chat": chat_id, "language": language, "kind": kind}
    tx.add(PERSON_NOTICES, id=tx.new_id(at), **row, written_at=at)


def waiting_notices(tx: Transaction) -> list[PersonNotice]:
    """Returns the sentences that wait, the oldest first."""
    columns = PERSON_NOTICES.c
    query = select(PERSON_NOTICES).where(tx.of(PERSON_NOTICES)).limit(_LOOKED_AT)
    rows = tx.all(query.order_by(columns.written_at, columns.id))
    return [PersonNotice(**tx.unsealed(PERSON_NOTICES, row)) for row in rows]


def begin_notice(tx: Transaction, notice: PersonNotice) -> bool:
    """Counts a try before it is made; False if a withdrawal has erased the row meanwhile."""
    attempts = PERSON_NOTICES.c.attempts + 1
    return tx.set(PERSON_NOTICES, notice.id, attempts=attempts) > 0


def take_back_notice(tx: Transaction, notice: PersonNotice) -> None:
    """Counts a try as not made, as it certainly did not arrive."""
    tx.set(PERSON_NOTICES, notice.id, attempts=PERSON_NOTICES.c.attempts - 1)


def forget_notice(tx: Transaction, notice: PersonNotice) -> None:
    """Erases the row of a sentence that was sent, or cannot be."""
    tx.delete(PERSON_NOTICES, notice.id)


def expire_notices(tx: Transaction, before: datetime) -> None:
    """Erases the sentences that were written until `before`."""
    tx.delete(PERSON_NOTICES, PERSON_NOTICES.c.written_at <= before)
