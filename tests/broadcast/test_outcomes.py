"""The effect of each answer of Telegram's on a delivery and on the whole broadcast."""

import asyncio

import pytest

from bot.back_off import BackOff
from bot.broadcast.failing_deliveries import OutageBreaker
from storage.broadcast_types import Kind, PauseReason, StopReason, Tally
from tests.broadcast.workers import WorkerHarness, called, everyone_once, has_state
from tests.support import fake_telegram as answers
from tests.support.raw_sql import write_sql
from tests.support.supporters import ADMIN
from tests.support.waiting import until

COPY = {"es": {"messages": [7]}, "en": {"messages": [8]}}
ALBUM = {"es": {"messages": [7, 8, 9]}}


async def test_who_blocked_the_bot_is_unreachable_and_left_alone(harness: WorkerHarness) -> None:
    harness.telegram.always(1002, answers.BLOCKED)
    await harness.sent_to([1, 2])
    assert await harness.tally() == Tally(total=2, delivered=1, unreachable=1)
    assert await harness.people.unreachable() == [2]
    assert len(harness.telegram.calls) == 2


@pytest.mark.parametrize("error", [answers.SERVER_ERROR, answers.NO_CONNECTION])
async def test_what_surely_did_not_arrive_is_sent_again(
    harness: WorkerHarness, error: Exception
) -> None:
    harness.telegram.plan(1002, *[error] * 7)
    await harness.sent_to([1, 2, 3])
    assert dict(harness.telegram.received) == everyone_once(3)


async def test_a_pause_asked_for_costs_no_attempt(harness: WorkerHarness) -> None:
    harness.telegram.plan(1001, *[answers.FLOODED] * 5)
    await harness.sent_to([1, 2])
    assert dict(harness.telegram.received) == everyone_once(2)
    assert [row["attempts"] for row in await harness.rows()] == [1, 1]


async def test_an_answer_lost_is_repeated_once_and_delivered(harness: WorkerHarness) -> None:
    harness.telegram.plan(1001, answers.ANSWER_LOST)
    await harness.sent_to([1, 2])
    assert dict(harness.telegram.received) == {1001: 2, 1002: 1}
    assert await harness.tally() == Tally(total=2, delivered=2)


async def test_an_answer_lost_twice_is_unknown_and_never_sent_a_third_time(
    harness: WorkerHarness,
) -> None:
    harness.telegram.always(1001, answers.ANSWER_LOST)
    await harness.sent_to([1, 2])
    assert dict(harness.telegram.received) == {1001: 2, 1002: 1}
    assert await harness.tally() == Tally(total=2, delivered=1, unconfirmed=1)


async def test_a_refused_text_stops_it_and_marks_nobody(harness: WorkerHarness) -> None:
    harness.telegram.everyone(answers.BAD_TEXT)
    await harness.sends_to(range(1, 31), rate=50.0)
    ended = await harness.ended()
    assert ended.state == "stopped"
    assert ended.reason_detail == answers.BAD_TEXT.description
    ((what, tally, reason),) = harness.reports.ends
    assert (what, reason) == ("stopped", StopReason.CONTENT)
    assert (tally.delivered, tally.unreachable, tally.unconfirmed) == (0, 0, 0)
    assert tally.rejected + tally.pending == 30
    assert await harness.people.unreachable() == []
    assert len(harness.telegram.calls) <= 10
    # Corrected, the broadcast reaches everyone.
    harness.telegram.everyone(None)
    await harness.start()
    await until(lambda: has_state(harness, "finished"))
    assert (await harness.tally()).total == 30
    assert dict(harness.telegram.received) == everyone_once(30)


@pytest.mark.parametrize("denial", [answers.BAD_TOKEN, answers.NOT_FOUND])
async def test_a_token_that_is_denied_once_loses_nobody_and_needs_nobody(
    harness: WorkerHarness, denial: Exception
) -> None:
    harness.telegram.plan(1007, denial)
    await harness.sends_to(range(1, 31))
    assert (await harness.ended()).state == "finished"
    assert dict(harness.telegram.received) == everyone_once(30)
    assert [what for what, _, _ in harness.reports.ends] == ["finished"]


