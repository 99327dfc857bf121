"""Broadcasts: one message to many, started once and sent by the process that holds the lease.

Queries about a broadcast go here. Starting one is in `broadcast_start.py`, its state changes are
in `broadcast_transitions.py`, its recipients' rows in `deliveries.py`, and `eligibility.py`
defines who may receive it.
"""

from datetime import datetime, timedelta
from typing import Final

from storage.approvals import Approvals
from storage.audit import Audit
from storage.broadcast_report import TIMELINE, Moment, read_timeline, width_of
from storage.broadcast_rows import Broadcast, read_broadcast
from storage.broadcast_start import (
    AlreadyRunning,
    AudienceChanged,
    NewBroadcast,
    PetitionOpen,
    begin_statements,
    start_statements,
)
from storage.broadcast_transitions import (
    CANCEL,
    FINISH,
    HOLD,
    PAUSE,
    RECALL,
    REPORTED,
    REQUEST_CANCEL,
    RESUME,
    SET_PROGRESS,
    STOP,
    Transition,
    steering_statements,
)
from storage.database import Database, Row, Statement, Value
from storage.deliveries import TALLY, Deliveries, Tally
from storage.delivery_claims import lock_broadcast
from storage.eligibility import AUDIENCE, EVERYONE, MUTED, UNREACHABLE, Audience, Kind
from storage.finding import ACTIVE, DUE, HISTORY, ONE, SCHEDULED
from storage.keyring import Keyring
from storage.recalls import RECALLABLE_FOR
from storage.times import to_millis

# A planned broadcast that is later than this waits for an admin: it may be out of date.
LATE: Final = timedelta(hours=1)

_PETITION: Final = "SELECT closed_at, last_number FROM petitions WHERE slug = :petition"


