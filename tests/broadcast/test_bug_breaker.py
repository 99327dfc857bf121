"""A bug with one recipient does not end the broadcast; with several in a row it is paused."""

import asyncio

import pytest

from bot.broadcast.circuit_breakers import BugBreaker
from bot.broadcast.content import Content, MessageCall
from storage.broadcast_transitions import interrupt_broadcast
from storage.broadcast_types import Delivery, Outcome, PauseReason, Result, Tally
from storage.deliveries import claim_deliveries
from tests.broadcast.workers import WorkerHarness, everyone_once, has_state, until
from tests.support.accelerated_loop import time_of_day
from tests.support.storage_calls import call_instead


def failing(*_: object) -> MessageCall:
    raise ZeroDivisionError


async def test_one_with_whom_the_program_fails_costs_nobody_else_their_message(
    harness: WorkerHarness,
) -> None:
    harness.telegram.always(1007, ZeroDivisionError())
    await harness.sends_to(range(1, 41))
    assert (await harness.ended()).state == "finished"
    # The call had been sent, so it is not known whether it arrived.
    assert await harness.tally() == Tally(total=40, delivered=39, unconfirmed=1)
    assert {**harness.telegram.received, 1007: 1} == everyone_once(40)


async def test_who_surely_got_nothing_is_the_next_ones(
    harness: WorkerHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = Content.call

    def mistaken(content: Content, chat_id: int, language: str) -> MessageCall:
        if chat_id == 1007:
            raise KeyError(language)
        return call(content, chat_id, language)

    monkeypatch.setattr(Content, "call", mistaken)
    await harness.sends_to(range(1, 41))
    assert (await harness.ended()).state == "finished"
    assert await harness.tally() == Tally(total=40, delivered=39, rejected=1)
    monkeypatch.undo()
    await harness.start()
    await until(lambda: has_state(harness, "finished"))
    assert dict(harness.telegram.received) == everyone_once(40)


async def test_whom_nothing_was_sent_to_is_no_proof_that_it_works(
    harness: WorkerHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = Content.call

    def mistaken(content: Content, chat_id: int, language: str) -> MessageCall:
        if chat_id % 2:
            raise KeyError(language)
        return call(content, chat_id, language)

    monkeypatch.setattr(Content, "call", mistaken)
    running = await harness.sends_to(range(1, 8))
    running.gate.paused_chats = dict.fromkeys(range(1002, 1007, 2), 60.0)
    assert (await harness.held()).pause_reason is PauseReason.DEFECT
    assert (await harness.tally()).rejected == 1


async def test_when_it_fails_with_everybody_it_is_held_and_goes_on_once_that_is_mended(
    harness: WorkerHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Content, "call", failing)
    await harness.sends_to(range(1, 41))
    found = await harness.held()
    assert found.pause_reason is PauseReason.DEFECT
    assert "ZeroDivisionError " in (found.reason_detail or "")
    assert (await harness.tally()).rejected == 1
    assert (await harness.tally()).pending == 39
    await asyncio.sleep(0.2)
    assert [what for what, *_ in harness.reports.told].count("waiting") == 1
    monkeypatch.undo()
    await harness.resume()
    await harness.ended()
    assert harness.telegram.received.total() == 39


async def test_resumed_again_and_again_it_comes_to_its_end_all_the_same(
    harness: WorkerHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Content, "call", failing)
    await harness.sends_to(range(1, 6))
    for times in range(1, 4):
        await harness.held(times)
        await harness.resume()
    assert (await harness.ended()).state == "finished"
    assert await harness.tally() == Tally(total=5, rejected=5)


async def test_that_it_is_held_is_said_until_it_could_be(
    harness: WorkerHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    await harness.people.sign(range(1, 6))
    harness.telegram.everyone(ZeroDivisionError())
    await harness.start()
    harness.reports.failures = 2
    harness.start_worker(progress=60.0)
    await harness.held()
    assert harness.reports.failures == 0


async def test_that_it_is_held_is_said_by_a_process_that_comes_later(
    harness: WorkerHarness,
) -> None:
    await harness.people.sign(range(1, 6))
    broadcast = await harness.start()
    await harness.storage.write(
        interrupt_broadcast, broadcast.id, PauseReason.DEFECT, time_of_day()
    )
    harness.start_worker()
    await harness.held()


async def test_a_mistake_beside_the_deliveries_holds_it_after_a_few_tries(
    harness: WorkerHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def mistaken(*_: object, **__: object) -> list[Delivery]:
        raise KeyError("position")

    call_instead(monkeypatch, claim_deliveries, mistaken)
    await harness.sends_to([1])
    assert "KeyError " in ((await harness.held()).reason_detail or "")
    monkeypatch.undo()
    await harness.resume()
    await harness.ended()
    assert dict(harness.telegram.received) == everyone_once(1)


def result(position: int, outcome: Outcome = Outcome.REJECTED) -> Result:
    return Result(position, b"c", outcome)


def outcomes(settled: list[Result]) -> list[tuple[int, str]]:
    return [(each.position, each.outcome.value) for each in settled]


def test_what_is_alone_is_settled_when_another_went_well() -> None:
    settled: list[Result] = []
    bug_breaker = BugBreaker(settled.append)
    assert not bug_breaker.record_failure(result(1))
    assert not bug_breaker.record_failure(result(2, Outcome.UNCONFIRMED))
    assert settled == []
    bug_breaker.record_success()
    assert outcomes(settled) == [(1, "rejected"), (2, "unconfirmed")]


def test_three_in_a_row_are_given_back_but_for_the_first() -> None:
    settled: list[Result] = []
    bug_breaker = BugBreaker(settled.append)
    judged = [
        bug_breaker.record_failure(each)
        for each in (result(1), result(2), result(3, Outcome.UNCONFIRMED), result(4))
    ]
    assert judged == [False, False, True, True]
    assert outcomes(settled) == [(1, "rejected"), (2, "unsent"), (3, "in doubt"), (4, "unsent")]


def test_a_few_among_many_go_on_and_a_tenth_of_all_does_not() -> None:
    def judged(others: int) -> list[bool]:
        bug_breaker = BugBreaker(lambda _: None)
        found: list[bool] = []
        for position in range(15):
            for _ in range(others):
                bug_breaker.record_success()
            found.append(bug_breaker.record_failure(result(position)))
        return found

    assert not any(judged(others=20))
    assert judged(others=2).index(True) == 9
    # Nine others for each failure: exactly a tenth.
    assert judged(others=9).index(True) == 9
