"""Broadcasts: one message to many, started once and sent by the process that holds the lease.

Queries about a broadcast go here. They are listed in `broadcast_rows.py` and started in
`broadcast_start.py`; their state changes are in `broadcast_transition_sql.py`, their recipients'
rows in `deliveries.py`, and `eligibility.py` defines who may receive one.
"""

from datetime import datetime, timedelta

from storage.audit import AuditedRows
from storage.broadcast_report import NOT_TOLD, TIMELINE, Moment, read_timeline, width_of
from storage.broadcast_rows import (
    active_broadcast,
    broadcast_history,
    broadcast_with,
    due_broadcasts,
    has_sent,
    latest_broadcast,
    listed_broadcasts,
    recent_broadcasts,
    scheduled_broadcasts,
)
from storage.broadcast_start import (
    AlreadyRunning,
    AudienceChanged,
    NewBroadcast,
    PetitionOpen,
    start_statements,
)
from storage.broadcast_states import BroadcastAction, PauseReason, StopReason
from storage.broadcast_transition_sql import (
    WRITTEN_TO_RECENTLY,
    audited_statements,
    begin_statements,
    counted_together,
    transition_statement,
)
from storage.broadcast_types import (
    APPROVABLE_FOR,
    COUNTED_TOGETHER_FOR,
    EVERYONE,
    RECALLABLE_FOR,
    Audience,
    Broadcast,
    Kind,
    Tally,
)
from storage.database import Database, Value
from storage.deliveries import TALLY, Deliveries
from storage.delivery_claims import lease_of, lock_broadcast
from storage.eligibility import (
    ANYBODY,
    AUDIENCE,
    HAD_ALL_UPDATES,
    MUTED,
    NOT_CHOSEN,
    REACHABLE,
    UNREACHABLE,
    of_topic,
)
from storage.keyring import Keyring
from storage.petition_rows import as_read
from storage.restores import released_after
from storage.times import to_millis

# A planned broadcast that is later than this waits for an admin: it may be out of date.
LATE = timedelta(hours=1)

_CLOSED_AT = "SELECT closed_at FROM petitions WHERE slug = :petition"

# No broadcast has an empty id, so deliveries of every broadcast are considered.
_NONE = b""

_WRITTEN_TO_RECENTLY = f"SELECT {WRITTEN_TO_RECENTLY} AS people"

_SET_PROGRESS = """
UPDATE broadcasts SET progress_chat_sealed = :chat_sealed, progress_message_id = :message_id
WHERE id = :broadcast AND petition = :petition
"""

_REQUEST_CANCEL = """
UPDATE broadcasts SET cancel_requested_at = :at WHERE id = :broadcast AND petition = :petition
"""


