"""What a letter or an e-mail asks for (GDPR arts 15 to 18, 20 and 21), found by signature number.

A one-time code, which /mydata shows once, says whose signature it is; a keyed digest of it is
stored, and a new code takes the place of the former one. What is asked for, its audit entry, the
sentence to the person and the use of the code are one transaction: where nothing is done, the code
is not used.

The running bot sends that sentence. Its row has the chat, encrypted, also of somebody whose
signature is erased by then; so it lasts until the sentence is sent, and for seven days at most.
"""

import hmac
import re
import secrets
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select

from storage.admins import add_audit
from storage.consents import lock_signature, replace_name
from storage.eligibility import LANGUAGE
from storage.exports import Change, note_change
from storage.journal import Deed, Entry
from storage.petitions import lock_petition
from storage.signatures import erase_signature
from storage.tables import PERSON_CODES, PERSON_NOTICES, SIGNATURES
from storage.transaction import Row, Transaction

CODE_LASTS = timedelta(days=30)
"""Long enough for a letter by post, and for the month in which it has to be answered."""

MOST_WRONG_CODES = 5
"""How many wrong codes make a code void."""

NOTICES_KEPT_FOR = timedelta(days=7)

MOST_TRIES = 2
"""What may have arrived is sent once more, as a broadcast is, and not a third time."""

# None of these looks like another one, typed or written by hand: no O, Q and 0, no I, L and 1, no
# S and 5, no Z and 2, no B and 8, no G, no U.
_SIGNS = "34679ACDEFHJKMNPRTVWXY"
_GROUPS, _GROUP = 2, 4


class PersonNoticeKind(StrEnum):
    """What a sentence tells; `handlers/person_notices.py` has the words."""

    SHOWN = "shown"
    CORRECTED = "corrected"
    ERASED = "erased"
    RESTRICTED = "restricted"
    OBJECTED = "objected"
    LIFTED = "lifted"


@dataclass(frozen=True, slots=True)
class Signer:
    """Whose signature has a number.

    Attributes:
        chat: None if it cannot be decrypted; nothing can be told to them then.
        name: None without one, or if it cannot be decrypted.
        has_name: whether there is one, which may be damaged.
        language: which they read now.
    """

    supporter: bytes
    number: int
    name: str | None = field(repr=False)
    chat: int | None = field(repr=False)
    language: str
    signed_at: datetime
    restricted_at: datetime | None
    objected_at: datetime | None
    has_name: bool


@dataclass(frozen=True, slots=True)
class PersonNotice:
    """A sentence that waits to be sent.

    Attributes:
        chat: None if it cannot be decrypted.
        attempts: how often it was sent without an answer that says whether it arrived.
    """

    id: bytes
    supporter: bytes
    chat: int | None = field(repr=False)
    language: str
    kind: str
    written_at: datetime
    attempts: int


IN_CHAT = "in the chat"
"""The proof where it was asked in the person's own chat, which shows what was done."""


def new_code() -> str:
    """Returns a new code of eight signs in two groups, like 7KXM-34PD."""
    groups = ("".join(secrets.choice(_SIGNS) for _ in range(_GROUP)) for _ in range(_GROUPS))
    return "-".join(groups)


def add_code(tx: Transaction, supporter: bytes, code: str, at: datetime) -> datetime | None:
    """Stores a code, which voids the one before; returns its end, or None without a signature."""
    # Who withdraws at this moment leaves no code behind.
    if lock_signature(tx, supporter) is None:
        return None
    fresh = {"code_digest": _digest(tx, supporter, code), "attempts": 0, "used_at": None}
    tx.put(PERSON_CODES, supporter=supporter, ends_at=at + CODE_LASTS, **fresh)
    return at + CODE_LASTS


def code_fits(tx: Transaction, supporter: bytes, typed: str, at: datetime) -> bool:
    """Returns whether a code is somebody's and still good, and counts a wrong one."""
    stored = tx.find(PERSON_CODES, supporter, lock=True)
    if stored is None:
        return False
    if not hmac.compare_digest(stored.code_digest, _digest(tx, supporter, typed)):
        tx.set(PERSON_CODES, supporter, attempts=stored.attempts + 1)
        return False
    return stored.used_at is None and stored.ends_at > at and stored.attempts < MOST_WRONG_CODES


def forget_codes(tx: Transaction, ended_before: datetime) -> None:
    """Erases the rows of codes that have ended for long."""
    tx.delete(PERSON_CODES, PERSON_CODES.c.ends_at <= ended_before)


def find_signer(tx: Transaction, number: int) -> Signer | None:
    """Returns whose signature has this number, or None."""
    row = tx.find(SIGNATURES, SIGNATURES.c.number == number)
    if row is None:
        return None
    stored = tx.unsealed(SIGNATURES, row)
    stored["language"] = _language_of(tx, row)
    stored["has_name"] = row.name_sealed is not None
    return Signer(**{each.name: stored[each.name] for each in fields(Signer)})


