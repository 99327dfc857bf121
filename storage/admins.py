"""What is kept of the admins: their names, the messages they are writing, and the audit log.

The log says who did what, and when: an admin, or without one the bot or the shell. An entry is
written in the transaction of the action itself, so neither exists without the other. Its `detail`
says what was done and never holds personal data; names, drafts and who did it are encrypted. New
queries about admins go here.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import func, select

from storage.tables import ADMIN_NAMES, AUDIT, DRAFTS
from storage.transaction import Row, Transaction


def names_of_admins(tx: Transaction, admins: Iterable[int | None]) -> dict[int, str]:
    """Returns how to call these admins; those of whom nothing is known are left out.

    Telegram lets people choose any name, also another admin's, with their number behind it:
    where two have the same one, or one has a digit in it, each is given with their number.
    """
    opened = [tx.unsealed(ADMIN_NAMES, row) for row in tx.every(ADMIN_NAMES)]
    stored = {each["admin"]: each["name"] for each in opened if each["name"] is not None}
    having = Counter(name.casefold() for name in stored.values())
    names: dict[int, str] = {}
    for admin in set(filter(None, admins)):
        name = stored.get(tx.keyring.reference(tx.slug, admin))
        if name is not None:
            is_clear = having[name.casefold()] == 1 and not any(map(str.isdigit, name))
            names[admin] = name if is_clear else f"{name} ({admin})"
    return names


def save_admin_name(tx: Transaction, admin: int, name: str | None, at: datetime) -> None:
    """Stores what Telegram calls an admin, by their user id; without a name, none is kept."""
    reference = tx.keyring.reference(tx.slug, admin)
    row = tx.find(ADMIN_NAMES, reference)
    if name is None:
        tx.delete(ADMIN_NAMES, reference)
    elif row is None or tx.unsealed(ADMIN_NAMES, row)["name"] != name:
        tx.put(ADMIN_NAMES, admin=reference, name=name, updated_at=at)


def find_draft(tx: Transaction, admin: bytes) -> str | None:
    """Returns an admin's draft, a text of the handlers; None without one, or if it is damaged."""
    row = tx.find(DRAFTS, admin)
    return None if row is None else tx.unsealed(DRAFTS, row)["body"]


def store_draft(tx: Transaction, admin: bytes, body: str, at: datetime) -> None:
    """Stores a draft in place of the one before."""
    tx.put(DRAFTS, admin=admin, body=body, updated_at=at)


def delete_draft(tx: Transaction, admin: bytes) -> None:
    """Deletes a draft; does nothing if there is none."""
    tx.delete(DRAFTS, admin)


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