@pytest.mark.parametrize("refusal", [answers.BLOCKED, answers.NO_VOICE], ids=["bot", "voice"])
async def test_whoever_refuses_the_message_shows_that_the_token_is_taken_again(
    harness: WorkerHarness, refusal: Exception
) -> None:
    """Nobody behind them waits for half a second, as they would while nothing gets through."""
    harness.telegram.plan(1001, answers.BAD_TOKEN)
    for chat in range(1002, 1007):
        harness.telegram.always(chat, refusal)
    await harness.sent_to(range(1, 7), window=0.0001, batch=0.0001)
    assert (harness.telegram.asked, dict(harness.telegram.received)) == (1, {1001: 1})


async def test_a_token_that_is_taken_again_lets_it_go_on_by_itself(
    harness: WorkerHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurry(monkeypatch)
    harness.telegram.everyone(answers.BAD_TOKEN)
    await harness.sends_to(range(1, 31), rate=50.0, window=0.1)
    await until(lambda: harness.telegram.asked >= 30)
    assert len(harness.telegram.calls) <= 10  # those in flight
    assert await has_state(harness, "running")
    harness.telegram.everyone(None)
    assert (await harness.ended()).state == "finished"
    assert dict(harness.telegram.received) == everyone_once(30)


async def test_calls_denied_for_a_minute_though_the_token_is_known_pause_it_for_a_reason(
    harness: WorkerHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by a proxy or a Bot API server that lacks the method."""
    hurry(monkeypatch)
    for chat in (1001, 1002, 1003):
        harness.telegram.always(chat, answers.NOT_FOUND)
    await harness.sends_to(range(1, 4))
    await until(lambda: has_state(harness, "paused"))
    held = await harness.latest()
    assert (held.pause_reason, held.reason_detail) == (
        PauseReason.DENIED,
        answers.NOT_FOUND.description,
    )
    assert await harness.tally() == Tally(total=3, pending=3)
    assert harness.telegram.asked >= 1
    await harness.resume()
    await harness.held(2)
    for chat in (1001, 1002, 1003):
        harness.telegram.always(chat, None)
    await harness.resume()
    assert (await harness.ended()).state == "finished"
    assert dict(harness.telegram.received) == everyone_once(3)


def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shortens the pauses of an outage, and the minute after which a denial is believed."""
    monkeypatch.setattr("bot.broadcast.failing_deliveries._PAUSES", BackOff(0.01, 0.02))
    monkeypatch.setattr("bot.broadcast.failing_deliveries._DENIED_SECONDS", 0.2)


async def test_one_who_can_never_be_sent_to_is_given_up_when_others_get_through(
    harness: WorkerHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    outage_breaker = OutageBreaker()
    monkeypatch.setattr("bot.broadcast.sender.OutageBreaker", lambda: outage_breaker)
    harness.telegram.always(1001, answers.SERVER_ERROR)
    await harness.sends_to(range(1, 4))
    await until(lambda: called(harness.telegram, 6))
    # Others keep arriving, which shows that the failures are this recipient's own.
    for _ in range(200):
        outage_breaker.record_answer(-1)
        await asyncio.sleep(0.02)
        if await has_state(harness, "finished"):
            break
    await harness.ended()
    assert await harness.tally() == Tally(total=3, delivered=2, unconfirmed=1)


@pytest.mark.parametrize("error", [answers.NO_CONNECTION, answers.ANSWER_LOST])
async def test_however_long_telegram_is_away_nobody_is_given_up(
    harness: WorkerHarness, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Shortens the hour after which a delivery is given up, and the longest pause between tries.
    monkeypatch.setattr("bot.broadcast.failing_deliveries._LONGEST_SECONDS", 0.2)
    monkeypatch.setattr("bot.broadcast.failing_deliveries._PAUSES", BackOff(0.01, 0.02))
    harness.telegram.everyone(error)
    await harness.sends_to(range(1, 8))
    await until(lambda: harness.telegram.asked >= 6)
    await asyncio.sleep(1.0)
    assert (await harness.tally()).open == 7
    # Telegram answers again as soon as it answers anything, and then all get it.
    harness.telegram.everyone(None)
    harness.telegram.me_fails_with = answers.FLOODED
    assert (await harness.ended()).state == "finished"
    assert await harness.tally() == Tally(total=7, delivered=7)


async def test_chats_that_the_key_does_not_open_stop_it_and_mark_nobody(
    harness: WorkerHarness,
) -> None:
    await harness.people.sign([1, 2])
    for number in (1, 2):
        await harness.people.damage(number)
    await harness.start()
    harness.start_worker()
    ended = await harness.ended()
    assert ended.state == "stopped"
    assert ended.stop_reason is StopReason.UNREADABLE
    assert await harness.tally() == Tally(total=2, pending=2)


async def test_a_chat_that_the_key_does_not_open_stops_nothing_though_it_is_claimed_alone(
    harness: WorkerHarness,
) -> None:
    await harness.people.sign([1, 2, 3])
    await harness.people.damage(2)
    await harness.start()
    harness.start_worker(rate=10.0, batch=0.01)
    assert (await harness.ended()).state == "finished"
    assert await harness.tally() == Tally(total=3, delivered=2, rejected=1)


async def test_a_message_is_copied_in_each_ones_language(harness: WorkerHarness) -> None:
    await harness.people.sign([3], "en", updates=9)
    await harness.copies(COPY, 1, 2)
    assert harness.telegram.texts == {1001: "7", 1002: "7", 1003: "8"}
    assert {method for method, _ in harness.telegram.calls} == {"copyMessage"}


async def test_an_album_that_lost_a_part_stops_it_after_the_first(harness: WorkerHarness) -> None:
    harness.telegram.missing = {8}
    ended = await harness.copies(ALBUM, *range(1, 31), rate=60.0)
    assert ended.state == "stopped"
    assert (ended.stop_reason, ended.reason_detail) == (
        StopReason.CONTENT,
        "message to copy not found",
    )
    tally = await harness.tally()
    assert 0 < tally.delivered < 30
    assert tally.rejected == 0


async def test_a_message_that_is_gone_when_the_last_ones_turn_comes_is_told_as_well(
    harness: WorkerHarness,
) -> None:
    harness.telegram.always(1002, answers.NO_MESSAGE)
    ended = await harness.copies(COPY, 1, 2, rate=10.0, batch=0.01)
    assert (ended.state, ended.stop_reason) == ("stopped", StopReason.CONTENT)
    assert await harness.tally() == Tally(total=2, delivered=1, rejected=1)


async def test_when_the_chat_it_is_copied_from_is_lost_nobody_is_marked_for_it(
    harness: WorkerHarness,
) -> None:
    harness.telegram.everyone(answers.CHAT_NOT_FOUND)
    harness.telegram.source_fails_with = answers.CHAT_NOT_FOUND
    ended = await harness.copies(COPY, *range(1, 31), rate=60.0)
    assert (ended.stop_reason, ended.reason_detail) == (
        StopReason.CONTENT,
        "the chat of the message is not found",
    )
    assert await harness.tally() == Tally(total=30, pending=30)
    assert await harness.people.unreachable() == []


async def test_when_only_a_recipients_chat_is_lost_that_one_is_marked(
    harness: WorkerHarness,
) -> None:
    harness.telegram.always(1001, answers.CHAT_NOT_FOUND)
    await harness.copies(COPY, 1, 2)
    assert await harness.tally() == Tally(total=2, delivered=1, unreachable=1)


async def test_while_nobody_says_which_chat_is_lost_nobody_is_marked_and_it_goes_on(
    harness: WorkerHarness,
) -> None:
    harness.telegram.plan(1001, answers.CHAT_NOT_FOUND)
    harness.telegram.source_fails_with = answers.SERVER_ERROR
    assert (await harness.copies(COPY, 1, 2)).state == "finished"
    assert await harness.tally() == Tally(total=2, delivered=2)


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
