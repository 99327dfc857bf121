"""Tests every action in every state of a broadcast: its effect is what the table says, or none.

Each condition is tried fulfilled, and broken in every way.
"""

from itertools import product

import pytest

from storage import Broadcasts, Database, PauseReason, Row, Statement, StopReason, Value
from storage.broadcast_states import OVER, TRANSITIONS, BroadcastAction, BroadcastState, Condition
from storage.broadcast_transition_sql import counted_together, transition_statement
from storage.eligibility import of_topic
from storage.times import from_millis
from tests.support.broadcasts import started, tell
from tests.support.supporters import SLUG, Supporters

AT = 5_000
ANOTHER = """
INSERT INTO broadcasts (id, petition, kind, state, content, content_sha256, total, created_at,
  author_sealed)
SELECT CAST(:key AS {blob}), petition, 'update', 'paused', '{{}}', content_sha256, 0, 0,
  author_sealed FROM broadcasts
"""
UNAPPROVED = "UPDATE broadcasts SET confirmed_by_sealed = NULL"
OPEN = "UPDATE petitions SET closed_at = NULL"
NOT_YET = "UPDATE broadcasts SET starts_at = 9000"
UPDATE_OF_OPEN = "UPDATE broadcasts SET kind = 'update'"
NOT_DUE = [NOT_YET, UNAPPROVED, OPEN, "another"]

# What fulfils a condition, and each change that breaks it again. A number is `at_most`.
FULFILLED: dict[Condition, list[str | int]] = {
    Condition.DUE_TO_FEW: [1],
    Condition.DUE_TO_MANY: [0],
    Condition.PETITION_OPEN: [OPEN],
    Condition.UNAPPROVED: [UNAPPROVED],
    Condition.UNAPPROVED_IN_TIME: [UNAPPROVED, "UPDATE broadcasts SET starts_at = 1001"],
    Condition.UNAPPROVED_TOO_LONG: [UNAPPROVED, "UPDATE broadcasts SET starts_at = 1000"],
}
CONFIRMED = "UPDATE broadcasts SET confirmed_by_sealed = author_sealed"
BREAKS: dict[Condition, list[str | int]] = {
    Condition.DUE_TO_FEW: [*NOT_DUE, 0],
    Condition.DUE_TO_MANY: [*NOT_DUE, 1],
    Condition.PETITION_OPEN: ["UPDATE petitions SET closed_at = 1", UPDATE_OF_OPEN],
    Condition.UNAPPROVED: [CONFIRMED],
    Condition.UNAPPROVED_IN_TIME: [CONFIRMED, "UPDATE broadcasts SET starts_at = 1000"],
    Condition.UNAPPROVED_TOO_LONG: [CONFIRMED, "UPDATE broadcasts SET starts_at = 1001"],
    Condition.ALL_SENT: [
        "UPDATE broadcasts SET enqueued_at = NULL",
        "UPDATE deliveries SET state = 'pending'",
        "UPDATE deliveries SET state = 'sending'",
    ],
    Condition.RECALLABLE: [
        "UPDATE broadcasts SET recall_started_at = 1",
        "UPDATE deliveries SET state = 'rejected'",
        "UPDATE deliveries SET message_ids = NULL",
        "UPDATE deliveries SET updated_at = 2000",
    ],
    Condition.NOT_REPORTED: ["UPDATE broadcasts SET reported_at = 1"],
}


