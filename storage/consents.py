"""Consents: to what was agreed when signing, and what the owner of a signature chose later.

Until the petition was handed over they can answer whether changed texts are theirs, and give or
take off their name (`signed_names.py`). A restored backup may have lost an answer to texts: then
they are asked once more, and lose nothing.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from storage.audit import Audit
from storage.database import Statement, Value
from storage.ids import rising_id
from storage.times import to_millis

WITH_NAME = "with_name"
"""The purpose of a consent to nothing but that the name is handed over."""
NEW_TEXTS = "new_texts"
"""The purpose of a consent to changed texts; the choices stay with the consent to sign."""

IS_TO_SIGN = f"c.purposes NOT IN ('{WITH_NAME}', '{NEW_TEXTS}')"
"""Whether the consent `c` is the one given when signing, which has the choices."""

_TEXT = """
INSERT INTO consent_texts (sha256, petition, language, version, text)
SELECT :sha256, :petition, :consent_language, :text_version, :text
WHERE {only_if}
ON CONFLICT (sha256) DO NOTHING
"""

_GIVE = """
INSERT INTO consents (
  id, petition, signature_id, purposes, updates_at_most, text_sha256, text_version, language,
  channel, message_id, given_at, with_name
)
SELECT :consent_id, :petition, :signature_id, :purposes, CAST(:updates_at_most AS BIGINT), :sha256,
  :text_version, :consent_language, 'telegram', CAST(:message_id AS BIGINT),
  CAST(:given_at AS BIGINT), CAST(:agreed_with_name AS BIGINT)
WHERE {only_if}
"""

NOT_HANDED_OVER = """
NOT EXISTS (SELECT 1 FROM handovers h WHERE h.petition = :petition AND h.undone_at IS NULL)
"""

_MAY_ANSWER = f"""
EXISTS (
  SELECT 1 FROM signatures own
  JOIN conversations c ON c.petition = own.petition AND c.supporter = own.supporter
  WHERE own.id = :id AND own.text_version <> :version AND c.version = :was
)
AND {NOT_HANDED_OVER}
"""  # noqa: S608 - a constant of this file

_ANSWER = "UPDATE signatures SET {column} = :version WHERE id = :id AND {may} RETURNING id"


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


@dataclass(frozen=True, slots=True)
class TextsAnswer:
    """What somebody answers about texts that changed after they signed.

    Attributes:
        version: of the present texts.
        consent: to these; None keeps the consent to the earlier ones.
    """

    version: str
    consent: Consent | None


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose signature it is that something is chosen for, in a conversation at version `was`.

    Attributes:
        stands_under: the consent under which it has its name; None without one.
    """

    slug: str
    supporter: bytes
    signature_id: bytes
    stands_under: bytes | None
    was: int


def consent_statements(
    slug: str,
    signature_id: bytes,
    consent: Consent,
    at: datetime,
    only_if: Statement,
    consent_id: bytes | None = None,
) -> tuple[Statement, ...]:
    """Returns what writes a consent, on an SQL condition with its values.

    Its words and the privacy notice are written once.
    """
    purposes = sorted(consent.purposes, key=lambda each: (each != "signature", each))
    values: dict[str, Value] = {
        **only_if.values,
        "petition": slug,
        "consent_id": consent_id or rising_id(at),
        "signature_id": signature_id,
        "purposes": ",".join(purposes),
        "updates_at_most": consent.updates_at_most,
        "sha256": consent.sha256,
        "text": consent.text,
        "text_version": consent.text_version,
        "consent_language": consent.language,
        "message_id": consent.message_id,
        "given_at": to_millis(at),
        "agreed_with_name": int(consent.with_name),
    }
    text = _TEXT.format(only_if=only_if.sql)
    sha256 = hashlib.sha256(consent.notice.encode()).digest()
    notice: dict[str, Value] = {"text": consent.notice, "sha256": sha256}
    return (
        *((Statement(text, {**values, **notice}),) if consent.notice else ()),
        Statement(text, values),
        Statement(_GIVE.format(only_if=only_if.sql), values),
    )


def texts_statements(
    audit: Audit, owner: Owner, answer: TextsAnswer, at: datetime
) -> tuple[Statement, ...]:
    """Returns what stores an answer; the last yields a row if it had an effect."""
    action, column = (
        ("texts_accepted", "text_version") if answer.consent else ("texts_kept", "kept_version")
    )
    may = Statement(
        _MAY_ANSWER,
        {
            "petition": owner.slug,
            "id": owner.signature_id,
            "version": answer.version,
            "was": owner.was,
        },
    )
    return (
        audit.statement(action, actor=None, at=at, only_if=may),
        *(
            consent_statements(owner.slug, owner.signature_id, answer.consent, at, may)
            if answer.consent
            else ()
        ),
        Statement(_ANSWER.format(column=column, may=may.sql), may.values),
    )
