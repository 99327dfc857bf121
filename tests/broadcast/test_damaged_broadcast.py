"""Damaged data in a broadcast's row stops it before anything is sent, and counts as no bug."""

import pytest

from storage.broadcast_types import Kind, StopReason, Tally
from tests.broadcast.workers import WorkerHarness
from tests.support.raw_sql import write_sql
from tests.support.supporters import ADMIN


@pytest.mark.parametrize("column", ["author_sealed", "confirmed_by_sealed", "source_chat_sealed"])
async def test_who_ordered_it_or_what_it_copies_cannot_be_read_so_nobody_is_told(
    harness: WorkerHarness, column: str
) -> None:
    await harness.people.sign(range(1, 6), updates=9)
    content = {"es": {"messages": [7]}}
    await harness.start(kind=Kind.UPDATE, content=content, source_chat=ADMIN)
    sql = f"UPDATE broadcasts SET {column} = :junk"  # noqa: S608 - of this test
    await write_sql(harness.people.database, sql, junk=b"junk")
    harness.start_worker()
    ended = await harness.ended()
    assert ended.state == "stopped"
    assert ended.stop_reason is StopReason.UNREADABLE
    assert await harness.tally() == Tally(total=5, pending=5)
    assert harness.telegram.received == {}