class Case:
    """One broadcast, which is put into a state before each action."""

    def __init__(self, database: Database, key: bytes, *, blob: str) -> None:
        self.database = database
        self.key = key
        self.at_most: int | None = None
        self.another = ANOTHER.format(blob=blob)

    async def put(self, state: BroadcastState, condition: Condition) -> None:
        """The broadcast is in this state and fulfils the condition."""
        self.at_most = None
        values: dict[str, Value] = {"key": self.key, "state": state.value}
        await self.database.write(
            Statement("DELETE FROM broadcasts WHERE id <> :key", values),
            Statement("UPDATE petitions SET closed_at = 1"),
            Statement(
                "UPDATE broadcasts SET state = :state, kind = 'closing', starts_at = 4000,"
                " ended_at = NULL, enqueued_at = 1, reported_at = NULL, pause_reason = NULL,"
                " stop_reason = NULL, reason_detail = NULL, recall_started_at = NULL,"
                " confirmed_by_sealed = author_sealed",
                values,
            ),
            Statement(
                "UPDATE deliveries SET state = 'delivered', message_ids = '7', updated_at = 2001"
            ),
        )
        for change in FULFILLED.get(condition, []):
            await self.change(change)

    async def change(self, change: str | int) -> None:
        if isinstance(change, int):
            self.at_most = change
        else:
            sql = self.another if change == "another" else change
            await self.database.write(Statement(sql, {"key": b"another broadcast"}))

    async def row(self) -> Row:
        found = await self.database.read(
            Statement("SELECT * FROM broadcasts WHERE id = :key", {"key": self.key})
        )
        return found[0]

    async def act(self, action: BroadcastAction, reason: PauseReason | StopReason | None) -> None:
        values: dict[str, Value] = {
            **{"broadcast": self.key, "petition": SLUG, "at": AT, "at_most": self.at_most},
            **{"kind": "closing", "news_only": 0, "only": None, **of_topic("closing")},
            **counted_together(from_millis(AT)),
            **{"lapsed": 1000, "since": 2000, "recipients": 3, "confirmed_by_sealed": b"x"},
        }
        await self.database.write(transition_statement(action, values, reason, "a detail"))


@pytest.fixture
async def case(database: Database, broadcasts: Broadcasts, people: Supporters, kind: str) -> Case:
    """A broadcast that was delivered to its one recipient."""
    await people.sign([1])
    broadcast = await started(broadcasts)
    await tell(broadcasts, broadcast)
    return Case(database, broadcast.id, blob="BLOB" if kind == "sqlite" else "BYTEA")


async def test_an_action_has_its_effect_in_its_states_and_none_in_any_other(case: Case) -> None:
    for action, state in product(BroadcastAction, BroadcastState):
        transition = TRANSITIONS[action]
        for reason in transition.reasons or {None}:
            await case.put(state, transition.condition)
            before = await case.row()
            await case.act(action, reason)
            after = await case.row()
            if state not in transition.sources:
                assert after == before, (action, state, reason)
                continue
            assert after != before, (action, state, reason)
            assert after["state"] == (transition.to or state)
            assert (after["ended_at"] == AT) is (transition.to in OVER)
            stored = (after["pause_reason"], after["stop_reason"], after["reason_detail"])
            assert stored == (
                reason if isinstance(reason, PauseReason) else None,
                reason if isinstance(reason, StopReason) else None,
                "a detail" if reason else None,
            )


async def test_without_its_condition_an_action_has_no_effect(case: Case) -> None:
    for action, transition in TRANSITIONS.items():
        if transition.condition is Condition.NONE:
            continue
        for state, change in product(transition.sources, BREAKS[transition.condition]):
            await case.put(state, transition.condition)
            await case.change(change)
            before = await case.row()
            await case.act(action, next(iter(transition.reasons), None))
            assert await case.row() == before, (action, state, change)


def test_a_reason_leads_to_a_pause_or_a_stop_and_each_has_an_action() -> None:
    reasons = {
        reason: transition.to
        for transition in TRANSITIONS.values()
        for reason in transition.reasons
    }
    assert reasons.keys() == {*PauseReason, *StopReason}
    assert all(
        to
        is (BroadcastState.PAUSED if isinstance(reason, PauseReason) else BroadcastState.STOPPED)
        for reason, to in reasons.items()
    )


def test_an_action_is_refused_for_a_reason_that_it_never_has() -> None:
    for action, reason in product(BroadcastAction, (None, *PauseReason, *StopReason)):
        if reason not in (TRANSITIONS[action].reasons or {None}):
            with pytest.raises(ValueError, match="has no reason"):
                transition_statement(action, {}, reason)
