"""Tests every action in every state of a broadcast: its effect is what the table says, or none.

What an action needs besides is tried fulfilled, and broken in every way.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from itertools import product
from typing import Any

import pytest
from sqlalchemy import Executable, delete, select, text, update

from storage import Storage
from storage.broadcast_transitions import begin_broadcast, finish_broadcast, interrupt_broadcast
from storage.broadcast_types import (
    OVER,
    TRANSITIONS,
    Broadcast,
    BroadcastAction,
    BroadcastState,
    Kind,
    PauseReason,
    StopReason,
    Transition,
)
from storage.broadcasts import broadcast_with
from storage.database import Database
from storage.deliveries import enqueue_deliveries
from storage.tables import AUDIT, BROADCASTS, DELIVERIES, PETITIONS
from storage.transaction import Transaction
from tests.support.audit_entries import newest_audit_entries
from tests.support.broadcasts import order, start, started, tell
from tests.support.existing import existing
from tests.support.supporters import ADMIN, NOON, Supporters, later

AT, OTHER = NOON, ADMIN + 1
SENT_AT = AT - timedelta(days=1)
MILLISECOND, HOUR, DAY = timedelta(milliseconds=1), timedelta(hours=1), timedelta(days=1)

ANOTHER = text(
    "INSERT INTO broadcasts (id, petition, kind, state, content, created_at,"
    " author_sealed) SELECT author_sealed, petition, 'update', 'paused', '{}', 0, author_sealed"
    " FROM broadcasts"
)
UNAPPROVED = update(BROADCASTS).values(confirmed_by_sealed=None)
CONFIRMED = select(1)  # as it is put into any state
BREACH = update(BROADCASTS).values(kind=Kind.BREACH, topic="other")


def due_at(moment: datetime) -> Executable:
    return update(BROADCASTS).values(starts_at=moment)


NOT_YET = due_at(AT + MILLISECOND)
AN_HOUR_LATE, LATE = due_at(AT - HOUR), due_at(AT - HOUR - MILLISECOND)
IN_TIME, LAPSED = due_at(AT - DAY + MILLISECOND), due_at(AT - DAY)

Acting = Callable[[Storage, Broadcast], Awaitable[Any]]


async def ordered(action: BroadcastAction, storage: Storage, it: Broadcast) -> Broadcast | None:
    return await order(storage, action, it, AT, actor=OTHER)


# What can be ordered, and what the worker does, except what becomes of a planned one at its time.
ACTS: Mapping[str, Acting] = {
    **{action: partial(ordered, action) for action in BroadcastAction},
    "interrupt to pause": lambda storage, it: storage.write(
        interrupt_broadcast, it.id, PauseReason.DENIED, AT, "a detail"
    ),
    "interrupt to stop": lambda storage, it: storage.write(
        interrupt_broadcast, it.id, StopReason.CONTENT, AT, "a detail"
    ),
    "finish": lambda storage, it: storage.write(finish_broadcast, it.id, AT),
}
_RUNNING = frozenset({BroadcastState.RUNNING})
EFFECTS: Mapping[str, Transition] = {
    **{str(action): each for action, each in TRANSITIONS.items()},
    "interrupt to pause": Transition(_RUNNING, BroadcastState.PAUSED),
    "interrupt to stop": Transition(_RUNNING, BroadcastState.STOPPED),
    "finish": Transition(_RUNNING, BroadcastState.FINISHED),
}
REASONS: Mapping[str, tuple[str | None, str | None, str | None]] = {
    BroadcastAction.DECLINE: (None, "declined", ""),
    "interrupt to pause": ("denied", None, "a detail"),
    "interrupt to stop": (None, "content", "a detail"),
}
APPROVED = {BroadcastAction.APPROVE, BroadcastAction.DECLINE}
BREAKS: Mapping[str, list[Executable]] = {
    BroadcastAction.APPROVE: [CONFIRMED, LAPSED],
    BroadcastAction.DECLINE: [CONFIRMED],
    "finish": [
        update(BROADCASTS).values(enqueued_at=None),
        update(DELIVERIES).values(state="pending"),
        update(DELIVERIES).values(state="sending"),
    ],
    BroadcastAction.RECALL: [
        update(BROADCASTS).values(recall_started_at=SENT_AT),
        update(DELIVERIES).values(state="rejected"),
        update(DELIVERIES).values(message_ids=None),
        update(DELIVERIES).values(updated_at=AT - 2 * DAY),
    ],
}

# What becomes of a planned one at its time, after some changes: its state and the reason.
UNTOUCHED = ("scheduled", None)
BEGINNINGS: list[tuple[list[Executable], dict[str, Any], tuple[str, str | None]]] = [
    ([], {}, ("running", None)),
    ([], {"at_most": 1}, ("running", None)),
    ([], {"at_most": 0}, ("scheduled", "to be approved")),
    ([], {"pause": PauseReason.FORMER}, ("paused", "former")),
    ([], {"pause": PauseReason.FORMER, "at_most": 1}, ("paused", "former")),
    ([], {"pause": PauseReason.FORMER, "at_most": 0}, ("scheduled", "to be approved")),
    ([AN_HOUR_LATE], {}, ("running", None)),
    ([LATE], {}, ("paused", "late")),
    ([LATE], {"pause": PauseReason.FORMER}, ("paused", "former")),
    ([LATE], {"at_most": 0}, ("scheduled", "to be approved")),
    ([LATE, BREACH], {}, ("running", None)),
    ([NOT_YET], {}, UNTOUCHED),
    ([NOT_YET], {"at_most": 0}, UNTOUCHED),
    ([ANOTHER], {}, UNTOUCHED),
    ([ANOTHER], {"at_most": 0}, UNTOUCHED),
    ([ANOTHER], {"pause": PauseReason.FORMER}, UNTOUCHED),
    ([UNAPPROVED], {}, ("scheduled", "to be approved")),
    ([UNAPPROVED, IN_TIME], {}, ("scheduled", "to be approved")),
    ([UNAPPROVED, LAPSED], {}, ("stopped", "unapproved")),
    ([UNAPPROVED, LAPSED, ANOTHER], {"at_most": 0}, ("stopped", "unapproved")),
    ([LAPSED], {}, ("paused", "late")),
]


class Case:
    """One broadcast, which is put into a state before each action."""

    confirmed: bytes

    def __init__(self, storage: Storage, database: Database, key: bytes) -> None:
        self.storage = storage
        self.database = database
        self.key = key

    async def put(self, state: str, *changes: Executable) -> Broadcast:
        """The broadcast is in this state, everything it may need is so, and then this changes."""
        as_needed = {
            **dict.fromkeys(("kind", "topic"), "closing"),
            **{"state": state, "starts_at": AT - MILLISECOND, "enqueued_at": SENT_AT},
            **{"cancel_requested_at": SENT_AT, "confirmed_by_sealed": self.confirmed},
            **dict.fromkeys(("pause_reason", "stop_reason", "reason_detail", "expected")),
            **dict.fromkeys(("started_at", "last_signature_number", "ended_at", "reported_at")),
            "recall_started_at": None,
        }
        sent = {"state": "delivered", "message_ids": "7", "updated_at": AT - 2 * DAY + MILLISECOND}
        await self.change(
            delete(BROADCASTS).where(BROADCASTS.c.id != self.key),
            update(PETITIONS).values(closed_at=SENT_AT),
            update(BROADCASTS).values(as_needed),
            update(DELIVERIES).values(sent),
            *changes,
        )
        return existing(await self.storage.read(broadcast_with, self.key))

    async def change(self, *changes: Executable) -> None:
        def run(tx: Transaction) -> None:
            for each in changes:
                tx.change(each)

        await self.database.write(run)

    async def row(self) -> dict[str, Any]:
        query = select(BROADCASTS).where(BROADCASTS.c.id == self.key)
        (found,) = await self.database.read(lambda tx: tx.all(query))
        return dict(found._mapping)

    async def audited(self) -> list[str]:
        query = select(AUDIT.c.action).where(AUDIT.c.action.startswith("broadcast_"))
        return [row.action for row in await self.database.read(lambda tx: tx.all(query))]


@pytest.fixture
async def case(storage: Storage, people: Supporters) -> Case:
    """A broadcast that was delivered to its one recipient."""
    await people.sign([1])
    broadcast = await started(storage)
    await tell(storage, broadcast)
    case = Case(storage, storage.database, broadcast.id)
    case.confirmed = (await case.row())["confirmed_by_sealed"]
    return case


async def test_an_action_has_its_effect_in_its_states_and_none_in_any_other(case: Case) -> None:
    for (action, act), state in product(ACTS.items(), BroadcastState):
        transition = EFFECTS[action]
        it = await case.put(state, *([UNAPPROVED] if action in APPROVED else []))
        before, audited = await case.row(), await case.audited()
        answer = await act(case.storage, it)
        after = await case.row()
        if isinstance(answer, Broadcast):
            assert answer == await case.storage.read(broadcast_with, it.id)
            noted = [f"broadcast_{action}"] if state in transition.sources else []
            assert sorted(await case.audited()) == sorted([*audited, *noted])
        if state not in transition.sources:
            assert after == before, (action, state)
            continue
        assert after != before, (action, state)
        assert after["state"] == (transition.to or state)
        assert (after["ended_at"] == AT) is (transition.to in OVER)
        stored = (after["pause_reason"], after["stop_reason"], after["reason_detail"])
        assert stored == REASONS.get(action, (None, None, None)), action
        decided = {BroadcastAction.RESUME, BroadcastAction.CANCEL, BroadcastAction.DECLINE}
        assert (after["cancel_requested_at"] is None) is (action in decided)


async def test_without_what_it_needs_an_action_has_no_effect(case: Case) -> None:
    for action, breaks in BREAKS.items():
        for state, change in product(EFFECTS[action].sources, breaks):
            is_asked = action in APPROVED and change is not CONFIRMED
            fulfilled = [UNAPPROVED] if is_asked else []
            it = await case.put(state, *fulfilled, change)
            before = await case.row()
            await ACTS[action](case.storage, it)
            assert await case.row() == before, (action, state, change)
    assert not await case.audited()


async def test_a_planned_one_becomes_at_its_time_what_its_petition_and_admins_let_it(
    case: Case,
) -> None:
    for number, (changes, asked, expected) in enumerate(BEGINNINGS):
        it = await case.put("scheduled", delete(DELIVERIES), *changes)
        before = await case.row()
        begun = await case.storage.write(begin_broadcast, it, AT, **asked)
        reason = begun.pause_reason or begun.stop_reason
        became = (begun.state, "to be approved" if begun.awaits_approval else reason)
        assert became == expected, number
        after = await case.row()
        is_asked = begun.awaits_approval and not it.awaits_approval
        assert (after == before) is (begun.state == "scheduled" and not is_asked), number
        is_counted = begun.state in ("running", "paused") or is_asked
        assert after["expected"] == (1 if is_counted else None), number
        assert after["ended_at"] == (AT if begun.is_over else None), number
        has_begun = (AT, 1) if begun.state in ("running", "paused") else (None, None)
        assert (after["started_at"], after["last_signature_number"]) == has_begun, number


async def test_nothing_but_a_planned_one_begins(case: Case) -> None:
    for state in set(BroadcastState) - {BroadcastState.SCHEDULED}:
        for changes in ([], [UNAPPROVED, LAPSED]):
            it = await case.put(state, *changes)
            before = await case.row()
            assert await case.storage.write(begin_broadcast, it, AT, at_most=0) == it
            assert await case.row() == before


async def test_each_order_that_had_an_effect_is_in_the_audit_once_with_who_gave_it(
    people: Supporters,
) -> None:
    await people.sign([1])
    broadcast = await started(people)
    await asyncio.gather(
        *[order(people, BroadcastAction.PAUSE, broadcast, later(moment)) for moment in (1, 2, 3)]
    )
    await order(people, BroadcastAction.RESUME, broadcast, later(4), actor=None)
    await order(people, BroadcastAction.CANCEL, broadcast, later(5))
    entries = await people.read(newest_audit_entries, 10)
    assert sorted((each.action, each.actor or 0) for each in entries) == [
        ("broadcast", ADMIN),
        ("broadcast_cancel", ADMIN),
        ("broadcast_pause", ADMIN),
        ("broadcast_resume", 0),
    ]


async def test_making_the_list_in_many_portions_at_once_makes_each_row_once(
    people: Supporters,
) -> None:
    await people.sign(range(1, 101))
    broadcast = await start(people)
    for _ in range(20):
        await asyncio.gather(
            *[
                people.write(enqueue_deliveries, broadcast, holder="me", portion=7, at=later(1))
                for _ in range(5)
            ]
        )
    found = existing(await people.read(broadcast_with, broadcast.id))
    assert found.enqueued_at is not None
    assert [row["position"] for row in await people.deliveries(broadcast.id)] == [*range(1, 101)]
