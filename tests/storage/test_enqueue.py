"""Tests that recipients' rows are written in portions, each once and by one worker."""

from storage.broadcasts import Broadcasts
from storage.database import Database, Statement, Value
from storage.delivery_claims import scope_of
from storage.enqueue import ALL_WRITTEN, ENQUEUED, PORTION
from tests.support.broadcasts import ME, start
from tests.support.supporters import SLUG, Supporters, later


async def test_a_portion_that_comes_late_does_not_turn_the_others_back(
    broadcasts: Broadcasts, people: Supporters, database: Database
) -> None:
    await people.sign(range(1, 5))
    broadcast = await start(broadcasts)
    scope = scope_of(SLUG, broadcast, ME)
    for _ in range(2):
        await broadcasts.deliveries.enqueue(broadcast, holder=ME, portion=2, at=later(1))
    late: dict[str, Value] = {**scope, "after": 0, "upto": 2, "at": 1}
    await database.write(*(Statement(sql, late) for sql in PORTION))
    await database.write(*(Statement(sql, {**scope, "after": 2, "at": 1}) for sql in ALL_WRITTEN))
    (row,) = await database.read(Statement(ENQUEUED, {"broadcast": broadcast.id}))
    assert (row["enqueued_through"], row["enqueued_at"]) == (4, None)
    assert len(await people.deliveries(broadcast.id)) == 4
