"""How far a recall is, told while it goes on."""

import pytest

from bot.broadcast.tenure import utc_now
from storage import Recalls, RecallTally
from tests.broadcast.petitioners import ADMIN
from tests.broadcast.workers import Bench, until


async def test_it_is_counted_once_at_the_begin_and_once_at_the_end(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bench.people.sign(range(1, 121))
    broadcast = await bench.start()
    bench.hire()
    await bench.ended()
    counted = 0
    tally = Recalls.tally

    async def counting(recalls: Recalls, broadcast: bytes) -> RecallTally:
        nonlocal counted
        counted += 1
        return await tally(recalls, broadcast)

    monkeypatch.setattr(Recalls, "tally", counting)
    bench.telegram.latency = 0.1  # of a batch: long enough for a report in between
    await bench.broadcasts.recall(broadcast.id, ADMIN, utc_now())

    async def recalled() -> bool:
        found = await bench.broadcasts.get(broadcast.id)
        return found is not None and found.recall_ended_at is not None

    await until(recalled)
    reports = bench.reports.recalls
    assert len(reports) > 3
    assert counted == 2
    assert reports[-1] == RecallTally(total=120, deleted=120)
    assert [each.deleted for each in reports] == sorted(each.deleted for each in reports)
    assert all(each.deleted + each.open == each.total == 120 for each in reports)
