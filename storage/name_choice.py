"""Changing whether a signature is handed over with its name, as statements of one transaction.

It can be changed until the petition was handed over. Giving the name is a consent of its own, with
its words; taking it off ends the consents that had it (GDPR art. 7(3)).
"""

from dataclasses import dataclass
from datetime import datetime

from storage.audit import Audit
from storage.changes_after_export import Change, note_change
from storage.database import Statement, Value
from storage.ids import rising_id
from storage.journal import Deed, Entry
from storage.later_consents import later_consent
from storage.petitions import lock_petition
from storage.signing import Consent, lock_conversation
from storage.times import to_millis

_MAY_CHANGE = """
EXISTS (
  SELECT 1 FROM signatures own
  JOIN conversations c ON c.petition = own.petition AND c.supporter = own.supporter
  WHERE own.id = :id AND own.with_name <> :with_name AND c.version = :was
)
AND NOT EXISTS (SELECT 1 FROM handovers h WHERE h.petition = :petition AND h.undone_at IS NULL)
"""

_END_CONSENT = f"""
UPDATE consents SET with_name_ended_at = :at
WHERE signature_id = :id AND with_name = 1 AND with_name_ended_at IS NULL AND {_MAY_CHANGE}
"""  # noqa: S608 - constants of this file

_CHANGE = f"""
UPDATE signatures SET with_name = :with_name WHERE id = :id AND {_MAY_CHANGE} RETURNING id
"""  # noqa: S608 - constants of this file


@dataclass(frozen=True, slots=True)
class NameChoice:
    """Another choice than the one that was made when signing, or last.

    Attributes:
        consent: to handing over the name; None takes it off.
    """

    supporter: bytes
    signature_id: bytes
    consent: Consent | None
    at: datetime


def choice_statements(
    slug: str, audit: Audit, new: NameChoice, saving: Statement, was: int
) -> tuple[Statement, ...]:
    """Returns the transaction of a change; `saving` as in `sign_statements`.

    The last but one yields a row if it had an effect: not once the petition was handed over.
    """
    with_name = new.consent is not None
    values: dict[str, Value] = {
        "petition": slug,
        "id": new.signature_id,
        "with_name": int(with_name),
        "was": was,
    }
    may = Statement(_MAY_CHANGE, values)
    consent_id = rising_id(new.at)
    # With the consent's id, so that a restored copy tells whether it is in it.
    noted = Entry(Deed.WITH_NAME, new.signature_id, consent_id.hex() if with_name else "0")
    return (
        lock_petition(slug),
        lock_conversation(slug, new.supporter),
        note_change(
            slug,
            new.supporter,
            Change.NAME_GIVEN if with_name else Change.NAME_REMOVED,
            new.at,
            only_if=may,
        ),
        audit.statement(
            "name_given" if with_name else "name_removed", actor=None, at=new.at, only_if=may
        ),
        *_consent(slug, new, consent_id, values),
        Statement(_CHANGE, values, noted),
        saving,
    )


def _consent(
    slug: str, new: NameChoice, consent_id: bytes, values: dict[str, Value]
) -> tuple[Statement, ...]:
    """Returns what writes the consent to handing over the name, or ends those there are."""
    if new.consent is None:
        return (Statement(_END_CONSENT, {**values, "at": to_millis(new.at)}),)
    return later_consent(
        consent_id, slug, new.signature_id, new.consent, new.at, Statement(_MAY_CHANGE, values)
    )
