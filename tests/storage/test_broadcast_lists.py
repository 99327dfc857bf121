"""Tests in which order broadcasts are read, and which of them need a worker."""

from typing import Any

import pytest

from storage import Storage
from storage.broadcast_types import Kind
from storage.broadcasts import (
    broadcast_history,
    due_broadcasts,
    has_sent_broadcasts,
    listed_broadcasts,
    scheduled_broadcasts,
)
from storage.database import Database
from tests.support.broadcasts import start, started
from tests.support.raw_sql import write_sql
from tests.support.supporters import ADMIN, Supporters, later

SOON = later(1000)


class Listed:
    """Broadcasts that are named by a letter each, whose ids are in the order of these."""

    def __init__(self, storage: Storage, database: Database) -> None:
        self._broadcasts = storage
        self._database = database

    async def add(self, letter: str, created: int, **columns: Any) -> None:
        """Stores one that was planned; then these columns become what they are given as."""
        key, at = letter.encode() * 16, later(created)
        planned = {"kind": Kind.UPDATE, "starts_at": later(created + 1)}
        await start(self._broadcasts, key, at=at, **planned)
        for column, value in columns.items():
            stored = int(later(value).timestamp() * 1000) if isinstance(value, int) else value
            sql = f"UPDATE broadcasts SET {column} = :value WHERE id = :id"  # noqa: S608
            await write_sql(self._database, sql, value=stored, id=key)


@pytest.fixture
async def listed(storage: Storage, people: Supporters) -> Listed:
    await people.sign([1], updates=9)
    return Listed(storage, storage.database)


def letters(found: list[Any]) -> str:
    return "".join(each.id.decode()[0] for each in found)


async def test_what_is_under_way_comes_first_then_what_is_next_then_what_was_last(
    storage: Storage, listed: Listed
) -> None:
    await listed.add("a", 10, state="finished", started_at=20)
    await listed.add("b", 5, state="finished", started_at=30)
    await listed.add("c", 25, state="cancelled")
    await listed.add("d", 42, starts_at=300)
    await listed.add("e", 41, starts_at=200)
    await listed.add("f", 1, state="paused", started_at=2)
    assert letters(await storage.read(listed_broadcasts)) == "fedbca"
    assert letters(await storage.read(scheduled_broadcasts)) == "ed"
    assert letters(await storage.read(broadcast_history)) == "decabf"


async def test_who_sent_one_has_sent(storage: Storage, listed: Listed) -> None:
    await listed.add("a", 1, state="finished", started_at=2)
    assert not await storage.read(has_sent_broadcasts, ADMIN + 1)
    key = b"b" * 16
    await start(storage, key, kind=Kind.UPDATE, actor=ADMIN + 1, at=later(3))
    assert await storage.read(has_sent_broadcasts, ADMIN + 1)
    assert await storage.read(has_sent_broadcasts, ADMIN)


async def test_a_recall_is_most_urgent_and_what_waits_for_an_admin_is_least(
    storage: Storage, listed: Listed
) -> None:
    over = {"state": "finished", "started_at": 2, "ended_at": 3}
    await listed.add("a", 1, confirmed_by_sealed=None)
    await listed.add("b", 6, state="cancelled", ended_at=7)
    await listed.add("c", 5, state="stopped", ended_at=7)
    await listed.add("d", 9)
    await listed.add("e", 8, **over, reported_at=4, recall_started_at=9)
    await listed.add("f", 0, **over, reported_at=4, recall_started_at=9, recall_ended_at=9)
    await listed.add("g", 0, **over, reported_at=4)
    assert letters(await storage.read(due_broadcasts, SOON)) == "edcba"
    await listed.add("h", 11, state="running", started_at=12)
    assert letters(await storage.read(due_broadcasts, SOON)) == "ehcba"
    await listed.add("i", 2000)  # another one can be planned meanwhile
    assert letters(await storage.read(scheduled_broadcasts))[-1] == "i"
    await listed.add("h", 11, state="paused")
    assert letters(await storage.read(due_broadcasts, SOON)) == "ecba"
    await listed.add("h", 11, pause_reason="denied")
    assert letters(await storage.read(due_broadcasts, SOON)) == "ecbah"


async def test_what_a_recalled_one_left_over_is_not_sent(storage: Storage, listed: Listed) -> None:
    broadcast = await started(storage, kind=Kind.UPDATE)
    key = broadcast.id

    async def so(table: str, column: str, value: object) -> None:
        of = "id" if table == "broadcasts" else "broadcast_id"
        sql = f"UPDATE {table} SET {column} = :value WHERE {of} = :id"  # noqa: S608
        await write_sql(storage.database, sql, value=value, id=key)

    await so("broadcasts", "state", "finished")
    await so("broadcasts", "reported_at", 1)
    for state in ("pending", "sending"):
        await so("deliveries", "state", state)
        assert [each.id for each in await storage.read(due_broadcasts, SOON)] == [key]
    await so("broadcasts", "recall_started_at", 1)
    await so("broadcasts", "recall_ended_at", 2)
    assert await storage.read(due_broadcasts, SOON) == []
