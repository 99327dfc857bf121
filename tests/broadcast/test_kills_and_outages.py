"""Kills, several processes, database outages: nobody is left out, few get a message twice."""

import asyncio
import random
from datetime import datetime, timedelta
from functools import partial

import pytest

from storage.broadcast_types import Tally
from storage.database import open_database
from storage.keyring import Keyring
from tests.broadcast.workers import UNHURRIED, WorkerHarness, called, everyone_once, received
from tests.support.accelerated_loop import time_of_day
from tests.support.fake_telegram import FakeTelegram
from tests.support.postgres_server import PostgresServer
from tests.support.raw_sql import write_sql
from tests.support.supporters import Supporters
from tests.support.waiting import until

BOTH = pytest.mark.parametrize("kind", ["sqlite", "postgres"], indirect=True)


@BOTH
async def test_kills_lose_nobody_and_repeat_at_most_what_was_under_way(
    harness: WorkerHarness,
) -> None:
    people, kills = 400, 6
    await harness.people.sign(range(1, people + 1))
    await harness.start()
    dice = random.Random(7)  # noqa: S311 - a test's own dice
    telegrams, most_claimed = [], 0
    for _ in range(kills):
        telegrams.append(FakeTelegram())
        running = harness.start_worker(telegram=telegrams[-1], rate=200.0)
        await asyncio.sleep(dice.uniform(0.1, 0.3))
        running.kill()
        most_claimed = max(most_claimed, (await harness.tally()).sending)
        await asyncio.sleep(0.02)
    harness.start_worker(rate=2000.0)
    await harness.ended()
    arrived = sum((each.received for each in telegrams), harness.telegram.received)
    assert set(arrived) == {1000 + n for n in range(1, people + 1)}
    assert most_claimed <= 60 + 20  # the window, and what is being recorded
    repeated = sum(count - 1 for count in arrived.values())
    assert repeated <= kills * most_claimed
    assert await harness.tally() == Tally(total=people, delivered=people)
    assert [what for what, *_ in harness.reports.ends] == ["finished"]


async def test_who_is_claimed_by_nobody_that_lives_is_found_before_the_end(
    harness: WorkerHarness,
) -> None:
    harness.telegram.latency = 0.3
    await harness.people.sign(range(1, 4))
    await harness.queued(await harness.start())
    harness.start_worker(window=0.0001, batch=0.0001)
    await until(lambda: called(harness.telegram, 1))
    # The answer to a claim was lost with a connection: nobody here knows of it.
    sql = "UPDATE deliveries SET state = 'sending', claim_token = :token WHERE position = 3"
    await write_sql(harness.people.database, sql, token=b"nobody's claim..")
    await harness.ended()
    assert dict(harness.telegram.received) == everyone_once(3)


async def test_a_restart_with_the_same_people_in_line_does_not_repeat_them_first(
    harness: WorkerHarness,
) -> None:
    await harness.killed(100)
    claimed = await _being_sent(harness)
    harness.start_worker()
    await harness.ended()
    order = [call["chat_id"] for _, call in harness.telegram.calls]
    assert claimed
    assert {int(str(chat)) - 1000 for chat in order[-len(claimed) :]} == claimed


async def test_asked_to_stop_it_finishes_what_is_in_flight_and_records_it(
    harness: WorkerHarness,
) -> None:
    harness.telegram.latency = 0.1
    running = await harness.sends_to(range(1, 201), rate=200.0)
    await until(lambda: received(running.telegram, 30))
    began = asyncio.get_running_loop().time()
    await running.worker.stop(2.0)
    await running.task
    assert asyncio.get_running_loop().time() - began < 1.0
    tally = await harness.tally()
    assert tally.sending == 0
    assert tally.delivered == harness.telegram.received.total()
    harness.start_worker()
    await harness.ended()
    assert set(harness.telegram.received.values()) == {1}


async def test_what_does_not_answer_in_time_to_stop_is_left_in_doubt(
    harness: WorkerHarness,
) -> None:
    harness.telegram.latency = 60.0
    running = await harness.sends_to([1, 2])
    await until(lambda: called(running.telegram, 2))
    began = asyncio.get_running_loop().time()
    await running.worker.stop(0.5)
    await running.task
    assert asyncio.get_running_loop().time() - began < 1.0
    rows = await harness.rows()
    assert [(row["state"], row["attempts"]) for row in rows] == [("pending", 1)] * 2


