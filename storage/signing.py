"""Signing, withdrawing and correcting a name, as statements of one transaction each.

All begin by locking the petition's row, so they and closing run one after the other, each seeing
what those before it did, on SQLite and at PostgreSQL's "read committed" alike.
Signing then locks the conversation. The statements after that have an effect only if the petition
is open, its closing date has not come, and the conversation is still at the version that was
read; otherwise the transaction commits without having written anything.
"""

from dataclasses import dataclass, field
from datetime import datetime

from storage.audit import ALWAYS, Audit
from storage.changes_after_export import Change, note_change
from storage.database import FOR_UPDATE, Row, Statement, Value
from storage.erased_deliveries import COUNT_ERASED
from storage.errors import ConversationMoved
from storage.ids import rising_id
from storage.journal import Deed, Entry
from storage.keyring import Keyring
from storage.person_notices import all_forgotten
from storage.petitions import lock_petition
from storage.sent_files import all_due
from storage.times import to_millis

# Makes a row to lock for someone who has none; version 0 counts as no conversation.
_PLACE = """
INSERT INTO conversations (
  petition, supporter, stage, page, news, name_message_ids, version, updated_at
)
VALUES (:petition, :supporter, 'home', 0, 0, '[]', 0, :at)
ON CONFLICT (petition, supporter) DO NOTHING
"""

_LOCK_PLACE = f"""
SELECT version FROM conversations
WHERE petition = :petition AND supporter = :supporter {FOR_UPDATE}
"""  # noqa: S608 - a constant

_SIGN = """
INSERT INTO signatures (
  id, petition, supporter, number, name_sealed, chat_sealed, language, source, text_version,
  signed_at, form_seconds, with_name
)
SELECT :id, p.slug, c.supporter, p.last_number + 1, :name, :chat, :language, :source,
  :text_version, :at, CAST(:form_seconds AS BIGINT),
  CAST(:with_name AS BIGINT)
FROM petitions p
JOIN conversations c ON c.petition = p.slug AND c.supporter = :supporter AND c.version = :was
WHERE p.slug = :petition AND p.closed_at IS NULL
  AND (p.closes_at IS NULL OR p.closes_at > :at)
ON CONFLICT (petition, supporter) DO NOTHING
"""

_CONSENT_TEXT = """
INSERT INTO consent_texts (sha256, petition, language, version, text)
SELECT :sha256, s.petition, :language, :text_version, :text
FROM signatures s WHERE s.id = :id
ON CONFLICT (sha256) DO NOTHING
"""

_CONSENT = """
INSERT INTO consents (
  id, petition, signature_id, purposes, updates_at_most, text_sha256, text_version, language,
  channel, message_id, given_at, with_name
)
SELECT :consent_id, s.petition, s.id, :purposes, :updates_at_most, :sha256, :text_version,
  :language, 'telegram', :message_id, s.signed_at, s.with_name
FROM signatures s WHERE s.id = :id
"""

_COUNT = """
UPDATE petitions SET signatures = signatures + 1, last_number = last_number + 1
WHERE slug = :petition AND EXISTS (SELECT 1 FROM signatures s WHERE s.id = :id)
"""

_OUTCOME = """
SELECT p.signatures, s.number, CASE WHEN s.id = :id THEN 1 ELSE 0 END AS fresh
FROM petitions p
LEFT JOIN signatures s ON s.petition = p.slug AND s.supporter = :supporter
WHERE p.slug = :petition
"""

_PERSON = "petition = :petition AND supporter = :supporter"

# Locked before the deliveries, as a broadcast does.
_LOCK_SIGNATURE = f"SELECT id FROM signatures WHERE {_PERSON} {FOR_UPDATE}"  # noqa: S608 - constants

_DISCOUNT = f"""
UPDATE petitions SET signatures = signatures - 1
WHERE slug = :petition
  AND EXISTS (SELECT 1 FROM signatures WHERE {_PERSON} AND invalidation_id IS NULL)
"""  # noqa: S608 - constants of this file

# The version, the stage, the language and the message id stay, so that old buttons are harmless.
# The stage changes in the same transaction, or a kill in between would leave the person without a
# confirmation.
FORGOTTEN = """
name_sealed = NULL, name_message_ids = '[]', source = NULL, news = 0,
  updates = 0, with_name = NULL, form_started_at = NULL, screen_digest = NULL, picture_id = NULL,
  updated_at = 0, page = 0, return_stage = NULL
"""
"""What an erasure sets in a conversation."""

