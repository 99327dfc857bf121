"""When updates are requested from Telegram, and how its answers are handled."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from bot.back_off import BackOff
from bot.intake.polling import Polling
from tests.intake.running_polling import (
    FIRST_PAUSES,
    RunningPolling,
    ended,
    handles_one,
    polling,
    skipped_waits,
)
from tests.support.scripted_server import cut, page, refuse
from tests.support.waiting import until


async def test_updates_are_handled_and_acknowledged_only_afterwards(
    intake: RunningPolling,
) -> None:
    intake.handler.held[1] = asyncio.Event()
    intake.inbox.put(1)
    async with polling(intake):
        await until(lambda: len(intake.inbox.polls) > 3)
        assert {poll.get("offset") for poll in intake.inbox.polls} == {None, "1"}
        intake.handler.held[1].set()
        await until(lambda: intake.inbox.polls[-1].get("offset") == "2")
    assert intake.handler.done == [1]


async def test_an_idle_bot_polls_once_and_waits(intake: RunningPolling) -> None:
    async with polling(intake):
        await asyncio.sleep(0.3)
        assert len(intake.inbox.polls) == 1
        assert intake.inbox.polls[0]["timeout"] == "25"
        intake.inbox.put(1)
        await until(lambda: intake.handler.done == [1])


async def test_a_server_that_ignores_how_long_to_wait_is_not_asked_without_a_rest(
    intake: RunningPolling, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def at_once(_seconds: float) -> None:
        await asyncio.sleep(0)

    monkeypatch.setattr(intake.inbox, "_wait_for_one", at_once)
    async with polling(intake):
        await until(lambda: len(intake.inbox.polls) >= 50)
        assert intake.clock.now > 10
        intake.inbox.put(1)
        await until(lambda: intake.handler.done == [1])


async def test_behind_a_slow_update_it_looks_for_new_ones_less_and_less_often(
    intake: RunningPolling, monkeypatch: pytest.MonkeyPatch
) -> None:
    rests = skipped_waits(monkeypatch)
    intake.handler.held[1] = asyncio.Event()
    intake.inbox.put(1, chat=1)
    async with polling(intake):
        await until(lambda: len(rests) >= 6)
        assert rests[:6] == [0.02, 0.04, 0.08, 0.16, 0.25, 0.25]
        assert {poll["timeout"] for poll in intake.inbox.polls[1:6]} == {"0"}
        for number in range(2, 6):
            intake.inbox.put(number, chat=number)
            await until(lambda n=number: n in intake.handler.done)  # type: ignore[misc]
        intake.handler.held[1].set()
    assert rests.count(0.02) == 5, "what is new makes it look soon again"


async def test_of_a_backlog_the_next_part_is_fetched_when_the_older_half_is_done(
    intake: RunningPolling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.intake.polling._WAITS", BackOff(0.02, longest=60.0))
    for number in range(1, 201):
        intake.handler.held[number] = asyncio.Event()
        intake.inbox.put(number, chat=number)
    async with polling(intake):
        await until(lambda: len(intake.dispatch.in_progress) == 100)
        for number in range(2, 101):
            intake.handler.held[number].set()
        await asyncio.sleep(1)
        assert len(intake.inbox.polls) == 1, "Telegram would hand out no others"
        intake.handler.held[1].set()
        await until(lambda: len(intake.dispatch.in_progress) == 100)
        assert intake.inbox.polls[1]["offset"] == "101"
        for number in range(101, 151):
            intake.handler.held[number].set()
        await until(lambda: intake.inbox.polls[-1]["offset"] == "151")


async def test_numbers_that_begin_again_lower_are_followed(intake: RunningPolling) -> None:
    async with polling(intake):
        await until(lambda: bool(intake.inbox.polls))
        for number, offset in ((900, "901"), (17, "18"), (900, "901")):
            intake.inbox.put(number)
            await until(lambda o=offset: intake.inbox.polls[-1].get("offset") == o)  # type: ignore[misc]
    assert intake.handler.done == [900, 17, 900]


@given(st.lists(st.integers(0, 30), max_size=200))
def test_the_offset_never_passes_an_unfinished_update(choices: list[int]) -> None:
    unfinished = set[int]()
    dispatch = SimpleNamespace(in_progress={}, take=lambda each: unfinished.add(each["update_id"]))
    tracked = Polling(cast("Any", None), cast("Any", dispatch), report_second_poller=list)
    for number, choice in enumerate(choices):
        assert tracked._take({"update_id": number})
        if choice % 3 and unfinished:
            unfinished.discard(sorted(unfinished)[choice % len(unfinished)])
        dispatch.in_progress = dict.fromkeys(unfinished)
        offset = tracked._requested = tracked._offset()
        assert offset == min(unfinished, default=number + 1)
        assert not any(tracked._take({"update_id": each}) for each in range(offset, number + 1))


async def test_a_cancellation_that_nobody_asked_for_does_not_end_it(
    intake: RunningPolling,
) -> None:
    take = intake.dispatch.take
    intake.dispatch.take = _cancelled  # type: ignore[assignment,method-assign]
    intake.inbox.put(1)
    async with polling(intake):
        await until(lambda: bool(intake.clock.taken))
        intake.dispatch.take = take  # type: ignore[method-assign]
        await until(lambda: intake.handler.done == [1])


def _cancelled(_update: object) -> asyncio.Future[None]:
    raise asyncio.CancelledError


async def test_stopping_ends_the_long_poll_drains_and_acknowledges(intake: RunningPolling) -> None:
    intake.inbox.put(1)
    task = asyncio.create_task(intake.polling.run())
    await until(lambda: intake.handler.done == [1] and len(intake.inbox.polls) >= 2)
    async with asyncio.timeout(1):
        await ended(task)
        await intake.dispatch.drain(1)
        await intake.polling.acknowledge()
    last = intake.inbox.polls[-1]
    assert (last["offset"], last["limit"], last["timeout"]) == ("2", "1", "0")
    assert intake.inbox.queue == []


async def test_what_was_abandoned_stays_with_telegram(intake: RunningPolling) -> None:
    intake.handler.held[2] = asyncio.Event()
    for number in (1, 2, 3):
        intake.inbox.put(number, chat=number)
    task = asyncio.create_task(intake.polling.run())
    await until(lambda: set(intake.handler.done) == {1, 3})
    await ended(task)
    await intake.dispatch.drain(0.01)
    await intake.polling.acknowledge()
    assert [one["update_id"] for one in intake.inbox.queue] == [2, 3]


async def test_where_nothing_came_nothing_is_acknowledged(intake: RunningPolling) -> None:
    await intake.polling.acknowledge()
    assert intake.inbox.polls == []


@pytest.mark.parametrize("failure", [page(502), cut, page(200, "<html>"), page(200, "{}")])
async def test_one_failure_keeps_nobody_waiting(intake: RunningPolling, failure: Any) -> None:
    intake.inbox.failures.append(failure)
    await handles_one(intake)
    assert intake.clock.now < 0.2


async def test_each_failure_in_a_row_is_waited_for_longer_up_to_a_limit(
    intake: RunningPolling,
) -> None:
    """And after a good poll the next one as shortly as the first."""
    intake.inbox.failures += [page(502)] * 9
    intake.inbox.put(1)
    async with polling(intake):
        await until(lambda: intake.handler.done == [1])
        assert intake.clock.taken[:9] == [0.125, 0.25, 0.5, 1, 2, 4, 8, 15, 15]
        intake.clock.taken.clear()
        intake.inbox.failures.append(page(502))
        intake.inbox.put(2)
        await until(lambda: intake.handler.done == [1, 2])
        intake.inbox.put(3)
        await until(lambda: intake.handler.done == [1, 2, 3])
    assert intake.clock.taken.count(FIRST_PAUSES[0]) == 1


WEBHOOK = refuse(409, "Conflict: can't use getUpdates method while webhook is active")


async def test_a_webhook_in_the_way_is_removed_at_once_and_keeps_its_updates(
    intake: RunningPolling,
) -> None:
    intake.inbox.failures.append(WEBHOOK)
    await handles_one(intake)
    assert intake.inbox.other_calls == ["deleteWebhook"]
    assert intake.inbox.other_asked == [{"drop_pending_updates": "false"}]
    assert intake.clock.now < 0.1


async def test_a_webhook_that_somebody_sets_again_is_left_to_them(intake: RunningPolling) -> None:
    intake.inbox.failures += [WEBHOOK] * 3
    with capture_logs() as logs:
        await handles_one(intake)
    assert intake.inbox.other_calls == ["deleteWebhook"]
    assert intake.clock.taken[:2] == FIRST_PAUSES[:2]
    events = [line["event"] for line in logs if line["log_level"] == "warning"]
    assert events == ["webhook_removed", "token_used_elsewhere", "token_used_elsewhere"]


async def test_a_webhook_that_cannot_be_removed_at_first_is_removed_the_next_time(
    intake: RunningPolling,
) -> None:
    intake.inbox.failures += [WEBHOOK, WEBHOOK]
    intake.inbox.away = 3  # as often as a call is repeated
    with capture_logs() as logs:
        await handles_one(intake)
    assert intake.inbox.other_calls == ["deleteWebhook"] * 4
    assert intake.clock.now < 0.2
    events = [line["event"] for line in logs if line["log_level"] == "warning"]
    assert events == ["webhook_not_removed", "polling_failed", "webhook_removed"]


async def test_a_webhook_that_cannot_be_removed_for_long_is_no_rival(
    intake: RunningPolling,
) -> None:
    intake.fail_for(90, WEBHOOK)
    intake.inbox.away = 100
    await handles_one(intake)
    assert intake.clock.now > 60
    assert intake.rivals_told == []


async def test_what_is_told_again_after_it_was_finished_makes_no_hurry(
    intake: RunningPolling, monkeypatch: pytest.MonkeyPatch
) -> None:
    rests = skipped_waits(monkeypatch)
    intake.handler.held[1] = asyncio.Event()
    intake.inbox.put(1)

    async def too_late(_: web.Request) -> web.StreamResponse:
        """Answers with an update that was finished after the answer was made."""
        intake.handler.held[1].set()
        await until(lambda: not intake.dispatch.in_progress)
        update = {"update_id": 1, "message": {"chat": {"id": 1}}}
        return web.json_response({"ok": True, "result": [update]})

    async with polling(intake):
        await until(lambda: bool(rests))
        intake.inbox.failures.append(too_late)
        await until(lambda: bool(intake.clock.taken))
    assert rests[-1] in (0.04, 0.08, 0.16, 0.25)
    assert intake.handler.done == [1]


async def test_a_flood_answer_is_waited_for(intake: RunningPolling) -> None:
    intake.inbox.failures.append(refuse(429, "Too Many Requests", retry_after=7))
    await handles_one(intake)
    assert intake.clock.taken[0] == 7


async def test_an_answer_may_take_ten_seconds_more_than_telegram_was_asked_to_wait(
    intake: RunningPolling, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[int, float]] = []

    async def call(
        _: object, params: dict[str, int], *, timeout: float, after: int
    ) -> list[object]:
        asked.append((params["timeout"], timeout))
        if len(asked) > 1:
            await asyncio.Event().wait()
        intake.handler.held[1] = asyncio.Event()
        return [{"update_id": 1}]

    monkeypatch.setattr(intake.polling._client, "call", call)
    async with polling(intake):
        await until(lambda: len(asked) == 2)
    assert asked == [(25, 35.0), (0, 10.0)]


async def test_only_the_kinds_that_are_handled_are_asked_for(intake: RunningPolling) -> None:
    async with polling(intake):
        await until(lambda: bool(intake.inbox.polls))
    kinds = intake.inbox.polls[0]["allowed_updates"]
    assert kinds == '["message","edited_message","callback_query","my_chat_member"]'
