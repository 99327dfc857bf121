"""A bug pauses the broadcast at once; whom it met is counted, and nobody else loses a message."""

import asyncio

import pytest

from bot.broadcast.content import Content, MessageCall
from bot.broadcast.context import Interrupt, InterruptReason
from bot.broadcast.failing_deliveries import OutageBreaker
from storage.broadcast_transitions import interrupt_broadcast
from storage.broadcast_types import Delivery, PauseReason, StopReason, Tally
from storage.deliveries import claim_deliveries
from tests.broadcast.workers import WorkerHarness, everyone_once, has_state, received
from tests.support.accelerated_loop import time_of_day
from tests.support.storage_calls import call_instead
from tests.support.waiting import until


def failing(*_: object) -> MessageCall:
    raise ZeroDivisionError


async def test_one_with_whom_the_program_fails_pauses_it_and_costs_nobody_else_their_message(
    harness: WorkerHarness,
) -> None:
    harness.telegram.always(1007, ZeroDivisionError())
    await harness.sends_to(range(1, 41))
    found = await harness.held()
    assert found.pause_reason is PauseReason.DEFECT
    assert "ZeroDivisionError " in (found.reason_detail or "")
    await harness.resume()
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
    await harness.held()
    await harness.resume()
    assert (await harness.ended()).state == "finished"
    assert await harness.tally() == Tally(total=40, delivered=39, rejected=1)
    monkeypatch.undo()
    await harness.start()
    await until(lambda: has_state(harness, "finished"))
    assert dict(harness.telegram.received) == everyone_once(40)


async def test_nobody_gets_it_again_and_again_while_what_became_of_it_cannot_be_judged(
    harness: WorkerHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mistaken(_: OutageBreaker, position: int) -> None:
        raise KeyError(position)

    monkeypatch.setattr(OutageBreaker, "record_answer", mistaken)
    await harness.sends_to([1])
    assert "KeyError " in ((await harness.held()).reason_detail or "")
    await asyncio.sleep(1)
    assert harness.telegram.received.total() == 1
    monkeypatch.undo()
    await harness.resume()
    assert (await harness.ended()).state == "finished"
    assert harness.telegram.received.total() == 1


async def test_when_it_fails_with_everybody_all_but_the_first_are_given_back(
    harness: WorkerHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Content, "call", failing)
    await harness.sends_to(range(1, 41))
    await harness.held()
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
    for times in range(1, 6):
        await harness.held(times)
        await harness.resume()
    assert (await harness.ended()).state == "finished"
    assert await harness.tally() == Tally(total=5, rejected=5)


async def test_resumed_before_anybody_could_be_told_it_goes_on_without_a_pause(
    harness: WorkerHarness,
) -> None:
    await harness.people.sign(range(1, 6))
    harness.telegram.everyone(ZeroDivisionError())
    await harness.start()
    harness.reports.failures = 1000
    harness.start_worker(rest=1.0, progress=60.0)
    await until(lambda: len(harness.reports.at) >= 4)
    harness.telegram.everyone(None)
    await harness.resume()
    await until(lambda: received(harness.telegram, 4), 4.0)


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


async def test_a_mistake_beside_the_deliveries_holds_it_too(
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


def test_the_first_cause_counts_and_what_was_said_of_it() -> None:
    interrupt = Interrupt()
    interrupt.trigger(StopReason.CONTENT, "Bad Request")
    interrupt.trigger(InterruptReason.ASKED, "")
    assert (interrupt.reason, interrupt.detail) == (StopReason.CONTENT, "Bad Request")