_FORGET_PERSON = f"""
UPDATE conversations SET {FORGOTTEN}, stage = COALESCE(CAST(:stage AS TEXT), stage),
  version = version + CASE WHEN CAST(:stage AS TEXT) IS NULL THEN 0 ELSE 1 END
WHERE {_PERSON}
"""  # noqa: S608 - constants of this file

# Sealing takes the id, so it is read before.
_CORRECT = """
UPDATE signatures SET name_sealed = :name
WHERE id = :id AND petition = :petition AND supporter = :supporter AND EXISTS (
  SELECT 1 FROM conversations c
  WHERE c.petition = :petition AND c.supporter = :supporter AND c.version = :was
)
"""

_IS_CORRECTED = "EXISTS (SELECT 1 FROM signatures s WHERE s.id = :id AND s.name_sealed = :name)"

_ERASE = f"DELETE FROM signatures WHERE {_PERSON}"  # noqa: S608 - constants of this file

# The code by which a letter would show whose signature it is.
_FORGET_CODE = f"""
DELETE FROM person_codes WHERE {_PERSON} AND NOT EXISTS (
  SELECT 1 FROM signatures s
  WHERE s.petition = person_codes.petition AND s.supporter = person_codes.supporter
)
"""  # noqa: S608 - constants of this file


@dataclass(frozen=True, slots=True)
class Consent:
    """What someone agreed to: the exact text that was shown, and for which purposes.

    Attributes:
        purposes: "signature", and "updates" and "news" for what was chosen besides; or only
            "with_name", where the name was given later.
        updates_at_most: how many messages about the petition, besides the closing update.
        with_name: to be handed over with the name; False: counted without it.
    """

    text: str
    sha256: bytes
    text_version: str
    language: str
    purposes: frozenset[str]
    message_id: int
    updates_at_most: int = 0
    with_name: bool = True


@dataclass(frozen=True, slots=True)
class NewSignature:
    """A signature to be stored."""

    supporter: bytes
    chat_id: int = field(repr=False)
    name: str = field(repr=False)
    language: str
    source: str | None
    consent: Consent
    at: datetime
    form_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Signed:
    """The signature is stored under `number`; `total` includes it."""

    number: int
    total: int


@dataclass(frozen=True, slots=True)
class AlreadySigned:
    """The person had signed before, under `number`; nothing was added."""

    number: int
    total: int


@dataclass(frozen=True, slots=True)
class PetitionClosed:
    """The petition is closed; no signature was stored."""


def lock_conversation(slug: str, supporter: bytes) -> Statement:
    """Returns the statement that locks a conversation, behind the petition."""
    return Statement(_LOCK_PLACE, {"petition": slug, "supporter": supporter})


def sign_statements(
    slug: str, keyring: Keyring, new: NewSignature, saving: Statement, was: int
) -> tuple[Statement, ...]:
    """Returns the transaction of signing; `saving` writes the conversation if still at `was`."""
    signature_id = rising_id(new.at)
    person: dict[str, Value] = {"petition": slug, "supporter": new.supporter}
    at = to_millis(new.at)
    place = (Statement(_PLACE, {**person, "at": at}),) if was == 0 else ()
    return (
        lock_petition(slug),
        *place,
        lock_conversation(slug, new.supporter),
        _signature(keyring, new, signature_id, {**person, "was": was, "at": at}),
        *_consent(new.consent, signature_id, new.at),
        Statement(_COUNT, {"petition": slug, "id": signature_id}),
        Statement(_OUTCOME, {**person, "id": signature_id}),
        saving,
    )


def outcome(rows: list[list[Row]]) -> Signed | AlreadySigned | PetitionClosed:
    """Returns the result of signing; raises ConversationMoved if the transaction wrote nothing."""
    *_, found, saved = rows
    if not saved:
        raise ConversationMoved
    row = found[0]
    if row["number"] is None:
        return PetitionClosed()
    kind = Signed if row["fresh"] else AlreadySigned
    return kind(number=row["number"], total=row["signatures"])


@dataclass(frozen=True, slots=True)
class CorrectedName:
    """A name that takes the place of the one that a signature has."""

    supporter: bytes
    signature_id: bytes
    name: str = field(repr=False)
    at: datetime


