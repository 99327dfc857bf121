"""Consents: to what was agreed when signing, and what the owner of a signature chose later.

Until the petition was handed over they can answer whether changed texts are theirs, and give or
take off their name. A name is stored only to be handed over: giving it is a consent to that in
words of its own, and taking it off erases it and ends those consents (GDPR art. 7(3)). A
correction, which is a right, can be made afterwards too. A restored backup may have lost an answer
to texts: then they are asked once more, and lose nothing.
"""

import hashlib
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, select

from storage.admins import add_audit
from storage.conversations import Conversation, save_conversation
from storage.errors import ConversationMoved
from storage.exports import Change, note_change
from storage.handovers import active_handover
from storage.journal import TAKEN_OFF, Deed, Entry
from storage.petitions import lock_petition
from storage.sent_files import make_files_due
from storage.tables import CONSENT_TEXTS, CONSENTS, CONVERSATIONS, SIGNATURES
from storage.transaction import Row, Transaction, inserting

WITH_NAME = "with_name"
"""The purpose of a consent to nothing but that the name is handed over."""
NEW_TEXTS = "new_texts"
"""The purpose of a consent to changed texts; the choices stay with the consent to sign."""

IS_TO_SIGN = and_(CONSENTS.c.purposes != WITH_NAME, CONSENTS.c.purposes != NEW_TEXTS)
"""Whether a consent is the one given when signing, which has the choices."""

IS_TO_NAME = and_(CONSENTS.c.with_name == 1, CONSENTS.c.with_name_ended_at.is_(None))
"""Whether a consent is one to the name, and holds."""


@dataclass(frozen=True, slots=True)
class Consent:
    """What someone agreed to: the exact text that was shown, and for which purposes.

    Attributes:
        notice: the privacy notice that was shown before, whose hash is in the text.
        purposes: "signature", and "updates" and "news" for what was chosen besides; or only
            `WITH_NAME` or `NEW_TEXTS`, where it was given later.
        updates_at_most: how many messages about the petition, besides the closing update.
        with_name: to be handed over with the name; False: counted without it.
    """

    text: str
    text_version: str
    language: str
    purposes: frozenset[str]
    message_id: int
    notice: str = ""
    updates_at_most: int = 0
    with_name: bool = True


def add_consent(tx: Transaction, signature_id: bytes, consent: Consent, at: datetime) -> bytes:
    """Writes a consent; returns its id."""
    row = consent_row(tx, signature_id, consent, at)
    tx.add(CONSENTS, **row)
    return bytes(row["id"])


def consent_row(
    tx: Transaction, signature_id: bytes, consent: Consent, at: datetime
) -> dict[str, Any]:
    """Returns the row of a consent, whose words and privacy notice are written, once for all."""
    texts = [text for text in (consent.text, consent.notice) if text]
    hashes = {text: hashlib.sha256(text.encode()).digest() for text in texts}
    purposes = sorted(consent.purposes, key=lambda each: (each != "signature", each))
    of = {"petition": tx.slug, "language": consent.language, "version": consent.text_version}
    keep = inserting(CONSENT_TEXTS, tx.connection.dialect.name, unless_there=True)
    tx.change(keep, [{**of, "sha256": key, "text": text} for text, key in hashes.items()])
    return {
        **{name: getattr(consent, name) for name in Consent.__slots__ if name in CONSENTS.c},
        "id": tx.new_id(at),
        "petition": tx.slug,
        "signature_id": signature_id,
        "purposes": ",".join(purposes),
        "text_sha256": hashes[consent.text],
        "channel": "telegram",
        "given_at": at,
    }


def lock_signature(tx: Transaction, supporter: bytes) -> Row | None:
    """Locks a signature, behind the petition, and returns its row; None without one."""
    lock_petition(tx, shared=True)
    return tx.find(SIGNATURES, SIGNATURES.c.supporter == supporter, lock=True)


def lock_own(tx: Transaction, conversation: Conversation, was: int, at: datetime) -> Row:
    """Saves the conversation of somebody who chose in the chat; locks and returns their signature.

    Raises:
        ConversationMoved: the conversation was written since version `was`, or the signature was
            withdrawn; then nothing at all is written.
    """
    signature = lock_signature(tx, conversation.supporter)
    if signature is None:
        raise ConversationMoved
    save_conversation(tx, conversation, was=was, at=at)
    return signature


