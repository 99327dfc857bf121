"""What the audit log says, newest first."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from storage.tables import AUDIT
from storage.transaction import Transaction


@dataclass(frozen=True)
class AuditEntry:
    """One action; `actor` is a Telegram user id, or None for the bot itself."""

    at: datetime
    actor: int | None
    action: str
    detail: str


def newest_audit_entries(tx: Transaction, limit: int) -> list[AuditEntry]:
    """Returns the newest entries, newest first."""
    query = select(AUDIT).where(tx.of(AUDIT)).order_by(AUDIT.c.at.desc(), AUDIT.c.id.desc())
    return [
        AuditEntry(row.at, tx.unsealed(AUDIT, row)["actor"], row.action, row.detail)
        for row in tx.all(query.limit(limit))
    ]
