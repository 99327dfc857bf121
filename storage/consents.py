"""Consents: to what was agreed when signing, and what the owner of a signature chose later.

Until the petition was handed over they can answer whether changed texts are theirs, and give or
take off their name (`signed_names.py`). A restored backup may have lost an answer to texts: then
they are asked once more, and lose nothing.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, insert, text

from storage.audit import add_audit
from storage.conversations import Conversation, save_conversation
from storage.errors import ConversationMoved
from storage.handovers import active_handover
from storage.petitions import lock_petition
from storage.tables import CONSENTS, SIGNATURES
from storage.transaction import Transaction

WITH_NAME = "with_name"
"""The purpose of a consent to nothing but that the name is handed over."""
NEW_TEXTS = "new_texts"
"""The purpose of a consent to changed texts; the choices stay with the consent to sign."""

IS_TO_SIGN = and_(CONSENTS.c.purposes != WITH_NAME, CONSENTS.c.purposes != NEW_TEXTS)
"""Whether a consent is the one given when signing, which has the choices."""

_KEEP_TEXT = text("""
INSERT INTO consent_texts (sha256, petition, language, version, text)
VALUES (:sha256, :petition, :language, :version, :text)
ON CONFLICT (sha256) DO NOTHING
""")

_ADD = insert(CONSENTS)


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
    sha256: bytes
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
    tx.change(_ADD, row)
    key: bytes = row["id"]
    return key


def consent_row(
    tx: Transaction, signature_id: bytes, consent: Consent, at: datetime
) -> dict[str, Any]:
    """Returns the row of a consent, whose words and privacy notice are written, once for all."""
    words = {
        "petition": tx.slug,
        "language": consent.language,
        "version": consent.text_version,
    }
    notice = hashlib.sha256(consent.notice.encode()).digest()
    texts = [{**words, "sha256": consent.sha256, "text": consent.text}]
    if consent.notice:
        texts.append({**words, "sha256": notice, "text": consent.notice})
    tx.change(_KEEP_TEXT, texts)
    return {
        "id": tx.new_id(at),
        "petition": tx.slug,
        "signature_id": signature_id,
        "purposes": ",".join(
            sorted(consent.purposes, key=lambda each: (each != "signature", each))
        ),
        "updates_at_most": consent.updates_at_most,
        "text_sha256": consent.sha256,
        "text_version": consent.text_version,
        "language": consent.language,
        "channel": "telegram",
        "message_id": consent.message_id,
        "given_at": at,
        "with_name": consent.with_name,
    }


def lock_signature(tx: Transaction, supporter: bytes) -> Row[Any] | None:
    """Locks a signature, behind the petition, and returns its row; None without one."""
    lock_petition(tx, shared=True)
    return tx.find(SIGNATURES, SIGNATURES.c.supporter == supporter, lock=True)


def choosing_owner(
    tx: Transaction, supporter: bytes, conversation: Conversation, *, was: int, at: datetime
) -> Row[Any]:
    """Returns the signature whose owner chooses something, locked, and saves the conversation.

    Raises:
        ConversationMoved: the conversation was written since version `was`, or the signature was
            withdrawn; then nothing at all is written.
    """
    signature = lock_signature(tx, supporter)
    if signature is None:
        raise ConversationMoved
    save_conversation(tx, conversation, was=was, at=at)
    return signature


def answer_texts(
    tx: Transaction,
    supporter: bytes,
    version: str,
    consent: Consent | None,
    conversation: Conversation,
    was: int,
    at: datetime,
) -> bool:
    """Stores what somebody answers about texts that changed after they signed.

    Args:
        tx: the transaction.
        supporter: who answers.
        version: of the present texts.
        consent: to these; None keeps the consent to the earlier ones.
        conversation: as it is then.
        was: the version of the conversation that was read.
        at: when they answer.

    Returns:
        False if it was answered already, or the petition was handed over before; then only the
        conversation was saved.

    Raises:
        ConversationMoved: as in `choosing_owner`.
    """
    signature = choosing_owner(tx, supporter, conversation, was=was, at=at)
    if signature.text_version == version or active_handover(tx) is not None:
        return False
    if consent is None:
        tx.set(SIGNATURES, signature.id, kept_version=version)
        add_audit(tx, "texts_kept", at=at)
        return True
    add_consent(tx, signature.id, consent, at)
    tx.set(SIGNATURES, signature.id, text_version=version)
    add_audit(tx, "texts_accepted", at=at)
    return True
