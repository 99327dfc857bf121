"""Tests that a damaged encrypted value loses its own content, and affects nobody else."""

from storage.broadcast_transitions import interrupt_broadcast
from storage.broadcast_types import StopReason
from storage.broadcasts import broadcast_history, due_broadcasts
from storage.database import Database
from tests.support.broadcasts import start, started
from tests.support.raw_sql import write_sql
from tests.support.supporters import Supporters, later

GARBAGE = b"\x01 garbage that has the length of a sealed value"


async def damage(database: Database, table: str, column: str, where: str = "1 = 1") -> None:
    sql = f"UPDATE {table} SET {column} = :value WHERE {where}"  # noqa: S608 - of these tests
    await write_sql(database, sql, value=GARBAGE)


async def test_a_damaged_broadcast_hides_no_other(people: Supporters) -> None:
    first = await started(people)
    await people.write(interrupt_broadcast, first.id, StopReason.CONTENT, later(1))
    await start(people, topic="another", at=later(2))
    await damage(people.database, "broadcasts", "confirmed_by_sealed", "state = 'stopped'")
    assert [each.is_damaged for each in await people.read(broadcast_history)] == [False, True]
    assert False in [each.is_damaged for each in await people.read(due_broadcasts, later(3))]