class Broadcasts(AuditedRows):
    """The broadcasts of one petition."""

    def __init__(self, database: Database, slug: str, keyring: Keyring) -> None:
        super().__init__(database, slug, keyring)
        self.deliveries = Deliveries(database, slug, keyring)

    @property
    def lease(self) -> str:
        """The name of the lease under which this petition's broadcasts are sent."""
        return lease_of(self._slug)

    async def audience(
        self,
        *,
        kind: Kind = Kind.CLOSING,
        audience: Audience = EVERYONE,
        topic: str | None = None,
        last_signature_number: int | None = None,
    ) -> dict[str, int]:
        """Returns how many would receive a broadcast started now, by the language they read.

        Args:
            kind: what it is about.
            audience: which of the signers it goes to.
            topic: who received a broadcast on it is not counted; left out, that of all closing
                updates, or none for another kind.
            last_signature_number: the number of the last signature to count, or None for all.
        """
        rows = await self._read(
            AUDIENCE, **_asked(kind, audience, topic), last_number=last_signature_number
        )
        return {row["language"]: row["recipients"] for row in rows}

    async def has_recipients(self, kind: Kind) -> bool:
        """Returns whether anybody would receive a broadcast of this kind; counts nobody."""
        return bool(await self._read(ANYBODY, **_asked(kind, EVERYONE, None)))

    async def unreachable(self) -> int:
        """Returns how many signers are unreachable: they blocked the bot or left Telegram."""
        return await self._people(UNREACHABLE)

    async def muted(self) -> int:
        """Returns how many reachable signers asked for no messages."""
        return await self._people(MUTED)

    async def can_be_written_to(self) -> int:
        """Returns how many signers are reachable and have not muted the bot."""
        return await self._people(REACHABLE)

    async def not_chosen(self, kind: Kind) -> int:
        """Returns how many of those who can be written to did not choose messages of this kind."""
        return await self._people(NOT_CHOSEN[kind]) if kind in NOT_CHOSEN else 0

    async def had_all_updates(self) -> int:
        """Returns how many chose messages about the petition and have had all that they chose."""
        return await self._people(HAD_ALL_UPDATES, broadcast=_NONE)

    async def written_to_alone(self, author: int, at: datetime) -> int:
        """Returns to how many people an admin wrote within a day without another's approval."""
        counted = counted_together(at, await self._of_others(author, at))
        return await self._people(_WRITTEN_TO_RECENTLY, broadcast=_NONE, **counted)

    async def start(
        self, plan: NewBroadcast
    ) -> Broadcast | AlreadyRunning | PetitionOpen | AudienceChanged:
        """Stores a broadcast, for the worker to send now or at its time.

        Its content is fixed from then on. Starting the same id again returns it as it now is.
        """
        known = await self.get(plan.id)
        if known is not None:
            return known
        is_limited = plan.approval_above is not None
        others = await self._of_others(plan.actor, plan.at) if is_limited else ()
        await self._database.write(*start_statements(plan, self._slug, self._keyring, others))
        return await self.get(plan.id) or await self._refusal(plan)

    async def begin(
        self,
        broadcast: Broadcast,
        at: datetime,
        pause: PauseReason | None = None,
        at_most: int | None = None,
    ) -> Broadcast:
        """Begins a planned broadcast; one that is late is paused until an admin decides.

        Args:
            broadcast: one whose time has come.
            at: now.
            pause: a reason to pause it even if it is not late.
            at_most: with more recipients than this, together with what its author sent alone
                within a day, another admin has to approve it first; None if no approval is
                needed, or it was given.
        """
        # The notice of a breach is wanted however late.
        late = (
            broadcast.kind is not Kind.BREACH
            and broadcast.starts_at is not None
            and at - broadcast.starts_at > LATE
        )
        # What was planned before a restored backup may have been sent after it was made.
        held = released_after(self._slug, broadcast.starts_at or at)
        late = late or bool(await self._database.read(held))
        reason = pause or (PauseReason.LATE if late else None)
        others = () if at_most is None else await self._of_others(broadcast.author, at)
        await self._database.write(
            *begin_statements(self._slug, broadcast, at, reason, at_most, others)
        )
        return await self.get(broadcast.id) or broadcast

    get = as_read(broadcast_with)
    active = as_read(active_broadcast)
    scheduled = as_read(scheduled_broadcasts)
    due = as_read(due_broadcasts)
    latest = as_read(latest_broadcast)
    history = as_read(broadcast_history)
    listed = as_read(listed_broadcasts)
    has_sent = as_read(has_sent)

    async def tally(self, id: bytes) -> Tally:
        """Returns how many deliveries are in each state."""
        rows = await self._read(TALLY, broadcast=id)
        counts = {str(row["state"]): int(row["people"]) for row in rows}
        return Tally(total=sum(counts.values()), **counts)

    async def not_told(self, id: bytes) -> int:
        """Returns how many had signed when it began and are not known to have got it."""
        return await self._people(NOT_TOLD, broadcast=id)

    async def timeline(self, id: bytes, parts: int = 60) -> list[Moment]:
        """Returns what was delivered when, from begin to end, in at most `parts` parts."""
        broadcast = await self.get(id)
        if broadcast is None or broadcast.started_at is None:
            return []
        rows = await self._read(TIMELINE["span"], broadcast=id)
        start = to_millis(broadcast.started_at)
        until = to_millis(broadcast.ended_at) or rows[0]["last"] or start
        width = width_of(start, until, parts)
        rows = await self._read(
            TIMELINE["parts"], broadcast=id, start=start, until=until, width=width
        )
        return read_timeline(rows, start, until, width)

    async def finish(self, id: bytes, at: datetime) -> bool:
        """Ends a broadcast if nothing is left to send; returns whether it is no longer running."""
        await self._transit(BroadcastAction.FINISH, id, at)
        return await self._has_ended(id)

    async def stop(
        self,
        id: bytes,
        reason: StopReason,
        at: datetime,
        detail: str = "",
    ) -> bool:
        """Ends a broadcast early; those who still wait can be recipients of the next one."""
        await self._transit(BroadcastAction.STOP, id, at, reason, detail)
        return await self._has_ended(id)

    async def pause_by_system(
        self,
        id: bytes,
        reason: PauseReason,
        detail: str = "",
    ) -> None:
        """Pauses a running broadcast for a reason, until an admin decides."""
        await self._transit(BroadcastAction.PAUSE_BY_SYSTEM, id, None, reason, detail)

    async def mark_reported(self, id: bytes, at: datetime) -> None:
        """Records that the end was reported, so that it is not reported again."""
        await self._transit(BroadcastAction.MARK_REPORTED, id, at)

    async def pause(self, id: bytes, actor: int | None, at: datetime) -> Broadcast | None:
        """Pauses a broadcast until it is resumed; returns it as it now is."""
        return await self._act(BroadcastAction.PAUSE, id, actor, at)

    async def resume(self, id: bytes, actor: int | None, at: datetime) -> Broadcast | None:
        """Resumes a paused broadcast; returns it as it now is."""
        return await self._act(BroadcastAction.RESUME, id, actor, at)

    async def request_cancel(self, id: bytes, at: datetime) -> None:
        """Stores that admins are asked whether to cancel a broadcast, for every screen of it."""
        await self._set(_REQUEST_CANCEL, id, at=to_millis(at))

    async def clear_cancel_request(self, id: bytes) -> Broadcast | None:
        """Stores that no admin is being asked any more; returns it as it now is."""
        await self._set(_REQUEST_CANCEL, id, at=None)
        return await self.get(id)

    async def cancel(self, id: bytes, actor: int | None, at: datetime) -> Broadcast | None:
        """Cancels a broadcast for good; returns it as it now is."""
        return await self._act(BroadcastAction.CANCEL, id, actor, at)

    async def recall(self, id: bytes, actor: int | None, at: datetime) -> Broadcast | None:
        """Orders what it sent to be deleted, where Telegram allows; returns it as it now is."""
        return await self._act(
            BroadcastAction.RECALL, id, actor, at, since=to_millis(at - RECALLABLE_FOR)
        )

    async def approve(self, id: bytes, actor: int, at: datetime) -> Broadcast | None:
        """Approves a broadcast of another admin, to go out at its time or now.

        One that was due more than `APPROVABLE_FOR` ago stays as it is. Returns it as it now is.
        """
        return await self._decide(
            BroadcastAction.APPROVE,
            id,
            actor,
            at,
            confirmed_by_sealed=self._sealed(actor, "broadcasts", "confirmed_by_sealed", id),
            lapsed=to_millis(at - APPROVABLE_FOR),
        )

    async def decline(self, id: bytes, actor: int, at: datetime) -> Broadcast | None:
        """Declines a broadcast of another admin, which ends unsent; returns it as it now is."""
        return await self._decide(BroadcastAction.DECLINE, id, actor, at)

    async def recount(
        self,
        id: bytes,
        recipients: int,
        actor: int,
        at: datetime,
    ) -> Broadcast | None:
        """Sets how many recipients are to be approved; returns the broadcast as it now is."""
        return await self._act(BroadcastAction.RECOUNT, id, actor, at, recipients=recipients)

    async def set_progress(self, id: bytes, chat: int, message_id: int) -> None:
        """Stores which message shows the admin its progress."""
        sealed = self._sealed(chat, "broadcasts", "progress_chat_sealed", id)
        await self._set(_SET_PROGRESS, id, chat_sealed=sealed, message_id=message_id)

    async def _of_others(self, author: int, at: datetime) -> list[bytes]:
        """Returns the ids of recent broadcasts that an admin did not decide on alone."""
        found = await self._look(recent_broadcasts, at - COUNTED_TOGETHER_FOR)
        alone = (author, author)
        return [
            each.id
            for each in found
            if not each.is_damaged and (each.author, each.confirmed_by) != alone
        ]

    async def _refusal(
        self, plan: NewBroadcast
    ) -> AlreadyRunning | PetitionOpen | AudienceChanged:
        (petition,) = await self._read(_CLOSED_AT)
        if plan.kind is Kind.CLOSING and petition["closed_at"] is None:
            return PetitionOpen()
        active = await self.active()
        if active is not None and plan.due is None:
            return AlreadyRunning(active.id)
        is_limited = plan.at_most is not None or plan.approval_above is not None
        return AudienceChanged() if is_limited else PetitionOpen()

    async def _decide(
        self, action: BroadcastAction, key: bytes, actor: int, at: datetime, **more: Value
    ) -> Broadcast | None:
        """Does what an admin ordered, unless they are its author."""
        known = await self.get(key)
        if known is None or known.author == actor:
            return known
        return await self._act(action, key, actor, at, **more)

    async def _act(
        self,
        action: BroadcastAction,
        key: bytes,
        actor: int | None,
        at: datetime,
        **more: Value,
    ) -> Broadcast | None:
        """Does what an admin ordered; returns the broadcast as it now is."""
        values = {**self._values(key, at), **more}
        await self._database.write(
            lock_broadcast(key),
            *audited_statements(self._audit, action, values, broadcast=key, actor=actor, at=at),
        )
        return await self.get(key)

    async def _transit(
        self,
        action: BroadcastAction,
        key: bytes,
        at: datetime | None,
        reason: PauseReason | StopReason | None = None,
        detail: str = "",
    ) -> None:
        statement = transition_statement(action, self._values(key, at), reason, detail)
        await self._database.write(lock_broadcast(key), statement)

    async def _set(self, sql: str, key: bytes, **values: Value) -> None:
        statement = self._statement(sql, broadcast=key, **values)
        await self._database.write(lock_broadcast(key), statement)

    def _values(self, key: bytes, at: datetime | None) -> dict[str, Value]:
        return {"broadcast": key, "petition": self._slug, "at": to_millis(at)}

    async def _people(self, sql: str, **values: Value) -> int:
        return int((await self._read(sql, **values))[0]["people"])

    async def _has_ended(self, key: bytes) -> bool:
        found = await self.get(key)
        return found is not None and not found.is_running


def _asked(kind: Kind, audience: Audience, topic: str | None) -> dict[str, Value]:
    return {
        "kind": kind,
        **of_topic(topic or (Kind.CLOSING if kind is Kind.CLOSING else "")),
        "news_only": int(audience.news_only or kind is Kind.NEWS),
        "only": audience.language,
        "broadcast": _NONE,
    }
