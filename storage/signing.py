"""Signing and withdrawing, as statements of one transaction each.

Both begin by locking the petition's row, so they and closing run one after the other, each seeing
what those before it did, on SQLite and at PostgreSQL's "read committed" alike.
Signing then locks the conversation. The statements after that have an effect only if the petition
is open, its closing date has not come, and the conversation is still at the version that was
read; otherwise the transaction commits without having written anything.
"""

from dataclasses import dataclass, field
from datetime import datetime

from storage.audit import ALWAYS
from storage.changes_after_export import Change, change_noted
from storage.consents import Consent, consent_statements
from storage.conversations import lock_conversation
from storage.database import FOR_UPDATE, Row, Statement, Value
from storage.erased_deliveries import COUNT_ERASED
from storage.errors import ConversationMoved
from storage.ids import rising_id
from storage.journal_entries import Entry
from storage.keyring import Keyring
from storage.person_notices import all_forgotten
from storage.petitions import locking_petition
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

_SIGN = """
INSERT INTO signatures (
  id, petition, supporter, number, name_sealed, chat_sealed, language, source, text_version,
  signed_at, form_seconds
)
SELECT :id, p.slug, c.supporter, p.last_number + 1, :name, :chat, :language, :source,
  :text_version, :at, CAST(:form_seconds AS BIGINT)
FROM petitions p
JOIN conversations c ON c.petition = p.slug AND c.supporter = :supporter AND c.version = :was
WHERE p.slug = :petition AND p.closed_at IS NULL
  AND (p.closes_at IS NULL OR p.closes_at > :at)
ON CONFLICT (petition, supporter) DO NOTHING
"""

_IS_SIGNED = "EXISTS (SELECT 1 FROM signatures s WHERE s.id = :id)"

_COUNT = f"""
UPDATE petitions SET signatures = signatures + 1, last_number = last_number + 1
WHERE slug = :petition AND {_IS_SIGNED}
"""  # noqa: S608 - constants of this file

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
  updates = 0, with_name = NULL, form_started_at = NULL, notice = NULL, screen_digest = NULL,
  picture_id = NULL, updated_at = 0, page = 0, return_stage = NULL
"""
"""What an erasure sets in a conversation."""

_FORGET_PERSON = f"""
UPDATE conversations SET {FORGOTTEN}, stage = COALESCE(CAST(:stage AS TEXT), stage),
  version = version + CASE WHEN CAST(:stage AS TEXT) IS NULL THEN 0 ELSE 1 END
WHERE {_PERSON}
"""  # noqa: S608 - constants of this file

_ERASE = f"DELETE FROM signatures WHERE {_PERSON}"  # noqa: S608 - constants of this file

# The code by which a letter would show whose signature it is.
_FORGET_CODE = f"""
DELETE FROM person_codes WHERE {_PERSON} AND NOT EXISTS (
  SELECT 1 FROM signatures s
  WHERE s.petition = person_codes.petition AND s.supporter = person_codes.supporter
)
"""  # noqa: S608 - constants of this file


@dataclass(frozen=True, slots=True)
class NewSignature:
    """A signature to be stored; `name` is None unless the consent is to hand it over."""

    supporter: bytes
    chat_id: int = field(repr=False)
    name: str | None = field(repr=False)
    language: str
    source: str | None
    consent: Consent
    at: datetime
    form_seconds: int | None = None

    def __post_init__(self) -> None:
        if self.consent.with_name is (self.name is None):
            raise ValueError("a name is stored with the consent to hand it over, and only then")


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


def sign_statements(
    slug: str, keyring: Keyring, new: NewSignature, saving: Statement, was: int
) -> tuple[Statement, ...]:
    """Returns the transaction of signing; `saving` writes the conversation if still at `was`."""
    signature_id = rising_id(new.at)

    def sealed(plain: str, column: str) -> bytes:
        return keyring.seal(plain, table="signatures", column=column, row=signature_id)

    values: dict[str, Value] = {
        "petition": slug,
        "supporter": new.supporter,
        "id": signature_id,
        "was": was,
        "at": to_millis(new.at),
        "name": None if new.name is None else sealed(new.name, "name_sealed"),
        "chat": sealed(str(new.chat_id), "chat_sealed"),
        "language": new.language,
        "source": new.source,
        "form_seconds": new.form_seconds,
        "text_version": new.consent.text_version,
    }
    is_signed = Statement(_IS_SIGNED, {"id": signature_id})
    return (
        locking_petition(slug),
        *((Statement(_PLACE, values),) if was == 0 else ()),
        lock_conversation(slug, new.supporter),
        Statement(_SIGN, values),
        *consent_statements(slug, signature_id, new.consent, new.at, is_signed),
        Statement(_COUNT, values),
        Statement(_OUTCOME, values),
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
        change: what those who were given the signature are told.
        notice: the id of the sentence to the person that tells of it; others are erased.
        only_if: the condition without which nothing is erased.
    """
    person: dict[str, Value] = {"petition": slug, "supporter": supporter}

    def if_so(sql: str, **more: Value) -> Statement:
        return Statement(f"{sql} AND {only_if.sql}", {**only_if.values, **person, **more})

    erase = if_so(_ERASE)
    return (
        locking_petition(slug),
        Statement(_LOCK_SIGNATURE, person),
        if_so(_DISCOUNT),
        if_so(_FORGET_PERSON, stage=stage),
        all_due(slug, supporter, only_if=only_if),
        all_forgotten(slug, supporter, but=notice, only_if=only_if),
        change_noted(slug, supporter, change, at, only_if=only_if),
        Statement(f"{erase.sql} RETURNING number", erase.values, noted),
        *COUNT_ERASED,
        Statement(_FORGET_CODE, person),
    )


def was_withdrawn(rows: list[list[Row]]) -> bool:
    """Returns whether the transaction of withdrawing erased a signature."""
    *_, erased, _counted, _deleted, _forgotten = rows
    return bool(erased)
