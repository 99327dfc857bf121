"""What a letter or an e-mail asks for (GDPR arts 15 to 18, 20 and 21), found by signature number.

Each is one transaction: what is asked for, its audit entry, the sentence to the person and the
code that is used up by it. Where nothing is done, the code is not used.
"""

from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, select

from storage.audit import add_audit
from storage.changes_after_export import Change, note_change
from storage.consents import replace_name
from storage.eligibility import language
from storage.journal import Deed, Entry
from storage.person_codes import CheckedCode, CodeState, check_code, use_code
from storage.person_notices import PersonNoticeKind, add_notice
from storage.petitions import lock_petition
from storage.signatures import erase_signature, forget_person
from storage.tables import SIGNATURES
from storage.transaction import Transaction

_ACTIONS = {
    PersonNoticeKind.SHOWN: "person_show",
    PersonNoticeKind.CORRECTED: "person_correct",
    PersonNoticeKind.ERASED: "person_erase",
    PersonNoticeKind.RESTRICTED: "person_restrict",
    PersonNoticeKind.OBJECTED: "person_object",
    PersonNoticeKind.LIFTED: "person_lift",
}

_WITHDRAWN_STAGE = "withdrawn"


@dataclass(frozen=True, slots=True)
class Signer:
    """Whose signature has a number.

    Attributes:
        chat: None if it cannot be decrypted; nothing can be told to them then.
        name: None without one, or if it cannot be decrypted.
        has_name: whether there is one, which may be damaged.
        language: which they read now.
    """

    id: bytes
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
class Proof:
    """How it was shown whose signature it is.

    Attributes:
        detail: what the audit says of it, without personal data.
        code: the code as it was typed, which the deed uses up; None where there was none.
        is_in_chat: whether it was asked in the person's own chat, which shows what was done.
    """

    detail: str
    code: str | None = field(default=None, repr=False)
    is_in_chat: bool = False


IN_CHAT = Proof("in the chat", is_in_chat=True)


def by_code(code: str) -> Proof:
    """Returns the proof by a code."""
    return Proof("by code", code)


def verified_otherwise(reason: str) -> Proof:
    """Returns the proof by what the reason says, which holds no personal data."""
    return Proof(f"verified otherwise: {reason}")


def find_signer(tx: Transaction, number: int) -> Signer | None:
    """Returns whose signature has this number, or None."""
    return _signer(tx, SIGNATURES.c.number == number)


def signer_of(tx: Transaction, supporter: bytes) -> Signer | None:
    """Returns somebody's own signature, or None."""
    return _signer(tx, SIGNATURES.c.supporter == supporter)


def check_proof(
    tx: Transaction, number: int, code: str, at: datetime
) -> tuple[Signer | None, CheckedCode]:
    """Returns whose signature it is, if the code fits, and what the code is worth."""
    signer = find_signer(tx, number)
    if signer is None:
        return None, CheckedCode(CodeState.WRONG)
    checked = check_code(tx, signer.supporter, code, at)
    return (signer if checked.state is CodeState.FITS else None), checked


def record_shown(tx: Transaction, signer: Signer, proof: Proof, at: datetime) -> bool:
    """Records that somebody was given what is stored of them (GDPR arts 15 and 20)."""
    if _lock(tx, signer) is None or not _is_proved(tx, signer, proof, at):
        return False
    _tell(tx, signer, proof, at, PersonNoticeKind.SHOWN)
    return True


def correct_as_asked(
    tx: Transaction, signer: Signer, name: str, proof: Proof, at: datetime
) -> bool:
    """Replaces a name (GDPR art. 16); files in the chat that have the former one are due.

    Without a name there is nothing to correct, and none is stored.
    """
    row = _lock(tx, signer)
    if row is None or row.name_sealed is None or not _is_proved(tx, signer, proof, at):
        return False
    replace_name(tx, row, name, at)
    _tell(tx, signer, proof, at, PersonNoticeKind.CORRECTED)
    return True


