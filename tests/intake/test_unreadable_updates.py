"""One update that is unreadable or too large does not hold up the others."""

import asyncio
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.intake.dispatcher import number_of
from bot.transport import session
from tests.intake.running_polling import (
    FIRST_PAUSES,
    RunningPolling,
    handles_one,
    polling,
    skipped_waits,
)
from tests.support.scripted_server import cut, page
from tests.support.waiting import until

LARGEST = 2_147_483_647


def limits(intake: RunningPolling) -> list[int]:
    return [int(poll["limit"]) for poll in intake.inbox.polls]


def broken(number: int) -> bytes:
    """Returns an update that no parser reads, but with a legible number."""
    return b'{"update_id":%d,"message":{"chat":{"id":1},"text":"Canaria P\\x"}}' % number


async def test_what_cannot_be_read_is_asked_for_in_halves_and_then_left_out(
    intake: RunningPolling,
) -> None:
    intake.inbox.put_raw(1, broken(1))
    intake.inbox.put(2)
    with capture_logs() as logs:
        async with polling(intake):
            await until(lambda: intake.handler.done == [2])
    assert limits(intake)[:8] == [100, 50, 25, 12, 6, 3, 1, 1]
    assert [poll.get("offset") for poll in intake.inbox.polls[6:8]] == [None, "2"]
    assert FIRST_PAUSES[0] not in intake.clock.taken, "nobody waits for it"
    assert intake.dispatch.counts.passed_over == 1
    told = [line for line in logs if line["event"] == "update_unreadable"]
    assert told == [{"event": "update_unreadable", "update_id": 1, "log_level": "error"}]


async def test_after_it_more_is_asked_for_again_step_by_step(intake: RunningPolling) -> None:
    intake.inbox.put_raw(1, broken(1))
    async with polling(intake):
        for number in range(2, 11):
            intake.inbox.put(number)
            await until(lambda n=number: n in intake.handler.done)  # type: ignore[misc]
    grown = [limit for limit in limits(intake)[7:] if limit > 1]
    assert sorted(set(grown)) == [2, 4, 8, 16, 32, 64, 100]
    assert grown == sorted(grown)


async def test_it_is_left_out_only_once_all_before_it_are_finished(
    intake: RunningPolling, monkeypatch: pytest.MonkeyPatch
) -> None:
    skipped_waits(monkeypatch)
    intake.handler.held[1] = asyncio.Event()
    intake.inbox.put(1, chat=1)
    intake.inbox.put_raw(2, broken(2))
    intake.inbox.put(3, chat=3)
    async with polling(intake):
        await until(lambda: len(intake.inbox.polls) > 12)
        assert intake.dispatch.counts.passed_over == 0
        assert limits(intake)[6:12] == [1, 2, 1, 2, 1, 2], "more may stand behind what is held"
        intake.handler.held[1].set()
        await until(lambda: 3 in intake.handler.done)
    assert intake.handler.done == [1, 3]
    assert intake.dispatch.counts.passed_over == 1


@pytest.mark.parametrize("lost", [1, 7, 20])
async def test_after_lost_answers_who_stands_behind_a_slow_update_is_heard_all_the_same(
    intake: RunningPolling, lost: int
) -> None:
    intake.handler.held[1] = asyncio.Event()
    intake.inbox.put(1, chat=1)
    async with polling(intake):
        await until(lambda: len(intake.dispatch.in_progress) == 1)
        intake.inbox.failures += [cut] * lost
        await until(lambda: not intake.inbox.failures)
        intake.inbox.put(2, chat=2)
        await until(lambda: intake.handler.done == [2])
        await until(lambda: limits(intake)[-1] == 100)
        intake.handler.held[1].set()


async def test_many_of_them_among_others_are_all_left_out(intake: RunningPolling) -> None:
    bad = {3, 4, 20, 57, 90}
    for number in range(1, 101):
        if number in bad:
            intake.inbox.put_raw(number, broken(number))
        else:
            intake.inbox.put(number, chat=number)
    async with polling(intake):
        await until(lambda: len(intake.handler.done) == 95)
    assert sorted(intake.handler.done) == sorted(set(range(1, 101)) - bad)
    assert intake.dispatch.counts.passed_over == 5


async def test_an_answer_larger_than_the_client_takes_comes_in_halves(
    intake: RunningPolling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "_LARGEST_ANSWER", 100_000)
    for number in range(1, 31):
        text = b'{"update_id":%d,"message":{"chat":{"id":%d},"text":"%b"}}'
        long = 1_000_000 if number == 7 else 10_000
        intake.inbox.put_raw(number, text % (number, number, b"x" * long))
    async with polling(intake):
        await until(lambda: len(intake.handler.done) == 29)
    assert 7 not in intake.handler.done
    assert intake.dispatch.counts.passed_over == 1


@pytest.mark.parametrize(
    "answer",
    [
        "<html>",
        '{"ok":true,"result":{}}',
        '{"ok":true,"result":[{"update_id":99999999999,"x":\\x}]}',
    ],
)
async def test_what_has_no_number_is_asked_for_again_without_a_storm(
    intake: RunningPolling, answer: str
) -> None:
    intake.inbox.failures += [page(200, answer)] * 9
    await handles_one(intake)
    assert intake.clock.taken[:3] == FIRST_PAUSES
    assert intake.dispatch.counts.passed_over == 0


async def test_an_answer_from_long_ago_moves_nothing(intake: RunningPolling) -> None:
    intake.inbox.put(8)
    async with polling(intake):
        await until(lambda: intake.handler.done == [8] and not intake.dispatch.in_progress)
        intake.inbox.failures += [page(200, '{"ok":true,"result":[' + "\\x]}")] * 7
        old = page(200, '{"ok":true,"result":[{"update_id":8,"x":\\x}]}')
        intake.inbox.failures += [old] * 2
        intake.inbox.put(9)
        await until(lambda: 9 in intake.handler.done)
    assert intake.dispatch.counts.passed_over == 0


@pytest.mark.parametrize("number", [True, -1, "7", 7.0, None, LARGEST + 1, [], {}])
def test_what_is_no_number_of_an_update_is_taken_for_none(number: Any) -> None:
    assert number_of({"update_id": number}) is None
    assert [number_of({"update_id": each}) for each in (0, LARGEST)] == [0, LARGEST]


async def test_what_is_no_update_among_others_stops_nothing(intake: RunningPolling) -> None:
    intake.inbox.put_raw(1, b"5")
    intake.inbox.put_raw(2, b'{"update_id":true,"message":{}}')
    intake.inbox.put(3)
    async with polling(intake):
        await until(lambda: intake.handler.done == [3])
    assert intake.inbox.polls[-1].get("offset") in (None, "4")
    assert intake.dispatch.counts.passed_over >= 2