class Broadcasts:
    """The broadcasts of one petition."""

    def __init__(
        self, database: Database, slug: str, keyring: Keyring, audit: Audit | None = None
    ) -> None:
        self._database = database
        self._slug = slug
        self._keyring = keyring
        self._audit = audit or Audit(database, slug, keyring)
        self.approvals = Approvals(self.get, self._steer, keyring)
        self.deliveries = Deliveries(database, slug, keyring)

    @property
    def lease(self) -> str:
        """The name of the lease under which this petition's broadcasts are sent."""
        return self.deliveries.lease

    async def audience(
        self,
        *,
        kind: Kind = Kind.CLOSING,
        audience: Audience = EVERYONE,
        topic: str | None = None,
        cutoff: int | None = None,
    ) -> dict[str, int]:
        """Returns how many would receive a broadcast started now, by the language they read.

        Args:
            kind: what it is about.
            audience: which of the signers it goes to.
            topic: who received a broadcast on it is not counted; left out, that of all closing
                updates, or none for another kind.
            cutoff: the number of the last signature to count, or None for all.
        """
        known = topic or (Kind.CLOSING if kind is Kind.CLOSING else "")
        # No broadcast has an empty id, so deliveries of every broadcast are considered.
        asked: dict[str, Value] = {
            "petition": self._slug,
            "topic": known,
            "news_only": int(audience.news_only or kind is Kind.NEWS),
            "only": audience.language,
            "cutoff": await self.last_number() if cutoff is None else cutoff,
            "broadcast": b"",
        }
        rows = await self._database.read(Statement(AUDIENCE, asked))
        return {row["language"]: row["recipients"] for row in rows}

    async def last_number(self) -> int:
        """Returns the number of the newest signature there has been; later ones are higher."""
        return int((await self._petition())["last_number"])

    async def unreachable(self) -> int:
        """Returns how many signers are unreachable: they blocked the bot or left Telegram."""
        rows = await self._database.read(Statement(UNREACHABLE, {"petition": self._slug}))
        return int(rows[0]["people"])

    async def muted(self) -> int:
        """Returns how many reachable signers asked for no messages."""
        rows = await self._database.read(Statement(MUTED, {"petition": self._slug}))
        return int(rows[0]["people"])

    async def start(
        self, plan: NewBroadcast
    ) -> Broadcast | AlreadyRunning | PetitionOpen | AudienceChanged:
        """Stores a broadcast, for the worker to send now or at its time.

        Its content is fixed from then on. Starting the same id again returns it as it now is.
        """
        known = await self.get(plan.id)
        if known is not None:
            return known
        await self._database.write(*start_statements(plan, self._slug, self._keyring))
        return await self.get(plan.id) or await self._refusal(plan)

    async def begin(
        self,
        broadcast: Broadcast,
        at: datetime,
        hold: str | None = None,
        at_most: int | None = None,
    ) -> Broadcast:
        """Begins a planned broadcast; one that is late is paused until an admin decides.

        Args:
            broadcast: one whose time has come.
            at: now.
            hold: a reason to pause it even if it is not late.
            at_most: with more recipients than this, another admin has to approve it first; None
                if no approval is needed, or it was given.
        """
        late = broadcast.starts_at is not None and at - broadcast.starts_at > LATE
        reason = hold or ("late: " if late else None)
        await self._database.write(*begin_statements(self._slug, broadcast, at, reason, at_most))
        return await self.get(broadcast.id) or broadcast

    async def get(self, id: bytes) -> Broadcast | None:  # noqa: A002 - its name everywhere
        """Returns a broadcast, or None if there is none with this id."""
        return _first(await self._some(ONE, id=id))

    async def active(self) -> Broadcast | None:
        """Returns the broadcast that is running or paused, if there is one."""
        return _first(await self._some(ACTIVE))

    async def scheduled(self) -> list[Broadcast]:
        """Returns the planned broadcasts, the earliest first."""
        return await self._some(SCHEDULED)

    async def due(self, at: datetime) -> list[Broadcast]:
        """Returns the broadcasts that need a worker, the most urgent first."""
        return await self._some(DUE, at=to_millis(at))

    async def latest(self) -> Broadcast | None:
        """Returns the newest broadcast, whatever its state."""
        return _first(await self.history(limit=1))

    async def history(self, *, limit: int = 10, offset: int = 0) -> list[Broadcast]:
        """Returns broadcasts of every state, newest first."""
        return await self._some(HISTORY, limit=limit, offset=offset)

    async def tally(self, id: bytes) -> Tally:  # noqa: A002
        """Returns how many deliveries are in each state."""
        rows = await self._database.read(Statement(TALLY, {"broadcast": id}))
        counts = {str(row["state"]): int(row["people"]) for row in rows}
        return Tally(total=sum(counts.values()), **counts)

    async def timeline(self, id: bytes, parts: int = 60) -> list[Moment]:  # noqa: A002
        """Returns what was delivered when, from begin to end, in at most `parts` parts."""
        broadcast = await self.get(id)
        if broadcast is None or broadcast.started_at is None:
            return []
        rows = await self._database.read(Statement(TIMELINE["span"], {"broadcast": id}))
        start = to_millis(broadcast.started_at)
        until = to_millis(broadcast.ended_at) or rows[0]["last"] or start
        width = width_of(start, until, parts)
        asked: dict[str, Value] = {
            "broadcast": id,
            "start": start,
            "until": until,
            "width": width,
        }
        rows = await self._database.read(Statement(TIMELINE["parts"], asked))
        return read_timeline(rows, start, until, width)

    async def finish(self, id: bytes, at: datetime) -> bool:  # noqa: A002
        """Ends a broadcast if nothing is left to send; returns whether it is no longer running."""
        await self._change(FINISH, id, at=to_millis(at))
        return await self._has_ended(id)

    async def stop(self, id: bytes, reason: str, at: datetime) -> bool:  # noqa: A002
        """Ends a broadcast early; whoever still waits can be a recipient of the next one."""
        await self._change(STOP, id, reason=reason, at=to_millis(at))
        return await self._has_ended(id)

    async def pause_by_system(self, id: bytes, reason: str) -> None:  # noqa: A002
        """Pauses a running broadcast for a reason, until an admin decides."""
        await self._change(HOLD, id, reason=reason)

    async def mark_reported(self, id: bytes, at: datetime) -> None:  # noqa: A002
        """Records that the end was reported, so that it is not reported again."""
        await self._change(REPORTED, id, at=to_millis(at))

    async def pause(self, id: bytes, actor: int | None, at: datetime) -> Broadcast | None:  # noqa: A002
        """Pauses a broadcast until it is resumed; returns it as it now is."""
        return await self._steer(PAUSE, id, actor, at)

    async def resume(self, id: bytes, actor: int | None, at: datetime) -> Broadcast | None:  # noqa: A002
        """Resumes a paused broadcast; returns it as it now is."""
        return await self._steer(RESUME, id, actor, at)

    async def request_cancel(self, id: bytes, at: datetime) -> None:  # noqa: A002
        """Stores that admins are asked whether to cancel a broadcast, for every screen of it."""
        await self._change(REQUEST_CANCEL, id, at=to_millis(at))

    async def clear_cancel_request(self, id: bytes) -> Broadcast | None:  # noqa: A002
        """Stores that no admin is being asked any more; returns it as it now is."""
        await self._change(REQUEST_CANCEL, id, at=None)
        return await self.get(id)

    async def cancel(self, id: bytes, actor: int | None, at: datetime) -> Broadcast | None:  # noqa: A002
        """Cancels a broadcast for good; returns it as it now is."""
        return await self._steer(CANCEL, id, actor, at)

    async def recall(self, id: bytes, actor: int | None, at: datetime) -> Broadcast | None:  # noqa: A002
        """Orders what it sent to be deleted, where Telegram allows; returns it as it now is."""
        return await self._steer(RECALL, id, actor, at, since=to_millis(at - RECALLABLE_FOR))

    async def set_progress(self, id: bytes, chat: int, message_id: int) -> None:  # noqa: A002
        """Stores which message shows the admin its progress."""
        sealed = self._keyring.seal(
            str(chat), table="broadcasts", column="progress_chat_sealed", row=id
        )
        await self._change(SET_PROGRESS, id, chat_sealed=sealed, message_id=message_id)

    async def _refusal(
        self, plan: NewBroadcast
    ) -> AlreadyRunning | PetitionOpen | AudienceChanged:
        if plan.kind is Kind.CLOSING and (await self._petition())["closed_at"] is None:
            return PetitionOpen()
        active = await self.active()
        if active is not None and plan.due is None:
            return AlreadyRunning(active.id)
        return PetitionOpen() if plan.at_most is None else AudienceChanged()

    async def _petition(self) -> Row:
        return (await self._database.read(Statement(_PETITION, {"petition": self._slug})))[0]

    async def _steer(
        self,
        steering: Transition,
        key: bytes,
        actor: int | None,
        at: datetime,
        **values: Value,
    ) -> Broadcast | None:
        asked: dict[str, Value] = {"id": key, "petition": self._slug}
        await self._database.write(
            lock_broadcast(key),
            *steering_statements(self._audit, steering, asked, actor=actor, at=at, **values),
        )
        return await self.get(key)

    async def _some(self, sql: str, **values: Value) -> list[Broadcast]:
        rows = await self._database.read(Statement(sql, {"petition": self._slug, **values}))
        return [read_broadcast(row, self._keyring) for row in rows]

    async def _change(self, sql: str, key: bytes, **values: Value) -> None:
        asked: dict[str, Value] = {"id": key, "petition": self._slug, **values}
        await self._database.write(lock_broadcast(key), Statement(sql, asked))

    async def _has_ended(self, key: bytes) -> bool:
        found = await self.get(key)
        return found is not None and not found.is_running


def _first(found: list[Broadcast]) -> Broadcast | None:
    return found[0] if found else None
