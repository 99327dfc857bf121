"""The audit log: which admin did what, and when. New queries about it go here.

An entry is written in the transaction of the action itself, so neither exists without the other.
`detail` says what was done and never holds personal data; the admin's id is encrypted.
"""

from datetime import datetime

from sqlalchemy import func, select

from storage.tables import AUDIT
from storage.transaction import Row, Transaction


def add_audit(
    tx: Transaction, action: str, *, at: datetime, actor: int | None = None, detail: str = ""
) -> None:
    """Writes an entry; the actor is a Telegram user id, or None for the bot itself."""
    tx.add(AUDIT, id=tx.new_id(at), at=at, actor=actor, action=action, detail=detail)


def last_done(tx: Transaction, action: str, detail: str = "") -> Row | None:
    """Returns `at` and `detail` of the newest entry of an action whose detail begins so."""
    own, columns = tx.of(AUDIT), AUDIT.c
    begins = func.substr(columns.detail, 1, len(detail)) == detail
    query = select(columns.at, columns.detail).where(own, columns.action == action, begins)
    return tx.first(query.order_by(columns.at.desc()).limit(1))
