"""A broadcast and its progress, read at one moment."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.cli.context import CliContext
from storage import Broadcast, Kind, RecallTally, Tally


@dataclass(frozen=True, slots=True)
class BroadcastSnapshot:
    """A broadcast as it now is, and its progress.

    `attended` says whether a bot holds the lease to send this petition's broadcasts, `not_told` of
    a breach's notice that has ended how many signers are not known to have it.
    """

    broadcast: Broadcast
    tally: Tally
    recall: RecallTally | None
    attended: bool
    not_told: int | None = None

    @property
    def total(self) -> int:
        """How many recipients there are; until that is known, how many were confirmed."""
        if self.broadcast.is_enqueued:
            return self.tally.total
        return max(self.broadcast.expected or 0, self.tally.total)

    @property
    def left(self) -> int:
        """How many recipients have no outcome yet."""
        return self.total - self.tally.done

    @property
    def is_settled(self) -> bool:
        """Whether it has ended and is not being recalled."""
        return self.broadcast.is_over and not self.broadcast.is_recalling


async def read_snapshot(context: CliContext, broadcast: Broadcast) -> BroadcastSnapshot:
    """Reads a broadcast and its progress."""
    storage = context.storage
    now = await storage.broadcasts.get(broadcast.id) or broadcast
    recall = await storage.recalls.tally(now.id) if now.recall_started_at is not None else None
    lease = await storage.leases.look(storage.broadcasts.lease)
    attended = lease is not None and lease.expires_at > context.clock()
    tally, not_told = await storage.broadcasts.tally(now.id), None
    if now.kind is Kind.BREACH and now.is_over:
        not_told = await storage.broadcasts.not_told(now.id)
    return BroadcastSnapshot(now, tally, recall, attended, not_told)


def snapshot_json(snapshot: BroadcastSnapshot) -> dict[str, Any]:
    """Returns a snapshot for JSON: names as in the database, times in UTC, no personal data."""
    broadcast, tally, recall = snapshot.broadcast, snapshot.tally, snapshot.recall
    return {
        "id": broadcast.id.hex(),
        "kind": broadcast.kind.value,
        "state": broadcast.state,
        "pause_reason": broadcast.pause_reason,
        "stop_reason": broadcast.stop_reason,
        "reason_detail": broadcast.reason_detail,
        "audience": {
            "language": broadcast.audience.language,
            "news_only": broadcast.audience.news_only,
        },
        "paid": broadcast.paid,
        "created_at": _moment(broadcast.created_at),
        "starts_at": _moment(broadcast.starts_at),
        "started_at": _moment(broadcast.started_at),
        "ended_at": _moment(broadcast.ended_at),
        "recipients": snapshot.total,
        "recipients_known": broadcast.is_enqueued,
        "pending": tally.pending,
        "sending": tally.sending,
        "delivered": tally.delivered,
        "unreachable": tally.unreachable,
        "unconfirmed": tally.unconfirmed,
        "rejected": tally.rejected,
        "forbidden": tally.forbidden,
        "withdrawn": tally.withdrawn,
        **({} if snapshot.not_told is None else {"not_told": snapshot.not_told}),
        "attended": snapshot.attended,
        "recall": recall
        and {
            "started_at": _moment(broadcast.recall_started_at),
            "ended_at": _moment(broadcast.recall_ended_at),
            "total": recall.total,
            "deleted": recall.deleted,
            "failed": recall.failed,
            "open": recall.open,
        },
    }


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
