"""When updates are requested from Telegram, and how its answers are handled."""

import asyncio
from typing import Any

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from tests.intake.running_polling import RunningPolling, polling
from tests.support.scripted_server import cut, page, refuse


async def test_updates_are_handled_and_acknowledged_only_afterwards(bench: RunningPolling) -> None:
    bench.desk.held[1] = asyncio.Event()
    bench.inbox.put(1)
    async with polling(bench):
        await bench.until(lambda: len(bench.inbox.polls) > 3)
        assert {poll.get("offset") for poll in bench.inbox.polls} == {None, "1"}
        bench.desk.held[1].set()
        await bench.until(lambda: bench.inbox.polls[-1].get("offset") == "2")
    assert bench.desk.done == [1]


async def test_an_idle_bot_polls_once_and_waits(bench: RunningPolling) -> None:
    async with polling(bench):
        await asyncio.sleep(0.3)
        assert len(bench.inbox.polls) == 1
        assert bench.inbox.polls[0]["timeout"] == "25"
        bench.inbox.put(1)
        await bench.until(lambda: bench.desk.done == [1])


async def test_behind_a_slow_update_it_looks_for_new_ones_less_and_less_often(
    bench: RunningPolling,
) -> None:
    rests = bench.rests()
    bench.desk.held[1] = asyncio.Event()
    bench.inbox.put(1, chat=1)
    async with polling(bench):
        await bench.until(lambda: len(rests) >= 5)
        assert rests[:5] == [(0, 0.05), (0, 0.1), (0, 0.2), (0, 0.25), (0, 0.25)]
        assert {poll["timeout"] for poll in bench.inbox.polls[1:5]} == {"0"}
        for number in range(2, 6):
            bench.inbox.put(number, chat=number)
            await bench.until(lambda n=number: n in bench.desk.done)  # type: ignore[misc]
        bench.desk.held[1].set()
    assert rests.count((0, 0.05)) == 5, "what is new makes it look soon again"


async def test_it_rests_too_while_telegram_has_forgotten_what_is_in_hand(
    bench: RunningPolling,
) -> None:
    rests = bench.rests()
    bench.desk.held[1] = asyncio.Event()
    bench.inbox.put(1)
    async with polling(bench):
        await bench.until(lambda: bool(rests))
        bench.inbox.queue.clear()
        polls = len(bench.inbox.polls)
        await bench.until(lambda: len(bench.inbox.polls) > polls + 3)
        assert len(rests) >= len(bench.inbox.polls) - 1
        bench.desk.held[1].set()


@pytest.mark.parametrize(("waiting", "rest"), [(50, (0, 0.05)), (51, (50, 0.25))])
async def test_of_a_backlog_the_next_part_is_fetched_when_half_of_the_first_is_done(
    bench: RunningPolling, waiting: int, rest: tuple[int, float]
) -> None:
    rests = bench.rests()
    for number in range(1, waiting + 1):
        bench.desk.held[number] = asyncio.Event()
        bench.inbox.put(number, chat=number)
    async with polling(bench):
        await bench.until(lambda: bool(rests))
        for held in bench.desk.held.values():
            held.set()
    assert rests[0] == rest


async def test_who_ends_it_from_outside_ends_it_as_a_cancellation(bench: RunningPolling) -> None:
    task = asyncio.create_task(bench.polling.run())
    await bench.until(lambda: bool(bench.inbox.polls))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_stop_does_not_swallow_a_cancellation(bench: RunningPolling) -> None:
    task = asyncio.create_task(bench.polling.run())
    await bench.until(lambda: bool(bench.inbox.polls))
    bench.polling.stop()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_backlog_is_handled_once_each_in_few_polls(bench: RunningPolling) -> None:
    for number in range(1, 1001):
        bench.inbox.put(number, chat=number % 70)
    async with polling(bench):
        await bench.until(lambda: len(bench.desk.done) >= 1000, seconds=10)
    assert sorted(bench.desk.done) == list(range(1, 1001))
    assert len(bench.inbox.polls) < 60


