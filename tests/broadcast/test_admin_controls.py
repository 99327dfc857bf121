"""An admin's pause, cancellation or recall of a broadcast works at once and loses nobody."""

import asyncio
from datetime import timedelta

import pytest

from bot.broadcast.lease import utc_now
from storage import APPROVABLE_FOR, Broadcast, Kind, PauseReason, RecallTally, StopReason, Tally
from tests.broadcast.workers import (
    WorkerHarness,
    called,
    everyone_once,
    has_state,
    received,
    until,
)
from tests.support import fake_telegram as answers
from tests.support.supporters import ADMIN

AUTHOR = ADMIN + 1
COPY = {"es": {"messages": [7]}, "en": {"messages": [8]}}
ALBUM = {"es": {"messages": [7, 8, 9]}}


async def running(bench: WorkerHarness, people: int, rate: float) -> Broadcast:
    await bench.people.sign(range(1, people + 1))
    broadcast = await bench.start()
    bench.hire(rate=rate)
    await until(lambda: received(bench.telegram, 5))
    return broadcast


async def still(bench: WorkerHarness) -> int:
    """Waits until no more messages arrive; returns how many have."""
    before = -1
    while before != (now := bench.telegram.received.total()):
        before = now
        await asyncio.sleep(0.1)
    return before


async def test_a_pause_stops_the_sending_and_gives_back_what_was_claimed(
    bench: WorkerHarness,
) -> None:
    broadcast = await running(bench, 200, rate=200.0)
    await bench.broadcasts.pause(broadcast.id, ADMIN, utc_now())
    sent = await still(bench)
    assert sent < 200
    assert await bench.tally() == Tally(total=200, delivered=sent, pending=200 - sent)
    await until(lambda: told(bench, "paused"))
    await bench.broadcasts.resume(broadcast.id, ADMIN, utc_now())
    await bench.ended()
    assert dict(bench.telegram.received) == everyone_once(200)


async def test_a_word_to_the_worker_makes_a_pause_take_effect_at_once(
    bench: WorkerHarness,
) -> None:
    await bench.people.sign(range(1, 101))
    broadcast = await bench.start()
    # So slow that without being woken it would claim again only after a second.
    hand = bench.hire(rate=20.0, progress=60.0)
    await until(lambda: received(bench.telegram, 3))
    await bench.broadcasts.pause(broadcast.id, ADMIN, utc_now())
    hand.woken.set()
    await until(lambda: told(bench, "paused"))
    assert bench.telegram.received.total() < 50


async def test_what_waits_for_its_turn_does_not_leave_once_no_more_is_to_be_sent(
    bench: WorkerHarness,
) -> None:
    await bench.people.sign(range(1, 41))
    bench.telegram.open.clear()
    await bench.start()
    hand = bench.hire()
    await until(lambda: at_the_gate(bench))
    stopping = asyncio.create_task(hand.worker.stop(5.0))
    await asyncio.sleep(0)
    bench.telegram.open.set()
    await stopping
    assert bench.telegram.received.total() == 0
    assert await bench.tally() == Tally(total=40, pending=40)
    assert {row["attempts"] for row in await rows(bench)} == {0}


async def test_a_cancel_ends_it_with_a_report_and_leaves_the_rest_for_the_next(
    bench: WorkerHarness,
) -> None:
    broadcast = await running(bench, 200, rate=200.0)
    await bench.broadcasts.cancel(broadcast.id, ADMIN, utc_now())
    ended = await bench.ended()
    assert ended.state == "cancelled"
    ((what, tally, _),) = bench.reports.ends
    assert (what, tally.sending, tally.unconfirmed) == ("cancelled", 0, 0)
    assert tally.delivered + tally.pending == 200
    await bench.start()
    await until(lambda: has_state(bench, "finished"))
    assert dict(bench.telegram.received) == everyone_once(200)


async def test_what_a_dead_worker_was_sending_when_it_was_cancelled_is_unknown(
    bench: WorkerHarness,
) -> None:
    await bench.people.sign(range(1, 11))
    bench.telegram.latency = 60.0
    broadcast = await bench.start()
    hand = bench.hire(call=90.0)
    await until(lambda: in_flight(bench, 10))
    hand.kill()
    await bench.broadcasts.cancel(broadcast.id, ADMIN, utc_now())
    bench.hire(sole=True)
    await bench.ended()
    assert await bench.tally() == Tally(total=10, unconfirmed=10)


async def test_a_planned_one_is_sent_when_its_time_comes(bench: WorkerHarness) -> None:
    await bench.people.sign(range(1, 4))
    await bench.start(starts_at=utc_now() + timedelta(seconds=0.3))
    bench.hire()
    await asyncio.sleep(0.1)
    assert bench.telegram.received.total() == 0
    await bench.ended()
    assert dict(bench.telegram.received) == everyone_once(3)


