"""Rows of broadcasts and of their deliveries, made readable with the key."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from storage.crypto import Keyring
from storage.database import Row
from storage.deliveries import Delivery
from storage.errors import BrokenData
from storage.times import from_millis


@dataclass(frozen=True, slots=True)
class Broadcast:
    """A broadcast as it stands.

    Attributes:
        content: the HTML of each language.
        finished_at: when its end was reported; None until then.
    """

    id: bytes
    kind: str
    state: str
    content: dict[str, str]
    content_sha256: bytes
    total: int
    created_at: datetime
    finished_at: datetime | None
    stop_reason: str | None
    progress_chat: int | None
    progress_message_id: int | None
    started_by: int

    @property
    def is_running(self) -> bool:
        """Whether there may still be something to send."""
        return self.state == "running"


@dataclass(frozen=True, slots=True)
class Claimed:
    """Claimed rows, sorted by whether they can be sent."""

    deliveries: list[Delivery] = field(default_factory=list)
    withdrawn: list[int] = field(default_factory=list)
    unreadable: list[int] = field(default_factory=list)


def read_broadcast(row: Row, keyring: Keyring) -> Broadcast:
    """A row of `broadcasts`."""

    def chat(column: str) -> int:
        return int(keyring.open(row[column], table="broadcasts", column=column, row=row["id"]))

    return Broadcast(
        id=row["id"],
        kind=row["kind"],
        state=row["state"],
        content=json.loads(row["content"]),
        content_sha256=row["content_sha256"],
        total=row["total"],
        created_at=from_millis(row["created_at"]),
        finished_at=from_millis(row["finished_at"]),
        stop_reason=row["stop_reason"],
        progress_chat=chat("progress_chat_sealed") if row["progress_chat_sealed"] else None,
        progress_message_id=row["progress_message_id"],
        started_by=chat("started_by_sealed"),
    )


def read_claimed(rows: Iterable[Row], claim: bytes, keyring: Keyring) -> Claimed:
    """Rows of `deliveries` with the sealed chat id of each one's signature."""
    claimed = Claimed()
    for row in rows:
        position, signature = row["position"], row["signature_id"]
        if signature is None or row["chat_sealed"] is None:
            claimed.withdrawn.append(position)
            continue
        try:
            chat = keyring.open(
                row["chat_sealed"], table="signatures", column="chat_sealed", row=signature
            )
        except BrokenData:
            claimed.unreadable.append(position)
            continue
        claimed.deliveries.append(
            Delivery(position, int(chat), row["language"], row["attempts"], claim)
        )
    return claimed