async def test_a_poisoned_update_stops_nothing(bench: RunningPolling) -> None:
    bench.desk.broken.add(1)
    bench.inbox.put(1)
    bench.inbox.put(2)
    async with polling(bench):
        await bench.until(lambda: bench.desk.done == [2])
    assert bench.dispatch.counts.passed_over == 1


async def test_a_passing_failure_is_not_acknowledged_until_it_has_passed(
    bench: RunningPolling,
) -> None:
    bench.desk.failing.add(1)
    bench.inbox.put(1)
    async with polling(bench):
        await bench.until(lambda: bench.dispatch.counts.retried > 3)
        assert bench.dispatch.offset == 1
        bench.desk.failing.clear()
        await bench.until(lambda: bench.desk.done == [1])


async def test_stopping_ends_the_long_poll_drains_and_acknowledges(bench: RunningPolling) -> None:
    bench.inbox.put(1)
    task = asyncio.create_task(bench.polling.run())
    await bench.until(lambda: bench.desk.done == [1] and len(bench.inbox.polls) >= 2)
    async with asyncio.timeout(1):
        bench.polling.stop()
        await task
        assert await bench.dispatch.drain(1) == 0
        await bench.polling.acknowledge()
    last = bench.inbox.polls[-1]
    assert (last["offset"], last["limit"], last["timeout"]) == ("2", "1", "0")
    assert bench.inbox.queue == []


async def test_what_was_abandoned_stays_with_telegram(bench: RunningPolling) -> None:
    bench.desk.held[2] = asyncio.Event()
    for number in (1, 2, 3):
        bench.inbox.put(number, chat=number)
    task = asyncio.create_task(bench.polling.run())
    await bench.until(lambda: set(bench.desk.done) == {1, 3})
    bench.polling.stop()
    await task
    assert await bench.dispatch.drain(0.01) == 1
    await bench.polling.acknowledge()
    assert [one["update_id"] for one in bench.inbox.queue] == [2, 3]


async def test_being_stopped_before_it_began_is_fine(bench: RunningPolling) -> None:
    bench.polling.stop()
    await bench.polling.run()
    await bench.polling.acknowledge()
    assert bench.inbox.polls == []


@pytest.mark.parametrize("failure", [page(502), cut, page(200, "<html>"), page(200, "{}")])
async def test_polling_goes_on_after_a_failure(bench: RunningPolling, failure: Any) -> None:
    bench.inbox.failures.append(failure)
    bench.inbox.put(1)
    async with polling(bench):
        await bench.until(lambda: bench.desk.done == [1])


async def test_each_failure_in_a_row_is_waited_for_longer_up_to_a_limit(
    bench: RunningPolling,
) -> None:
    bench.inbox.failures += [page(502)] * 8
    bench.inbox.put(1)
    async with polling(bench):
        await bench.until(lambda: bench.desk.done == [1])
    assert bench.naps.taken[:8] == [0.5, 1, 2, 4, 8, 15, 15, 15]


async def test_after_a_good_poll_the_next_failure_waits_half_a_second_again(
    bench: RunningPolling,
) -> None:
    bench.inbox.failures += [page(502)] * 3
    bench.inbox.put(1)
    async with polling(bench):
        await bench.until(lambda: bench.desk.done == [1])
        bench.naps.taken.clear()
        bench.inbox.failures.append(page(502))
        bench.inbox.put(2)
        await bench.until(lambda: bench.desk.done == [1, 2])
        bench.inbox.put(3)
        await bench.until(lambda: bench.desk.done == [1, 2, 3])
    assert [nap for nap in bench.naps.taken if nap >= 0.5] == [0.5]


WEBHOOK = refuse(409, "Conflict: can't use getUpdates method while webhook is active")


async def test_a_webhook_in_the_way_is_removed_at_once_and_keeps_its_updates(
    bench: RunningPolling,
) -> None:
    bench.inbox.failures.append(WEBHOOK)
    bench.inbox.put(1)
    async with polling(bench):
        await bench.until(lambda: bench.desk.done == [1])
    assert bench.inbox.other_calls == ["deleteWebhook"]
    assert bench.inbox.other_asked == [{"drop_pending_updates": "false"}]
    assert 0.5 not in bench.naps.taken