def answer_texts(
    tx: Transaction,
    conversation: Conversation,
    was: int,
    at: datetime,
    version: str,
    consent: Consent | None,
) -> bool:
    """Stores whether somebody who was asked again consents to the texts of the present version.

    Without a consent, the one to the earlier texts is kept. Nothing but the conversation is stored
    if it was answered already, or the petition was handed over before.
    """
    signature = lock_own(tx, conversation, was, at)
    if signature.text_version == version or active_handover(tx) is not None:
        return False
    if consent is None:
        tx.set(SIGNATURES, signature.id, kept_version=version)
    else:
        add_consent(tx, signature.id, consent, at)
        tx.set(SIGNATURES, signature.id, text_version=version)
    add_audit(tx, "texts_kept" if consent is None else "texts_accepted", at=at)
    return True


def end_consent(tx: Transaction, supporter: bytes, purpose: str, at: datetime) -> None:
    """Ends a consent to "news" or to "updates", which is as easy as giving it (GDPR art. 7(3)).

    What was agreed to stays on record, with the time from which it no longer applies.
    """
    signature, deed = lock_signature(tx, supporter), Deed(f"{purpose}_ended")
    if signature is None:
        return
    ended_at = CONSENTS.c[f"{deed}_at"]
    of_it = CONSENTS.c.signature_id == signature.id
    if tx.set(CONSENTS, of_it, ended_at.is_(None), **{ended_at.name: at}):
        tx.note(Entry.since(deed, signature.id, at))


def correct_signed_name(
    tx: Transaction, conversation: Conversation, was: int, at: datetime, name: str
) -> bool:
    """Replaces the name of a signature, if it has one."""
    signature = lock_own(tx, conversation, was, at)
    if signature.name_sealed is None:
        return False
    replace_name(tx, signature, name, at)
    add_audit(tx, "correct_name", at=at)
    return True


def add_signed_name(
    tx: Transaction,
    conversation: Conversation,
    was: int,
    at: datetime,
    name: str,
    consent: Consent,
) -> bool:
    """Stores the name of a signature that has none, as its owner consents to.

    Not if the petition was handed over before, or the signature may only be stored.
    """
    signature = lock_own(tx, conversation, was, at)
    is_only_stored = signature.restricted_at is not None or signature.objected_at is not None
    if signature.name_sealed is not None or is_only_stored or active_handover(tx) is not None:
        return False
    note_change(tx, signature, Change.NAME_GIVEN, at)
    add_audit(tx, Change.NAME_GIVEN, at=at)
    consent_id = add_consent(tx, signature.id, consent, at)
    tx.set(SIGNATURES, signature.id, name=name)
    tx.note(named(signature.id, consent_id, name))
    return True


def remove_signed_name(
    tx: Transaction, conversation: Conversation, was: int, at: datetime
) -> bool:
    """Erases the name of a signature, which is only counted from now on.

    Not if the petition was handed over before. One that was typed into the form goes in any case.
    """
    signature = lock_own(tx, conversation, was, at)
    tx.set(CONVERSATIONS, signature.supporter, name=None)
    if signature.name_sealed is None or active_handover(tx) is not None:
        return False
    take_off_name(tx, signature, at)
    add_audit(tx, Change.NAME_REMOVED, at=at)
    return True


def replace_name(tx: Transaction, signature: Row, name: str, at: datetime) -> None:
    """Replaces the name that a signature has, in the transaction of who asked for that.

    The number, the time and the consent stay. The former name is overwritten, and files in the
    chat that hold it become due.
    """
    note_change(tx, signature, Change.CORRECTED, at)
    make_files_due(tx, signature.supporter)
    tx.set(SIGNATURES, signature.id, name=name)
    held = select(CONSENTS.c.id).where(CONSENTS.c.signature_id == signature.id, IS_TO_NAME)
    # Of several that it stands under, the first is in the most backups.
    consent_id = tx.scalar(held.order_by(CONSENTS.c.given_at, CONSENTS.c.id))
    tx.note(named(signature.id, consent_id, name))


def take_off_name(tx: Transaction, signature: Row, at: datetime) -> None:
    """Erases the name that a signature has, and ends the consents to it."""
    note_change(tx, signature, Change.NAME_REMOVED, at)
    make_files_due(tx, signature.supporter)
    of_it = CONSENTS.c.signature_id == signature.id
    tx.set(CONSENTS, of_it, IS_TO_NAME, with_name_ended_at=at)
    tx.set(SIGNATURES, signature.id, name=None)
    tx.note(Entry(Deed.WITH_NAME, signature.id, TAKEN_OFF))


def named(signature_id: bytes, consent_id: bytes | None, name: str) -> Entry:
    """Returns the entry of a name that stands under a consent, which a copy can lack."""
    return Entry(Deed.WITH_NAME, signature_id, f"{short(consent_id or b'')} {name}")


def short(consent_id: bytes) -> str:
    """Returns an id so that it fits into an entry of the journal beside the longest name."""
    return urlsafe_b64encode(consent_id).decode().rstrip("=")
