"""The rows of leases: who answers for a petition, who sends, and which processes are alive.

On PostgreSQL they end by the server's clock; on SQLite there is one process, and no clock.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from storage.tables import LEASES
from storage.transaction import Transaction

NOW = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"
"""The server's time in SQL, in milliseconds."""

_COLUMNS = LEASES.c


@dataclass(slots=True)
class Peers:
    """What the live replicas of a petition know of each other.

    Attributes:
        replies: how many new messages this one has answered people with.
        others: how many replicas there are beside this one.
        their_replies: with how many new messages a second those answer people.
    """

    replies: int = 0
    others: int = 0
    their_replies: float = 0.0


def lock_name(petition: str) -> str:
    """Returns the name of the lock of the process that answers for a petition."""
    return f"intake/{petition}"


def replicas_of(name: str) -> str:
    """Returns how the names begin of the leases by which each replica of a petition is alive."""
    return f"replica of {name}/"


def replica_name(name: str) -> str:
    """Returns a new name for the lease of one replica, of the petition with this lock."""
    return replicas_of(name) + secrets.token_hex(8)


def take_over(tx: Transaction, holder: str, at: datetime) -> None:
    """Notes which process answers for the petition, so that the one before can send no more."""
    tx.put(LEASES, name=lock_name(tx.slug), holder=holder, expires_at=at)


def is_holder(tx: Transaction, holder: str) -> bool:
    """Tells whether this process is the one that answers for the petition."""
    return tx.find(LEASES, lock_name(tx.slug), _COLUMNS.holder == holder) is not None


def is_alive(dialect: str, name: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """Returns the condition that the replica with the lease of this name is alive."""
    if dialect == "sqlite":
        return sa.false()  # whoever asks is the only process
    lasts = _COLUMNS.expires_at > sa.literal_column(NOW, _COLUMNS.expires_at.type)
    return name.in_(sa.select(_COLUMNS.name).where(lasts))