@pytest.mark.parametrize("how", ["stopped", "lock lost"])
async def test_what_waited_for_its_turn_when_all_was_cut_off_twice_had_not_left(
    harness: WorkerHarness, how: str
) -> None:
    await harness.people.sign(range(1, 21))
    await harness.start()
    for _ in range(2):
        telegram = FakeTelegram()
        telegram.open.clear()
        running = harness.start_worker(telegram=telegram)
        await until(lambda: telegram.at_the_gate >= 20)  # noqa: B023 - awaited here
        if how == "lock lost":
            running.lock.release()
            await asyncio.sleep(1.0)
            running.database.away = False
        await running.worker.stop(5.0)
        await running.task
        assert telegram.calls == []
        rows = await harness.rows()
        assert {(row["state"], row["attempts"]) for row in rows} == {("pending", 0)}
    harness.start_worker()
    await harness.ended()
    assert await harness.tally() == Tally(total=20, delivered=20)


@pytest.mark.parametrize("how", ["away", "severed"])
async def test_stopping_takes_no_longer_when_the_database_is_away_or_does_not_answer(
    harness: WorkerHarness, how: str
) -> None:
    running = await harness.sends_to(range(1, 101), rate=100.0)
    await until(lambda: received(running.telegram, 5))
    setattr(running.database, how, True)
    await asyncio.sleep(0.05)
    async with asyncio.timeout(1.5):
        await running.worker.stop(0.5)
        await running.task


async def test_stopping_one_that_never_ran_is_nothing(harness: WorkerHarness) -> None:
    running = harness.start_worker()
    await running.worker.stop(0.2)
    await running.task


@BOTH
async def test_who_was_replaced_sends_no_more_and_the_next_one_goes_on(
    harness: WorkerHarness,
) -> None:
    """It slept, and does not know yet that another took its place: it claims nothing."""
    first = await harness.sends_to(range(1, 201), telegram=FakeTelegram(), rate=200.0)
    await until(lambda: received(first.telegram, 10))
    second = harness.start_worker(telegram=FakeTelegram(), rate=2000.0)
    await harness.ended()
    arrived = first.telegram.received + second.telegram.received
    assert set(arrived) == {1000 + n for n in range(1, 201)}
    await asyncio.sleep(0.5)
    assert first.telegram.received.total() <= 10 + 2 * 0.3 * 200


@BOTH
@pytest.mark.parametrize("how", ["frozen", "cut off"])
async def test_what_a_holder_sent_before_it_lost_the_lock_is_recorded_and_not_repeated(
    harness: WorkerHarness, how: str
) -> None:
    """It is frozen while Telegram answers, or cannot reach the database for half a minute."""
    await harness.people.sign(range(1, 101))
    await harness.start()
    first = harness.start_worker(telegram=FakeTelegram(), rate=100.0, call=100.0, **UNHURRIED)
    await until(lambda: received(first.telegram, 10))
    first.lock.release()
    first.database.away = how == "cut off"
    first.telegram.latency = 30.0 if how == "frozen" else 0.1
    second = harness.start_worker(telegram=FakeTelegram(), rate=100.0, **UNHURRIED)
    second.database.is_shared = True
    await until(lambda: received(second.telegram, 60))
    await asyncio.sleep(30)
    first.database.away = False
    await harness.ended(100)
    assert dict(first.telegram.received + second.telegram.received) == everyone_once(100)
    assert await harness.tally() == Tally(total=100, delivered=100)


@pytest.mark.parametrize(
    ("kind", "hours"), [("sqlite", 1), ("sqlite", -1), ("postgres", -1)], indirect=["kind"]
)
async def test_what_a_killed_holder_had_claimed_is_repeated_after_a_minute_and_not_before(
    harness: WorkerHarness, hours: int
) -> None:
    """Whatever the time of day is on the machine that goes on."""
    first = await harness.killed(100)
    claimed = (await harness.tally()).sending
    assert claimed > 0
    second = harness.start_worker(
        telegram=FakeTelegram(),
        rate=1000.0,
        now=lambda: time_of_day() + timedelta(hours=hours),
        **UNHURRIED,
    )
    second.database.is_shared = True
    await asyncio.sleep(50)
    tally = await harness.tally()
    assert tally == Tally(total=100, sending=claimed, delivered=100 - claimed)
    await harness.ended(30)
    assert set(first.telegram.received + second.telegram.received) == set(everyone_once(100))
    assert await harness.tally() == Tally(total=100, delivered=100)


