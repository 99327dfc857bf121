"""Drafts: the message that each admin is writing, in one encrypted column.

The handlers define what is in it; here it is a text.
"""

from datetime import datetime

from storage.tables import DRAFTS
from storage.transaction import Transaction


def find_draft(tx: Transaction, admin: bytes) -> str | None:
    """Returns an admin's draft; None if there is none, or it cannot be decrypted."""
    row = tx.find(DRAFTS, admin)
    return None if row is None else tx.unsealed(DRAFTS, row)["body"]


def store_draft(tx: Transaction, admin: bytes, body: str, at: datetime) -> None:
    """Stores a draft in place of the one before."""
    tx.put(DRAFTS, admin=admin, body=body, updated_at=at)


def delete_draft(tx: Transaction, admin: bytes) -> None:
    """Deletes a draft; does nothing if there is none."""
    tx.delete(DRAFTS, admin)
