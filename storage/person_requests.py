"""What a letter or an e-mail asks for (GDPR arts 15 to 18, 20 and 21), found by signature number.

Each is one transaction: what is asked for, its audit entry, the sentence to the person and the
code that is used up by it. Where nothing is done, the code is not used.
"""

from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, select

from storage.audit import add_audit
from storage.consents import replace_name
from storage.eligibility import language
from storage.exports import Change, note_change
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


def carry_out_request(
    tx: Transaction,
    asked: PersonNoticeKind,
    signer: Signer,
    proof: Proof,
    at: datetime,
    name: str = "",
) -> bool:
    """Does what somebody asks of their signature, and tells them, unless their chat shows it.

    Args:
        tx: the transaction.
        asked: to be told that they were given what is stored of them (GDPR arts 15 and 20), or to
            have it corrected (art. 16), erased (art. 17) or restricted (art. 18), or the use ended
            as they object (art. 21), or either lifted.
        signer: whose signature it is.
        proof: how that was shown.
        at: now.
        name: the right one, where it is corrected.

    Returns:
        False if there is nothing to be done, or the code does not fit.
    """
    lock_petition(tx, shared=True)
    row = tx.find(SIGNATURES, signer.id, lock=True)
    if row is None or not _has_effect(asked, row):
        return False
    if proof.code is not None and not use_code(tx, signer.supporter, proof.code, at):
        return False
    if asked is PersonNoticeKind.CORRECTED:
        replace_name(tx, row, name, at)
    elif asked is PersonNoticeKind.ERASED:
        forget_person(tx, row.supporter, _WITHDRAWN_STAGE)
    elif asked is PersonNoticeKind.LIFTED:
        _lift(tx, row, at)
    elif asked is not PersonNoticeKind.SHOWN:
        note_change(tx, row, Change(asked), at)
        tx.set(SIGNATURES, row.id, **{f"{asked}_at": at})
        tx.note(Entry.since(Deed(asked), row.id, at))
    add_audit(tx, _ACTIONS[asked], at=at, detail=proof.detail)
    # It comes after what erases the sentences that wait, and before what counts.
    if signer.chat is not None and not proof.is_in_chat:
        add_notice(tx, signer.supporter, signer.chat, signer.language, asked, at=at)
    if asked is PersonNoticeKind.ERASED:
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


def _has_effect(asked: PersonNoticeKind, row: Row[Any]) -> bool:
    """Returns whether there is something to be done; a name is corrected where there is one."""
    if asked is PersonNoticeKind.CORRECTED:
        return row.name_sealed is not None
    if asked is PersonNoticeKind.LIFTED:
        return bool(row.restricted_at or row.objected_at)
    return row._mapping.get(f"{asked}_at") is None


def _lift(tx: Transaction, row: Row[Any], at: datetime) -> None:
    """Ends a restriction and an objection."""
    if row.name_sealed is not None:
        note_change(tx, row, Change.NAME_GIVEN, at)
    tx.set(SIGNATURES, row.id, restricted_at=None, objected_at=None)
    for deed in (Deed.OBJECTED, Deed.RESTRICTED):
        tx.note(Entry.since(deed, row.id, None))
