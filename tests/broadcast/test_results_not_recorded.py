"""When the database refuses a delivery's result, its recipient is not written to twice."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import pytest
from structlog.testing import capture_logs

from storage.broadcast_types import PauseReason, Result, Tally
from storage.deliveries import record_results
from tests.broadcast.workers import WorkerHarness, everyone_once, has_state
from tests.support.fake_telegram import FakeTelegram
from tests.support.raw_sql import write_sql
from tests.support.storage_calls import Proceed, call_instead
from tests.support.waiting import until

# The database refuses `delivered` in this row, as with a disk that is damaged there.
POISON = """
CREATE TRIGGER poison BEFORE UPDATE ON deliveries
WHEN NEW.position = 3 AND NEW.state = 'delivered'
BEGIN SELECT RAISE(ABORT, 'no'); END
"""


async def test_one_row_that_cannot_be_written_keeps_no_result_from_being_recorded(
    harness: WorkerHarness,
) -> None:
    await harness.people.sign(range(1, 7))
    broadcast = await harness.queued(await harness.start())
    await write_sql(harness.people.database, POISON)
    with capture_logs() as logs:
        harness.start_worker()
        found = await harness.held()
    (event,) = [each for each in logs if each["event"] == "result_refused_by_database"]
    assert isinstance(event["exc_info"], Exception), "the log has its trace"
    assert found.pause_reason is PauseReason.UNRECORDED
    assert found.reason_detail == f"IntegrityError {event['reference']}"
    tally = await harness.tally()
    assert (tally.unconfirmed, tally.sending) == (1, 0)
    assert (await harness.people.states(broadcast.id))[2] == "unconfirmed"
    await harness.resume()
    assert (await harness.ended()).state == "finished"
    assert await harness.tally() == Tally(total=6, delivered=5, unconfirmed=1)
    assert dict(harness.telegram.received) == everyone_once(6)


def refusing(monkeypatch: pytest.MonkeyPatch, *positions: int) -> None:
    """Lets the database refuse every result of these deliveries."""

    async def refused(
        record: Proceed, broadcast: bytes, results: Iterable[Result], at: datetime
    ) -> None:
        some = list(results)
        if any(each.position in positions for each in some):
            raise KeyError(positions)
        await record(broadcast, some, at)

    call_instead(monkeypatch, record_results, refused)


async def test_who_may_have_it_is_not_written_to_again_though_nothing_can_be_written(
    harness: WorkerHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing(monkeypatch, 3)
    await harness.people.sign(range(1, 7))
    broadcast = await harness.start()
    harness.start_worker()
    await harness.held()
    assert (await harness.people.states(broadcast.id))[2] == "sending"
    await harness.resume()
    # Resumed before the cause is repaired, it is paused again.
    await harness.held(2)
    assert harness.telegram.received[1003] == 1
    monkeypatch.undo()
    await harness.resume()
    assert (await harness.ended()).state == "finished"
    assert dict(harness.telegram.received) == everyone_once(6)
    assert await harness.tally() == Tally(total=6, delivered=5, unconfirmed=1)


class LetsOneThrough(FakeTelegram):
    """A fake client at whose gate all chats but one wait until it opens."""

    async def call(
        self, method: str, params: Mapping[str, object] | None = None, **given: Any
    ) -> Any:
        if params is not None and params.get("chat_id") != 1001:
            await self.open.wait()
        return await super().call(method, params, **given)

    async def _turn_came(self) -> None:
        return


async def test_no_more_of_it_goes_out_at_once(
    harness: WorkerHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing(monkeypatch, 1)
    await harness.people.sign(range(1, 41))
    await harness.queued(await harness.start())
    harness.telegram = LetsOneThrough()
    harness.telegram.open.clear()
    running = harness.start_worker(window=10.0, batch=10.0)
    await until(lambda: has_state(harness, "paused"))
    harness.telegram.open.set()
    await harness.held()
    assert dict(harness.telegram.received) == {1001: 1}
    assert len(running.claims) == 0
    assert await harness.tally() == Tally(total=40, pending=39, sending=1)