async def test_a_webhook_that_somebody_sets_again_is_left_to_them(bench: RunningPolling) -> None:
    bench.inbox.failures += [WEBHOOK] * 3
    bench.inbox.put(1)
    with capture_logs() as logs:
        async with polling(bench):
            await bench.until(lambda: bench.desk.done == [1])
    assert bench.inbox.other_calls == ["deleteWebhook"]
    assert bench.naps.taken[:2] == [0.5, 1]
    events = [line["event"] for line in logs if line["log_level"] == "warning"]
    assert events == ["webhook_removed", "token_used_elsewhere", "token_used_elsewhere"]


async def test_a_webhook_that_cannot_be_removed_at_first_is_removed_the_next_time(
    bench: RunningPolling,
) -> None:
    bench.inbox.failures += [WEBHOOK, WEBHOOK]
    bench.inbox.away = 3  # as often as a call is repeated
    bench.inbox.put(1)
    with capture_logs() as logs:
        async with polling(bench):
            await bench.until(lambda: bench.desk.done == [1])
    assert bench.inbox.other_calls == ["deleteWebhook"] * 4
    assert [nap for nap in bench.naps.taken if nap >= 0.5] == [0.5]
    events = [line["event"] for line in logs if line["log_level"] == "warning"]
    assert events == ["webhook_not_removed", "polling_failed", "webhook_removed"]


async def test_a_webhook_that_cannot_be_removed_for_long_is_no_rival(
    bench: RunningPolling,
) -> None:
    bench.inbox.failures += [WEBHOOK] * 12
    bench.inbox.away = 30
    bench.inbox.put(1)
    async with polling(bench):
        await bench.until(lambda: bench.desk.done == [1])
    assert bench.naps.now > 60
    assert bench.rivals_told == []


async def test_what_is_told_again_after_it_was_finished_makes_no_hurry(
    bench: RunningPolling,
) -> None:
    rests = bench.rests()
    bench.desk.held[1] = asyncio.Event()
    bench.inbox.put(1)

    async def too_late(_: web.Request) -> web.StreamResponse:
        """Answers with an update that was finished after the answer was made."""
        bench.desk.held[1].set()
        await bench.until(lambda: bench.dispatch.in_progress == 0)
        update = {"update_id": 1, "message": {"chat": {"id": 1}}}
        return web.json_response({"ok": True, "result": [update]})

    async with polling(bench):
        await bench.until(lambda: bool(rests))
        bench.inbox.failures.append(too_late)
        await bench.until(lambda: bool(bench.naps.taken))
    assert bench.naps.taken[0] in (0.1, 0.2, 0.25)
    assert bench.desk.done == [1]


async def test_another_poller_is_given_way_to(bench: RunningPolling) -> None:
    other = refuse(409, "Conflict: terminated by other getUpdates request")
    bench.inbox.failures += [other] * 3
    bench.inbox.put(1)
    async with polling(bench):
        await bench.until(lambda: bench.desk.done == [1])
    assert bench.naps.taken[:3] == [0.5, 1, 2]
    assert bench.inbox.other_calls == []


async def test_a_flood_answer_is_waited_for(bench: RunningPolling) -> None:
    bench.inbox.failures.append(refuse(429, "Too Many Requests", retry_after=7))
    bench.inbox.put(1)
    async with polling(bench):
        await bench.until(lambda: bench.desk.done == [1])
    assert bench.naps.taken[0] == 7


async def test_an_answer_may_take_ten_seconds_more_than_telegram_was_asked_to_wait(
    bench: RunningPolling, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[int, float]] = []

    async def call(_: object, params: dict[str, int], *, timeout: float) -> list[object]:
        asked.append((params["timeout"], timeout))
        bench.polling.stop()
        await asyncio.sleep(0)
        return []

    monkeypatch.setattr(bench.polling._client, "call", call)
    await bench.polling.run()
    assert asked == [(25, 35.0)]


async def test_only_the_kinds_that_are_handled_are_asked_for(bench: RunningPolling) -> None:
    async with polling(bench):
        await bench.until(lambda: bool(bench.inbox.polls))
    kinds = bench.inbox.polls[0]["allowed_updates"]
    assert kinds == '["message","edited_message","callback_query","my_chat_member"]'
