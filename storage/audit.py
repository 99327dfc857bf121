"""The audit log: which admin did what, and when. New queries about it go here.

An entry is written in the transaction of the action itself, so neither exists without the other.
`detail` says what was done and never holds personal data; the admin's id is encrypted.
"""

import uuid
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select, text

from storage.database import Database, Statement
from storage.keyring import Keyring
from storage.petition_rows import PetitionRows, as_read, as_write
from storage.tables import AUDIT
from storage.times import to_millis
from storage.transaction import Transaction

_RECORD = """
INSERT INTO audit (id, petition, at, actor_sealed, action, detail)
SELECT :audit_id, :petition, :audit_at, :audit_actor, :audit_action, :audit_detail
WHERE {only_if}
"""

_ADD_UP = text("""
INSERT INTO audit (id, petition, at, action, detail)
VALUES (:id, :petition, :at, :action, :detail)
ON CONFLICT (id) DO UPDATE
SET detail = CAST(CAST(audit.detail AS BIGINT) + CAST(excluded.detail AS BIGINT) AS TEXT)
""")

ALWAYS = Statement("1 = 1")
"""A condition that always holds."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One action; `actor` is a Telegram user id, or None for the bot itself."""

    at: datetime
    actor: int | None = field(repr=False)
    action: str
    detail: str


def add_audit(
    tx: Transaction, action: str, *, at: datetime, actor: int | None = None, detail: str = ""
) -> None:
    """Writes an entry, in the transaction of the action.

    Args:
        tx: the transaction.
        action: what was done, in one word.
        at: when it was done.
        actor: the Telegram user id of who did it; None for the bot itself.
        detail: more about it; never personal data.
    """
    key = tx.new_id(at)
    sealed = None if actor is None else tx.seal(actor, AUDIT.c.actor_sealed, key)
    tx.add(AUDIT, id=key, at=at, actor_sealed=sealed, action=action, detail=detail)


def add_up_audit(tx: Transaction, action: str, people: int, *, entry: bytes, at: datetime) -> None:
    """Adds a number to the one entry of what takes many transactions.

    Args:
        tx: the transaction.
        action: what is done, in one word.
        people: for how many this one does it.
        entry: the entry's id, 16 bytes, the same in each of the transactions.
        at: when the first of them began.
    """
    values = {"id": entry, "petition": tx.slug, "at": to_millis(at), "action": action}
    tx.change(_ADD_UP, {**values, "detail": str(people)})


def last_done(tx: Transaction, action: str, detail: str = "") -> datetime | None:
    """Returns when an action whose detail begins so was done last, or None."""
    begins = func.substr(AUDIT.c.detail, 1, len(detail)) == detail
    query = select(func.max(AUDIT.c.at)).where(tx.of(AUDIT), AUDIT.c.action == action, begins)
    done: datetime | None = tx.scalar(query)
    return done


def newest_entries(tx: Transaction, limit: int) -> list[AuditEntry]:
    """Returns the newest entries, newest first."""
    query = select(AUDIT).where(tx.of(AUDIT)).order_by(AUDIT.c.at.desc(), AUDIT.c.id.desc())
    return [
        AuditEntry(
            row.at,
            tx.opened_id(row.actor_sealed, AUDIT.c.actor_sealed, row.id),
            row.action,
            row.detail,
        )
        for row in tx.all(query.limit(limit))
    ]


class Audit(PetitionRows):
    """The audit log of one petition; entries are only ever added."""

    def statement(
        self,
        action: str,
        *,
        actor: int | None,
        at: datetime,
        detail: str = "",
        only_if: Statement = ALWAYS,
    ) -> Statement:
        """Returns the statement of an entry, to run in the transaction of the action.

        Args:
            action: what was done, in one word.
            actor: the Telegram user id of who did it; None for the bot itself.
            at: when it was done.
            detail: more about it; never personal data.
            only_if: an SQL condition with its values, true if the action has an effect.
        """
        audit_id = uuid.uuid4().bytes
        sealed = None
        if actor is not None:
            sealed = self._sealed(actor, "audit", "actor_sealed", audit_id)
        return Statement(
            _RECORD.format(only_if=only_if.sql),
            {
                **only_if.values,
                "petition": self._slug,
                "audit_id": audit_id,
                "audit_at": to_millis(at),
                "audit_actor": sealed,
                "audit_action": action,
                "audit_detail": detail,
            },
        )

    record = as_write(add_audit)
    last = as_read(last_done)
    entries = as_read(newest_entries)


class AuditedRows(PetitionRows):
    """Rows of one petition, of whose changes some are in its audit log."""

    def __init__(self, database: Database, slug: str, keyring: Keyring) -> None:
        super().__init__(database, slug, keyring)
        self._audit = Audit(database, slug, keyring)
