"""The name of a signature: given later, corrected, taken off.

A name is stored of those alone who have it handed over, so that whoever gives it consents to that
in words of their own, and taking it off erases it and ends those consents (GDPR art. 7(3)). Both
can be done until the petition was handed over; a correction, which is a right, afterwards too.
"""

from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, select

from storage.audit import add_audit
from storage.changes_after_export import Change, note_change
from storage.consents import Consent, add_consent, choosing_owner
from storage.conversations import Conversation
from storage.handovers import active_handover
from storage.journal_entries import TAKEN_OFF, Deed, Entry
from storage.petitions import lock_petition
from storage.sent_files import make_files_due
from storage.tables import CONSENTS, SIGNATURES
from storage.transaction import Transaction


def correct_name(
    tx: Transaction,
    supporter: bytes,
    name: str,
    conversation: Conversation,
    was: int,
    at: datetime,
) -> bool:
    """Replaces the name of a signature, and saves the conversation.

    Returns:
        False if it has no name; then only the conversation was saved.

    Raises:
        ConversationMoved: as in `choosing_owner`.
    """
    signature = choosing_owner(tx, supporter, conversation, was=was, at=at)
    if signature.name_sealed is None:
        return False
    replace_name(tx, signature, name, at)
    add_audit(tx, "correct_name", at=at)
    return True


def give_name(
    tx: Transaction,
    supporter: bytes,
    name: str,
    consent: Consent,
    conversation: Conversation,
    was: int,
    at: datetime,
) -> bool:
    """Stores the name of a signature that has none, as its owner consents to.

    Returns:
        False if the petition was handed over before, or it has a name, or may only be stored;
        then only the conversation was saved.

    Raises:
        ConversationMoved: as in `choosing_owner`.
    """
    signature = choosing_owner(tx, supporter, conversation, was=was, at=at)
    is_only_stored = signature.restricted_at is not None or signature.objected_at is not None
    if signature.name_sealed is not None or is_only_stored or active_handover(tx) is not None:
        return False
    note_change(tx, signature, Change.NAME_GIVEN, at)
    add_audit(tx, Change.NAME_GIVEN, at=at)
    consent_id = add_consent(tx, signature.id, consent, at)
    tx.set(SIGNATURES, signature.id, name=name)
    tx.note(named(signature.id, consent_id, name))
    return True


def remove_name(
    tx: Transaction, supporter: bytes, conversation: Conversation, was: int, at: datetime
) -> bool:
    """Erases the name of a signature, which is only counted from now on; see `give_name`.

    One that was typed into the form goes as well.
    """
    unnamed = replace(conversation, name=None)
    signature = choosing_owner(tx, supporter, unnamed, was=was, at=at)
    if signature.name_sealed is None or active_handover(tx) is not None:
        return False
    take_off_name(tx, signature, at)
    add_audit(tx, Change.NAME_REMOVED, at=at)
    return True


def replace_name(tx: Transaction, signature: Row[Any], name: str, at: datetime) -> None:
    """Replaces the name that a signature has, in the transaction of who asked for that.

    The number, the time and the consent stay. The former name is overwritten, and files in the
    chat that hold it become due.
    """
    note_change(tx, signature, Change.CORRECTED, at)
    make_files_due(tx, signature.supporter)
    tx.set(SIGNATURES, signature.id, name=name)
    tx.note(named(signature.id, stands_under(tx, signature.id), name))


def take_off_name(tx: Transaction, signature: Row[Any], at: datetime) -> None:
    """Erases the name that a signature has, and ends the consents to it."""
    note_change(tx, signature, Change.NAME_REMOVED, at)
    make_files_due(tx, signature.supporter)
    tx.set(CONSENTS, is_to_name(signature.id), with_name_ended_at=at)
    tx.set(SIGNATURES, signature.id, name=None)
    tx.note(Entry(Deed.WITH_NAME, signature.id, TAKEN_OFF))


def is_to_name(signature_id: bytes) -> ColumnElement[bool]:
    """Returns whether a row of CONSENTS is one to the name of a signature, and holds."""
    columns = CONSENTS.c
    return and_(
        columns.signature_id == signature_id,
        columns.with_name == 1,
        columns.with_name_ended_at.is_(None),
    )


def stands_under(tx: Transaction, signature_id: bytes) -> bytes | None:
    """Returns the consent under which a signature has its name.

    Of several it is the first, which is in the most backups.
    """
    columns = CONSENTS.c
    held = select(columns.id).where(is_to_name(signature_id))
    key: bytes | None = tx.scalar(held.order_by(columns.given_at, columns.id))
    return key


def named(signature_id: bytes, consent_id: bytes | None, name: str) -> Entry:
    """Returns the entry of a name that stands under a consent, which a copy can lack."""
    return Entry(Deed.WITH_NAME, signature_id, f"{short(consent_id or b'')} {name}")


def short(consent_id: bytes) -> str:
    """Returns an id so that it fits into an entry of the journal beside the longest name."""
    return urlsafe_b64encode(consent_id).decode().rstrip("=")


def note_nameless(tx: Transaction, signature_ids: Sequence[bytes]) -> None:
    """Notes which of these signatures have no name, and are given none meanwhile."""
    columns = SIGNATURES.c
    nameless = select(columns.id).where(tx.of(SIGNATURES), columns.name_sealed.is_(None))
    lock_petition(tx, shared=True)
    for row in tx.all(nameless.where(columns.id.in_(signature_ids)).with_for_update()):
        tx.note(Entry(Deed.WITH_NAME, row.id, TAKEN_OFF))