def correct_statements(
    slug: str, keyring: Keyring, audit: Audit, new: CorrectedName, saving: Statement, was: int
) -> tuple[Statement, ...]:
    """Returns the transaction of correcting a name; `saving` as in `sign_statements`.

    The number, the time and the consent stay. The former name is overwritten, and files in the
    chat that hold it become due.
    """
    person: dict[str, Value] = {"petition": slug, "supporter": new.supporter}
    sealed = keyring.seal(new.name, table="signatures", column="name_sealed", row=new.signature_id)
    name: dict[str, Value] = {"id": new.signature_id, "name": sealed}
    done = Statement(_IS_CORRECTED, name)
    noted = Entry(Deed.NAME, new.signature_id, new.name)
    return (
        lock_petition(slug),
        lock_conversation(slug, new.supporter),
        Statement(_CORRECT, {**person, **name, "was": was}, noted),
        all_due(slug, new.supporter, only_if=done),
        note_change(slug, new.supporter, Change.CORRECTED, new.at, only_if=done),
        audit.statement("correct_name", actor=None, at=new.at, only_if=done),
        saving,
    )


def withdraw_statements(
    slug: str,
    supporter: bytes,
    stage: str | None,
    at: datetime,
    noted: Entry | None = None,
    *,
    change: Change = Change.WITHDRAWN,
    notice: bytes = b"",
    only_if: Statement = ALWAYS,
) -> tuple[Statement, ...]:
    """Returns the transaction of withdrawing.

    Args:
        slug: the petition.
        supporter: whose signature it is.
        stage: where their conversation goes; None: it stays where it is.
        at: when it is withdrawn.
        noted: what the journal keeps of it.
        change: what whoever was given the signature is told.
        notice: the id of the sentence to the person that tells of it; others are erased.
        only_if: an SQL condition with its values, without which nothing is erased.
    """
    person: dict[str, Value] = {"petition": slug, "supporter": supporter}

    def if_so(sql: str, **more: Value) -> Statement:
        return Statement(f"{sql} AND {only_if.sql}", {**only_if.values, **person, **more})

    erase = if_so(_ERASE)
    return (
        lock_petition(slug),
        Statement(_LOCK_SIGNATURE, person),
        if_so(_DISCOUNT),
        if_so(_FORGET_PERSON, stage=stage),
        all_due(slug, supporter, only_if=only_if),
        all_forgotten(slug, supporter, but=notice, only_if=only_if),
        note_change(slug, supporter, change, at, only_if=only_if),
        Statement(f"{erase.sql} RETURNING number", erase.values, noted),
        *COUNT_ERASED,
        Statement(_FORGET_CODE, person),
    )


def was_withdrawn(rows: list[list[Row]]) -> bool:
    """Returns whether the transaction of withdrawing erased a signature."""
    *_, erased, _counted, _deleted, _forgotten = rows
    return bool(erased)


def _signature(
    keyring: Keyring, new: NewSignature, signature_id: bytes, place: dict[str, Value]
) -> Statement:
    name = keyring.seal(new.name, table="signatures", column="name_sealed", row=signature_id)
    chat = keyring.seal(
        str(new.chat_id), table="signatures", column="chat_sealed", row=signature_id
    )
    return Statement(
        _SIGN,
        {
            **place,
            "id": signature_id,
            "name": name,
            "chat": chat,
            "language": new.language,
            "source": new.source,
            "form_seconds": new.form_seconds,
            "text_version": new.consent.text_version,
            "with_name": int(new.consent.with_name),
        },
    )


def _consent(consent: Consent, signature_id: bytes, at: datetime) -> tuple[Statement, Statement]:
    values: dict[str, Value] = {
        "id": signature_id,
        "sha256": consent.sha256,
        "language": consent.language,
        "text_version": consent.text_version,
    }
    purposes = ",".join(sorted(consent.purposes, key=lambda each: (each != "signature", each)))
    return (
        Statement(_CONSENT_TEXT, {**values, "text": consent.text}),
        Statement(
            _CONSENT,
            {
                **values,
                "consent_id": rising_id(at),
                "purposes": purposes,
                "updates_at_most": consent.updates_at_most,
                "message_id": consent.message_id,
            },
        ),
    )