async def test_a_planned_one_that_is_long_past_is_shown_and_not_sent(bench: WorkerHarness) -> None:
    await bench.people.sign(range(1, 4))
    broadcast = await bench.start(starts_at=utc_now() - timedelta(hours=2))
    bench.hire()
    await until(lambda: told(bench, "waiting"))
    assert bench.telegram.received.total() == 0
    await bench.broadcasts.resume(broadcast.id, ADMIN, utc_now())
    await bench.ended()
    assert dict(bench.telegram.received) == everyone_once(3)


async def test_who_comes_back_after_the_end_is_told_and_nobody_else(bench: WorkerHarness) -> None:
    await bench.people.set_closed_at(utc_now())
    await bench.people.sign(range(1, 4))
    bench.telegram.always(1002, answers.BLOCKED)
    await bench.start(at=utc_now())
    hand = bench.hire()
    await bench.ended()
    assert await bench.people.unreachable() == [2]
    bench.telegram.always(1002, None)
    assert await bench.signatures.mark_reachable(bench.people.supporter(2), utc_now())
    hand.woken.set()
    await until(lambda: received(bench.telegram, 3))
    await until(lambda: tallies(bench, Tally(total=3, delivered=3)))
    assert dict(bench.telegram.received) == everyone_once(3)
    assert [what for what, *_ in bench.reports.ends] == ["finished"]


async def test_a_recall_deletes_what_arrived(bench: WorkerHarness) -> None:
    await bench.people.sign(range(1, 41))
    bench.telegram.always(1002, answers.BLOCKED)
    broadcast = await bench.start()
    bench.hire()
    await bench.ended()
    bench.telegram.plan(1003, answers.SERVER_ERROR, answers.NO_CONNECTION)
    bench.telegram.plan(1004, answers.NOT_THERE)
    bench.telegram.plan(1005, answers.TOO_OLD)
    await bench.broadcasts.recall(broadcast.id, ADMIN, utc_now())
    await until(lambda: recalled(bench))
    assert bench.reports.recalls[-1] == RecallTally(total=39, deleted=38, failed=1)
    deleted = {given["chat_id"] for method, given in bench.telegram.calls if "delete" in method}
    assert deleted == {1000 + number for number in range(1, 41)} - {1002}


async def test_a_recall_does_not_wait_for_somebody_who_came_back_and_cannot_be_told(
    bench: WorkerHarness,
) -> None:
    await bench.people.set_closed_at(utc_now())
    await bench.people.sign([1, 2])
    bench.telegram.always(1002, answers.BLOCKED)
    broadcast = await bench.start(at=utc_now())
    hand = bench.hire()
    await bench.ended()
    bench.telegram.always(1002, answers.SERVER_ERROR)
    assert await bench.signatures.mark_reachable(bench.people.supporter(2), utc_now())
    hand.woken.set()
    await until(lambda: called(bench.telegram, 4))
    await bench.broadcasts.recall(broadcast.id, ADMIN, utc_now())
    await until(lambda: recalled(bench))
    assert await bench.broadcasts.due(utc_now()) == []
    assert dict(bench.telegram.received) == {1001: 1}


async def test_a_recall_does_not_wait_for_what_is_being_sent(bench: WorkerHarness) -> None:
    await bench.people.sign(range(1, 31))
    first = await bench.start(kind=Kind.UPDATE)
    hand = bench.hire()
    await bench.ended()
    await hand.worker.stop(1.0)
    await bench.start(kind=Kind.UPDATE)
    hand = bench.hire(rate=20.0)
    await until(lambda: received(bench.telegram, 32))
    await bench.broadcasts.recall(first.id, ADMIN, utc_now())
    hand.woken.set()
    await until(lambda: recalled(bench, first.id))
    assert await has_state(bench, "running")
    await bench.ended()
    assert bench.telegram.received.total() == 60


async def test_a_killed_recall_is_gone_on_with(bench: WorkerHarness) -> None:
    await bench.people.sign(range(1, 101))
    broadcast = await bench.start()
    hand = bench.hire()
    await bench.ended()
    hand.kill()
    await bench.broadcasts.recall(broadcast.id, ADMIN, utc_now())
    bench.telegram.dead = False
    again = bench.hire(sole=True, rate=100.0)
    await until(lambda: some_deleted(bench, 10))
    again.kill()
    bench.telegram.dead = False
    bench.hire(sole=True)
    await until(lambda: recalled(bench))
    assert bench.reports.recalls[-1] == RecallTally(total=100, deleted=100)


async def test_a_message_is_copied_in_each_ones_language(bench: WorkerHarness) -> None:
    await bench.people.sign([1, 2], "es")
    await bench.people.sign([3], "en")
    await bench.start(kind=Kind.UPDATE, content=COPY, source_chat=ADMIN)
    bench.hire()
    await bench.ended()
    assert bench.telegram.texts == {1001: "7", 1002: "7", 1003: "8"}
    assert {method for method, _ in bench.telegram.calls} == {"copyMessage"}


