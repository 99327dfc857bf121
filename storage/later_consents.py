"""Consents that are given after signing, and what somebody answers who is asked again.

A restored backup may have lost such an answer: then they are asked once more, and lose nothing.
"""

from dataclasses import dataclass
from datetime import datetime

from storage.audit import Audit
from storage.database import Statement, Value
from storage.ids import rising_id
from storage.petitions import lock_petition
from storage.signing import Consent, lock_conversation
from storage.times import to_millis

WITH_NAME = "with_name"
"""The purpose of a consent to nothing but that the name is handed over."""
NEW_TEXTS = "new_texts"
"""The purpose of a consent to changed texts; the choices stay with the consent to sign."""

IS_TO_SIGN = f"c.purposes NOT IN ('{WITH_NAME}', '{NEW_TEXTS}')"
"""Whether the consent `c` is the one given when signing, which has the choices."""

_CONSENT_TEXT = """
INSERT INTO consent_texts (sha256, petition, language, version, text)
SELECT :sha256, :petition, :language, :text_version, :text
WHERE {only_if}
ON CONFLICT (sha256) DO NOTHING
"""

_CONSENT = """
INSERT INTO consents (
  id, petition, signature_id, purposes, text_sha256, text_version, language, channel, message_id,
  given_at, with_name
)
SELECT :consent_id, :petition, :id, :purposes, :sha256, :text_version, :language, 'telegram',
  CAST(:message_id AS BIGINT), CAST(:at AS BIGINT), CAST(:agreed_with_name AS BIGINT)
WHERE {only_if}
"""

# Under which text it was handed over stays as it is.
_MAY_ANSWER = """
EXISTS (
  SELECT 1 FROM signatures own
  JOIN conversations c ON c.petition = own.petition AND c.supporter = own.supporter
  WHERE own.id = :id AND own.text_version <> :new_version AND c.version = :was
)
AND NOT EXISTS (SELECT 1 FROM handovers h WHERE h.petition = :petition AND h.undone_at IS NULL)
"""

_ACCEPT = f"""
UPDATE signatures SET text_version = :new_version WHERE id = :id AND {_MAY_ANSWER} RETURNING id
"""  # noqa: S608 - constants of this file

_KEEP = f"""
UPDATE signatures SET kept_version = :new_version WHERE id = :id AND {_MAY_ANSWER} RETURNING id
"""  # noqa: S608 - constants of this file


@dataclass(frozen=True, slots=True)
class TextsAnswer:
    """What somebody answers about texts that changed after they signed.

    Attributes:
        version: of the present texts.
        consent: to these; None keeps the consent to the earlier ones.
    """

    version: str
    consent: Consent | None


def later_consent(
    consent_id: bytes,
    slug: str,
    signature_id: bytes,
    consent: Consent,
    at: datetime,
    only_if: Statement,
) -> tuple[Statement, Statement]:
    """Returns what writes a consent of one purpose, and its words once.

    Args:
        consent_id: of the new row.
        slug: the petition.
        signature_id: whose consent it is.
        consent: what was agreed to.
        at: when.
        only_if: an SQL condition with its values.
    """
    known: dict[str, Value] = {
        **only_if.values,
        "petition": slug,
        "id": signature_id,
        "sha256": consent.sha256,
        "language": consent.language,
        "text_version": consent.text_version,
    }
    (purpose,) = consent.purposes
    given: dict[str, Value] = {
        "consent_id": consent_id,
        "purposes": purpose,
        "message_id": consent.message_id,
        "at": to_millis(at),
        "agreed_with_name": int(consent.with_name),
    }
    return (
        Statement(_CONSENT_TEXT.format(only_if=only_if.sql), {**known, "text": consent.text}),
        Statement(_CONSENT.format(only_if=only_if.sql), {**known, **given}),
    )


def answer_statements(
    slug: str,
    audit: Audit,
    supporter: bytes,
    signature_id: bytes,
    answer: TextsAnswer,
    at: datetime,
    saving: Statement,
    was: int,
) -> tuple[Statement, ...]:
    """Returns the transaction of an answer; `saving` as in `sign_statements`.

    The last but one yields a row if it had an effect.
    """
    values: dict[str, Value] = {
        "petition": slug,
        "id": signature_id,
        "new_version": answer.version,
        "was": was,
    }
    may = Statement(_MAY_ANSWER, values)
    accepts = answer.consent is not None
    written = (
        later_consent(rising_id(at), slug, signature_id, answer.consent, at, may)
        if answer.consent
        else ()
    )
    return (
        lock_petition(slug),
        lock_conversation(slug, supporter),
        audit.statement(
            "texts_accepted" if accepts else "texts_kept", actor=None, at=at, only_if=may
        ),
        *written,
        Statement(_ACCEPT if accepts else _KEEP, values),
        saving,
    )
