"""The name of a signature: given later, corrected, taken off.

A name is stored of those alone who have it handed over, so that whoever gives it consents to that
in words of their own, and taking it off erases it and ends those consents (GDPR art. 7(3)). Both
can be done until the petition was handed over; a correction, which is a right, afterwards too.
"""

import asyncio
from base64 import urlsafe_b64encode
from datetime import datetime

from sqlalchemy import select

from storage.audit import Audit
from storage.changes_after_export import Change, change_noted
from storage.consents import NOT_HANDED_OVER, Consent, Owner, consent_statements
from storage.database import Database, Statement
from storage.exports import HAS_NAME
from storage.ids import rising_id
from storage.journal import GROUP_SIZE, Journal
from storage.journal_entries import TAKEN_OFF, Deed, Entry, last_entries
from storage.keyring import Keyring
from storage.sent_files import all_due
from storage.tables import CONSENTS
from storage.times import to_millis
from storage.transaction import Transaction

STANDS_UNDER = """
(
  SELECT agreed.id FROM consents agreed
  WHERE agreed.signature_id = s.id AND agreed.with_name = 1 AND agreed.with_name_ended_at IS NULL
  ORDER BY agreed.given_at, agreed.id LIMIT 1
)
"""
"""SQL: the consent under which the signature `s` has its name; of several the first, which is in
the most backups."""

END_CONSENTS = """
UPDATE consents SET with_name_ended_at = :ended_at
WHERE signature_id = :id AND with_name = 1 AND with_name_ended_at IS NULL AND {may}
"""

SET_NAME = "UPDATE signatures SET name_sealed = :name WHERE id = :id AND {may} RETURNING id"

_MAY = """
EXISTS (
  SELECT 1 FROM signatures own
  JOIN conversations c ON c.petition = own.petition AND c.supporter = own.supporter
  WHERE own.id = :id AND own.{holds} AND c.version = :was
)
"""

_WITHOUT_NAME = """
SELECT id FROM signatures WHERE petition = :petition AND id = :id AND name_sealed IS NULL
"""


def stands_under(tx: Transaction, signature_id: bytes) -> bytes | None:
    """Returns the consent under which a signature has its name.

    Of several it is the first, which is in the most backups.
    """
    key: bytes | None = tx.scalar(
        select(CONSENTS.c.id)
        .where(CONSENTS.c.signature_id == signature_id, CONSENTS.c.with_name == 1)
        .where(CONSENTS.c.with_name_ended_at.is_(None))
        .order_by(CONSENTS.c.given_at, CONSENTS.c.id)
    )
    return key


def named(signature_id: bytes, consent_id: bytes | None, name: str) -> Entry:
    """Returns the entry of a name that stands under a consent, which a copy can lack."""
    return Entry(Deed.WITH_NAME, signature_id, f"{short(consent_id or b'')} {name}")


def short(consent_id: bytes) -> str:
    """Returns an id so that it fits into an entry of the journal beside the longest name."""
    return urlsafe_b64encode(consent_id).decode().rstrip("=")


def give_statements(
    keyring: Keyring, audit: Audit, owner: Owner, name: str, consent: Consent, at: datetime
) -> tuple[Statement, ...]:
    """Returns what gives a signature its name; the last yields a row if it had an effect."""
    # Of data that may only be stored no name is used.
    holds = "name_sealed IS NULL AND own.restricted_at IS NULL AND own.objected_at IS NULL"
    may = _may(owner, holds, NOT_HANDED_OVER)
    key, consent_id = owner.signature_id, rising_id(at)
    return (
        change_noted(owner.slug, owner.supporter, Change.NAME_GIVEN, at, only_if=may),
        audit.statement(Change.NAME_GIVEN.value, actor=None, at=at, only_if=may),
        *consent_statements(owner.slug, key, consent, at, may, consent_id),
        _set(keyring, owner, name, may, named(key, consent_id, name)),
    )


def remove_statements(audit: Audit, owner: Owner, at: datetime) -> tuple[Statement, ...]:
    """Returns what erases a name; the last yields a row if it had an effect."""
    may = _may(owner, HAS_NAME, NOT_HANDED_OVER)
    ended = {**may.values, "ended_at": to_millis(at)}
    return (
        change_noted(owner.slug, owner.supporter, Change.NAME_REMOVED, at, only_if=may),
        audit.statement(Change.NAME_REMOVED.value, actor=None, at=at, only_if=may),
        all_due(owner.slug, owner.supporter, only_if=may),
        Statement(END_CONSENTS.format(may=may.sql), ended),
        Statement(
            SET_NAME.format(may=may.sql),
            {**may.values, "name": None},
            Entry(Deed.WITH_NAME, owner.signature_id, TAKEN_OFF),
        ),
    )


def correct_statements(
    keyring: Keyring, audit: Audit, owner: Owner, name: str, at: datetime
) -> tuple[Statement, ...]:
    """Returns what corrects a name; the last yields a row if it had an effect.

    The number, the time and the consent stay. The former name is overwritten, and files in the
    chat that hold it become due.
    """
    may = _may(owner, HAS_NAME)
    return (
        change_noted(owner.slug, owner.supporter, Change.CORRECTED, at, only_if=may),
        audit.statement("correct_name", actor=None, at=at, only_if=may),
        all_due(owner.slug, owner.supporter, only_if=may),
        _set(keyring, owner, name, may, named(owner.signature_id, owner.stands_under, name)),
    )


def _set(keyring: Keyring, owner: Owner, name: str, may: Statement, noted: Entry) -> Statement:
    key = owner.signature_id
    sealed = keyring.seal(name, table="signatures", column="name_sealed", row=key)
    return Statement(SET_NAME.format(may=may.sql), {**may.values, "name": sealed}, noted)


def _may(owner: Owner, holds: str, also: str = "1 = 1") -> Statement:
    return Statement(
        f"{_MAY.format(holds=holds)} AND {also}",
        {"petition": owner.slug, "id": owner.signature_id, "was": owner.was},
    )


async def forget_former_names(database: Database, journal: Journal, slug: str) -> None:
    """Takes off in a journal what an update took off in its database; see `Deed.NAME`."""
    content = await asyncio.to_thread(journal.read)
    off = [
        Statement(
            _WITHOUT_NAME,
            {"petition": slug, "id": each.subject},
            Entry(Deed.WITH_NAME, each.subject, TAKEN_OFF),
        )
        for each in last_entries(content.entries)
        if each.deed is Deed.NAME
    ]
    off = [each for each in off if await database.read(each)]
    for start in range(0, len(off), GROUP_SIZE):
        await database.write(*off[start : start + GROUP_SIZE])
