"""The audit log: which admin did what, and when. New queries about it go here.

An entry is written in the transaction of the action itself, so neither exists without the other.
`detail` says what was done and never holds personal data; the admin's id is encrypted.
"""

from datetime import datetime

from sqlalchemy import func, select

from storage.tables import AUDIT
from storage.transaction import Transaction


def add_audit(
    tx: Transaction, action: str, *, at: datetime, actor: int | None = None, detail: str = ""
) -> None:
    """Writes an entry; the actor is a Telegram user id, or None for the bot itself."""
    tx.add(AUDIT, id=tx.new_id(at), at=at, actor=actor, action=action, detail=detail)


def last_backup(tx: Transaction) -> tuple[datetime, str] | None:
    """Returns when the newest backup was made, and where: `machine:/path`, or "" if unknown."""
    at, detail = AUDIT.c.at, AUDIT.c.detail
    backups = select(at, detail).where(tx.of(AUDIT), AUDIT.c.action == "backup")
    row = tx.first(backups.order_by(at.desc()).limit(1))
    return None if row is None else (row.at, row.detail)


def last_done(tx: Transaction, action: str, detail: str = "") -> datetime | None:
    """Returns when an action whose detail begins so was done last, or None."""
    begins = func.substr(AUDIT.c.detail, 1, len(detail)) == detail
    query = select(func.max(AUDIT.c.at)).where(tx.of(AUDIT), AUDIT.c.action == action, begins)
    return tx.scalar(query)