async def test_what_a_killed_holder_had_claimed_is_taken_back_in_the_middle_of_a_long_list(
    harness: WorkerHarness,
) -> None:
    """Until then, who says no is told that a message may still come."""
    await harness.killed(400)
    claimed = await _being_sent(harness)
    assert claimed
    second = harness.start_worker(telegram=FakeTelegram(), rate=4.0, window=1.0, **UNHURRIED)
    second.database.is_shared, second.telegram.latency = True, 0.9
    await asyncio.sleep(55)
    assert claimed < await _being_sent(harness)
    await asyncio.sleep(10)
    assert not claimed & await _being_sent(harness)
    assert second.telegram.received.total() < 300, "the end is far away"
    await harness.ended(60)
    assert set(second.telegram.received.values()) == {1}
    assert await harness.tally() == Tally(total=400, delivered=400)


async def _being_sent(harness: WorkerHarness) -> set[object]:
    return {row["position"] for row in await harness.rows() if row["state"] == "sending"}


async def test_whoever_loses_the_lock_sends_no_more(harness: WorkerHarness) -> None:
    running = await harness.sends_to(range(1, 301), rate=200.0)
    await until(lambda: received(running.telegram, 10))
    running.lock.release()
    await asyncio.sleep(0.1)
    calls = len(running.telegram.calls)
    assert calls < 300
    await asyncio.sleep(0.3)
    assert len(running.telegram.calls) == calls


async def test_commits_whose_answer_is_lost_are_not_done_twice(harness: WorkerHarness) -> None:
    running = await harness.sends_to(range(1, 101), rate=500.0)
    for _ in range(10):
        running.database.lose_answers = 1
        await asyncio.sleep(0.02)
    await harness.ended()
    assert dict(harness.telegram.received) == everyone_once(100)


async def test_a_postgres_that_is_restarted_in_the_middle_costs_nobody_their_message(
    own_server: PostgresServer, keyring: Keyring
) -> None:
    database = await open_database(await asyncio.to_thread(own_server.migrated))
    people, telegram = Supporters(database, keyring), FakeTelegram()
    await people.open_petition()
    await people.sign(range(1, 201))
    harness = WorkerHarness(database, keyring, people, telegram)
    await harness.start()
    harness.start_worker(rate=100.0)
    for arrived in (20, 60, 100):
        await until(partial(received, telegram, arrived), 30)
        await asyncio.to_thread(own_server.restart)
    await harness.ended(60)
    assert dict(telegram.received) == everyone_once(200)
    assert await harness.tally() == Tally(total=200, delivered=200)
    await harness.close()
    await database.close()


@pytest.mark.parametrize("hours", [2, -2])
async def test_what_is_on_its_way_arrives_once(harness: WorkerHarness, hours: int) -> None:
    set_by = timedelta()

    def now() -> datetime:
        return time_of_day() + set_by

    harness.telegram.latency = 0.4
    await harness.sends_to(range(1, 151), rate=100.0, now=now)
    await until(lambda: received(harness.telegram, 50))
    assert harness.telegram.in_flight > 10
    set_by = timedelta(hours=hours)
    assert (await harness.ended()).state == "finished"
    assert await harness.tally() == Tally(total=150, delivered=150)
    assert dict(harness.telegram.received) == everyone_once(150)


async def test_one_that_starts_with_its_clock_set_back_repeats_at_once_what_was_claimed(
    harness: WorkerHarness,
) -> None:
    """A small computer without a clock that runs on, after a power cut."""
    first = await harness.killed(100)
    assert (await harness.tally()).sending > 0
    second = harness.start_worker(
        telegram=FakeTelegram(), now=lambda: time_of_day() - timedelta(hours=1)
    )
    await harness.ended()
    assert set(first.telegram.received + second.telegram.received) == set(everyone_once(100))
    assert await harness.tally() == Tally(total=100, delivered=100)
