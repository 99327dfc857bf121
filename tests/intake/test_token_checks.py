"""A denied token must be denied for a minute to count, and a second poller is told of once."""

import asyncio
from collections.abc import Sequence

import pytest

from bot.intake.polling import SecondPoller, TokenUnknown
from tests.intake.running_polling import RunningPolling, SleepClock, handles_one, polling
from tests.support.scripted_server import TOKEN, Reply, refuse
from tests.support.waiting import until

DENIED = [refuse(401, "Unauthorized"), refuse(404, "Not Found")]
OTHER = refuse(409, "Conflict: terminated by other getUpdates request")


@pytest.mark.parametrize("denial", DENIED)
async def test_one_denial_of_the_token_does_not_end_a_running_bot(
    intake: RunningPolling, denial: Reply
) -> None:
    intake.inbox.failures.append(denial)
    intake.inbox.put(1)
    async with polling(intake):
        await until(lambda: intake.handler.done == [1])
        intake.inbox.failures.append(denial)
        intake.inbox.put(2)
        await until(lambda: 2 in intake.handler.done)
    assert intake.inbox.other_calls == []


@pytest.mark.parametrize("denial", DENIED)
async def test_a_token_denied_for_a_minute_ends_the_polling_with_a_sentence(
    intake: RunningPolling, denial: Reply
) -> None:
    intake.fail_for(3600, denial)
    intake.inbox.token_denied = 1
    with pytest.raises(TokenUnknown, match="Telegram does not know that token") as caught:
        await intake.polling.run()
    assert TOKEN not in str(caught.value)
    assert intake.inbox.other_calls == ["getMe"]
    assert 60 <= intake.clock.now < 61


async def test_who_denies_it_only_to_the_polling_is_asked_on(intake: RunningPolling) -> None:
    intake.fail_for(90, DENIED[0])
    await handles_one(intake)
    assert intake.inbox.other_calls == ["getMe"] * 2


async def test_after_a_good_poll_the_minute_begins_anew(intake: RunningPolling) -> None:
    async with polling(intake):
        for number in (1, 3, 5):
            intake.fail_for(40, DENIED[0])
            over = intake.clock.now + 40
            # A poll that was waiting may still bring the first, in the midst of the denials.
            intake.inbox.put(number)
            await until(lambda over=over: intake.clock.now >= over)  # type: ignore[misc]
            intake.inbox.put(number + 1)
            await until(lambda n=number: n + 1 in intake.handler.done)  # type: ignore[misc]
    assert intake.clock.now > 60
    assert intake.inbox.other_calls == []


async def test_it_can_be_stopped_while_it_doubts(intake: RunningPolling) -> None:
    intake.clock.asleep = asyncio.Event()
    intake.inbox.failures.append(DENIED[0])
    async with asyncio.timeout(2), polling(intake):
        await intake.clock.asleep.wait()


async def test_who_else_polls_for_over_a_minute_is_told_of_once(intake: RunningPolling) -> None:
    intake.fail_for(600, OTHER)
    await handles_one(intake)
    (at,) = intake.rivals_told
    assert 60 < at < 61


@pytest.mark.parametrize(
    ("conflicts", "tells"),
    [
        ([10, 40, 70], []),  # exactly a minute is not longer than a minute
        ([10, 40, 70, 70.1], [70.1]),
        ([5000], []),  # the first alone is nothing, however late it comes
        ([0, 3600], []),  # and two are two moments, and not an hour
        (range(0, 3600, 15), [75]),  # it is told once, however long it goes on
        ([0, 50, 100, 161, 200, 222], [100, 222]),  # what was over for a minute is a new event
        ([0, 50, 100, 160, 215, 270], [100]),
    ],
)
def test_what_goes_on_for_longer_than_a_minute_is_told_once(
    conflicts: Sequence[float], tells: list[float]
) -> None:
    naps, told = SleepClock(), list[float]()
    rivalry = SecondPoller(naps.clock, lambda: told.append(naps.now))
    for naps.now in conflicts:
        rivalry.note()
    assert told == tells