def check_proof(tx: Transaction, number: int, code: str, at: datetime) -> Signer | None:
    """Returns whose signature has this number, if the code fits; None without one too."""
    signer = find_signer(tx, number)
    return signer if signer and code_fits(tx, signer.supporter, code, at) else None


def carry_out_request(
    tx: Transaction,
    asked: PersonNoticeKind,
    number: int,
    proof: str,
    at: datetime,
    name: str = "",
    code: str | None = None,
) -> bool:
    """Does what somebody asks of their signature, and tells them, unless their chat shows it.

    Args:
        asked: to be told that they were given what is stored of them (GDPR arts 15 and 20), or to
            have it corrected (art. 16), erased (art. 17) or restricted (art. 18), or the use ended
            as they object (art. 21), or either lifted.
        proof: how it was shown whose signature it is, without personal data, as the audit says it.
        name: the right one, where it is corrected.
        code: the code as it was typed, which is used up; None where there was none.

    Returns:
        False if there is nothing to be done, or the code does not fit.
    """
    lock_petition(tx, shared=True)
    row = tx.find(SIGNATURES, SIGNATURES.c.number == number, lock=True)
    if row is None or not _has_effect(asked, row):
        return False
    if code is not None:
        if not code_fits(tx, row.supporter, code, at):
            return False
        tx.set(PERSON_CODES, row.supporter, used_at=at)
    language = _language_of(tx, row)  # while the signature is there
    if asked is PersonNoticeKind.CORRECTED:
        replace_name(tx, row, name, at)
    elif asked is PersonNoticeKind.ERASED:
        erase_signature(tx, row, Change.ERASED, at)
    elif asked is PersonNoticeKind.LIFTED:
        if row.name_sealed is not None:
            note_change(tx, row, Change.NAME_GIVEN, at)
        tx.set(SIGNATURES, row.id, restricted_at=None, objected_at=None)
        for deed in (Deed.OBJECTED, Deed.RESTRICTED):
            tx.note(Entry.since(deed, row.id, None))
    elif asked is not PersonNoticeKind.SHOWN:
        note_change(tx, row, Change(asked), at)
        tx.set(SIGNATURES, row.id, **{f"{asked}_at": at})
        tx.note(Entry.since(Deed(asked), row.id, at))
    add_audit(tx, f"person_{asked}", at=at, detail=proof)
    chat = tx.opened(row.chat_sealed, SIGNATURES.c.chat_sealed, row.id)
    if chat is not None and proof != IN_CHAT:
        whose = {"supporter": row.supporter, "chat": chat, "language": language}
        tx.add(PERSON_NOTICES, id=tx.new_id(at), **whose, kind=asked, written_at=at)
    return True


def waiting_notices(tx: Transaction) -> list[PersonNotice]:
    """Returns the sentences that wait, the oldest first."""
    columns = PERSON_NOTICES.c
    query = select(PERSON_NOTICES).where(tx.of(PERSON_NOTICES)).limit(100)
    rows = tx.all(query.order_by(columns.written_at, columns.id))
    return [PersonNotice(**tx.unsealed(PERSON_NOTICES, row)) for row in rows]


def count_try(tx: Transaction, notice: PersonNotice, by: int = 1) -> bool:
    """Counts a try before it is made; False if a withdrawal has erased the row meanwhile.

    By -1 one is taken back that certainly did not arrive.
    """
    attempts = PERSON_NOTICES.c.attempts + by
    return tx.set(PERSON_NOTICES, notice.id, attempts=attempts) > 0


def forget_notice(tx: Transaction, notice: PersonNotice) -> None:
    """Erases the row of a sentence that was sent, or cannot be."""
    tx.delete(PERSON_NOTICES, notice.id)


def expire_notices(tx: Transaction, before: datetime) -> None:
    """Erases the sentences that were written until `before`."""
    tx.delete(PERSON_NOTICES, PERSON_NOTICES.c.written_at <= before)


def _has_effect(asked: PersonNoticeKind, row: Row) -> bool:
    """Returns whether there is something to be done; a name is corrected where there is one."""
    if asked is PersonNoticeKind.CORRECTED:
        return row.name_sealed is not None
    if asked is PersonNoticeKind.LIFTED:
        return bool(row.restricted_at or row.objected_at)
    return row._mapping.get(f"{asked}_at") is None


def _language_of(tx: Transaction, row: Row) -> str:
    return tx.scalar(select(LANGUAGE).where(SIGNATURES.c.id == row.id)) or ""


def _digest(tx: Transaction, supporter: bytes, code: str) -> bytes:
    """Returns the digest of a code without what people put between its signs, and in capitals."""
    signs, column = re.sub(r"[\s\W_]+", "", code).upper(), PERSON_CODES.c.code_digest
    return tx.keyring.digest(
        signs.encode(), table=column.table.name, column=column.name, row=supporter
    )