def restrict_use(tx: Transaction, signer: Signer, proof: Proof, at: datetime) -> bool:
    """Restricts the use to storage and counting (GDPR art. 18)."""
    return _limit_use(tx, signer, proof, at, PersonNoticeKind.RESTRICTED)


def object_to_use(tx: Transaction, signer: Signer, proof: Proof, at: datetime) -> bool:
    """Ends the use but for storage and counting, as the person objects (GDPR art. 21)."""
    return _limit_use(tx, signer, proof, at, PersonNoticeKind.OBJECTED)


def lift_limits(tx: Transaction, signer: Signer, proof: Proof, at: datetime) -> bool:
    """Ends a restriction and an objection."""
    row = _lock(tx, signer)
    is_limited = row is not None and (row.restricted_at or row.objected_at)
    if row is None or not is_limited or not _is_proved(tx, signer, proof, at):
        return False
    if row.name_sealed is not None:
        note_change(tx, row, Change.NAME_GIVEN, at)
    tx.set(SIGNATURES, row.id, restricted_at=None, objected_at=None)
    _tell(tx, signer, proof, at, PersonNoticeKind.LIFTED)
    for deed in (Deed.OBJECTED, Deed.RESTRICTED):
        tx.note(Entry.since(deed, row.id, None))
    return True


def erase_as_asked(tx: Transaction, signer: Signer, proof: Proof, at: datetime) -> bool:
    """Erases a signature and everything stored with it (GDPR art. 17), as /withdraw does."""
    row = _lock(tx, signer)
    if row is None or not _is_proved(tx, signer, proof, at):
        return False
    forget_person(tx, row.supporter, _WITHDRAWN_STAGE)
    # It comes after what erases the sentences that wait, and before what counts.
    _tell(tx, signer, proof, at, PersonNoticeKind.ERASED)
    erase_signature(tx, row, Change.ERASED, at)
    return True


def _signer(tx: Transaction, whose: ColumnElement[bool]) -> Signer | None:
    row = tx.find(SIGNATURES, whose)
    if row is None:
        return None
    stored = tx.unsealed(SIGNATURES, row)
    stored["language"] = tx.scalar(select(language()).where(SIGNATURES.c.id == row.id))
    stored["has_name"] = row.name_sealed is not None
    return Signer(**{each.name: stored[each.name] for each in fields(Signer)})


def _lock(tx: Transaction, signer: Signer) -> Row[Any] | None:
    """Returns the signature as it is now, locked; None if it was erased."""
    lock_petition(tx, shared=True)
    return tx.find(SIGNATURES, signer.id, lock=True)


def _is_proved(tx: Transaction, signer: Signer, proof: Proof, at: datetime) -> bool:
    """Uses the code up, if there is one; returns False if it does not fit."""
    return proof.code is None or use_code(tx, signer.supporter, proof.code, at)


def _limit_use(
    tx: Transaction, signer: Signer, proof: Proof, at: datetime, kind: PersonNoticeKind
) -> bool:
    """Stores since when the use is limited, in the column that is named for it."""
    row, since = _lock(tx, signer), f"{kind}_at"
    if row is None or row._mapping[since] or not _is_proved(tx, signer, proof, at):
        return False
    note_change(tx, row, Change(kind), at)
    tx.set(SIGNATURES, row.id, **{since: at})
    _tell(tx, signer, proof, at, kind)
    tx.note(Entry.since(Deed(kind), row.id, at))
    return True


def _tell(
    tx: Transaction, signer: Signer, proof: Proof, at: datetime, kind: PersonNoticeKind
) -> None:
    """Tells the audit, and the person unless the chat in which they asked shows it."""
    add_audit(tx, _ACTIONS[kind], at=at, detail=proof.detail)
    if signer.chat is not None and not proof.is_in_chat:
        add_notice(tx, signer.supporter, signer.chat, signer.language, kind, at=at)