async def test_an_album_that_lost_a_part_stops_it_after_the_first(bench: WorkerHarness) -> None:
    await bench.people.sign(range(1, 31))
    bench.telegram.missing = {8}
    broadcast = await bench.start(kind=Kind.UPDATE, content=ALBUM, source_chat=ADMIN)
    bench.hire(rate=60.0)
    ended = await bench.ended()
    assert (ended.id, ended.state) == (broadcast.id, "stopped")
    assert (ended.stop_reason, ended.reason_detail) == (
        StopReason.CONTENT,
        "message to copy not found",
    )
    tally = await bench.tally()
    assert 0 < tally.delivered < 30
    assert tally.rejected == 0


async def test_an_album_that_is_gone_stops_it_and_marks_nobody(bench: WorkerHarness) -> None:
    await bench.people.sign(range(1, 31))
    bench.telegram.missing = {7, 8, 9}
    await bench.start(kind=Kind.UPDATE, content=ALBUM, source_chat=ADMIN)
    bench.hire(rate=60.0)
    ended = await bench.ended()
    assert (ended.stop_reason, ended.reason_detail) == (
        StopReason.CONTENT,
        "message to copy not found",
    )
    tally = await bench.tally()
    assert (tally.delivered, tally.unreachable) == (0, 0)
    assert tally.rejected + tally.pending == 30


async def test_when_the_chat_it_is_copied_from_is_lost_nobody_is_marked_for_it(
    bench: WorkerHarness,
) -> None:
    await bench.people.sign(range(1, 31))
    bench.telegram.everyone(answers.CHAT_NOT_FOUND)
    bench.telegram.source_is_lost = True
    await bench.start(kind=Kind.UPDATE, content=COPY, source_chat=ADMIN)
    bench.hire(rate=60.0)
    ended = await bench.ended()
    assert (ended.stop_reason, ended.reason_detail) == (
        StopReason.CONTENT,
        "the chat of the message is not found",
    )
    assert await bench.tally() == Tally(total=30, pending=30)
    assert await bench.people.unreachable() == []


async def test_when_only_a_recipients_chat_is_lost_that_one_is_marked(
    bench: WorkerHarness,
) -> None:
    await bench.people.sign([1, 2])
    bench.telegram.always(1001, answers.CHAT_NOT_FOUND)
    await bench.start(kind=Kind.UPDATE, content=COPY, source_chat=ADMIN)
    bench.hire()
    await bench.ended()
    assert await bench.tally() == Tally(total=2, delivered=1, unreachable=1)


async def told(bench: WorkerHarness, what: str) -> bool:
    return any(said == what for said, *_ in bench.reports.told)


async def at_the_gate(bench: WorkerHarness) -> bool:
    return bench.telegram.at_the_gate > 20


async def rows(bench: WorkerHarness) -> list[dict[str, object]]:
    latest = await bench.broadcasts.latest()
    assert latest is not None
    return await bench.people.deliveries(latest.id)


async def in_flight(bench: WorkerHarness, number: int) -> bool:
    return bench.telegram.in_flight >= number


async def tallies(bench: WorkerHarness, expected: Tally) -> bool:
    return await bench.tally() == expected


async def recalled(bench: WorkerHarness, broadcast: bytes | None = None) -> bool:
    latest = await bench.broadcasts.latest()
    found = latest if broadcast is None else await bench.broadcasts.get(broadcast)
    return found is not None and found.recall_ended_at is not None


async def some_deleted(bench: WorkerHarness, number: int) -> bool:
    return sum("delete" in method for method, _ in bench.telegram.calls) >= number


async def test_what_nobody_approved_in_a_day_is_over_and_that_is_told(
    bench: WorkerHarness,
) -> None:
    await bench.people.sign([1])
    await bench.start(needs_approval=True, at=utc_now() - APPROVABLE_FOR)
    bench.hire()
    ended = await bench.ended()
    assert (ended.state, ended.stop_reason) == ("stopped", StopReason.UNAPPROVED)
    assert bench.telegram.calls == []


@pytest.mark.parametrize(
    ("left", "state", "reason"),
    [(ADMIN, "finished", None), (AUTHOR, "paused", PauseReason.FORMER)],
)
async def test_who_approved_it_has_to_be_an_admin_still_and_not_who_wrote_it(
    bench: WorkerHarness, left: int, state: str, reason: PauseReason | None
) -> None:
    await bench.people.sign([1])
    written = await bench.start(needs_approval=True, actor=AUTHOR, at=utc_now())
    await bench.broadcasts.approve(written.id, ADMIN, utc_now())
    bench.hire(admins=frozenset({left}))
    await until(lambda: has_state(bench, state))
    latest = await bench.broadcasts.latest()
    assert latest is not None
    assert (latest.pause_reason, bench.telegram.received[1001]) == (reason, left == ADMIN)
