"""Damaged data in a broadcast's row stops it before anything is sent, and counts as no bug."""

import pytest

from storage import Statement, StopReason, Tally
from tests.broadcast.workers import WorkerHarness


@pytest.mark.parametrize("column", ["author_sealed", "confirmed_by_sealed"])
async def test_who_ordered_it_cannot_be_read_so_nobody_is_told(
    bench: WorkerHarness, column: str
) -> None:
    await bench.people.sign(range(1, 6))
    await bench.start()
    sql = f"UPDATE broadcasts SET {column} = :junk"  # noqa: S608 - of this test
    await bench.people.database.write(Statement(sql, {"junk": b"junk"}))
    bench.hire()
    ended = await bench.ended()
    assert ended.state == "stopped"
    assert ended.stop_reason is StopReason.UNREADABLE
    assert await bench.tally() == Tally(total=5, pending=5)
    assert bench.telegram.received == {}
