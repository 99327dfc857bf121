"""Real processes send, are killed and controlled: a few seconds of what `make soak` does."""

import asyncio
import signal
from pathlib import Path

import pytest

from storage.broadcast_types import Tally
from tests.support.bot_api.failing_server import FailingBehavior, FailingBotApi
from tests.support.interventions import run_with_interventions
from tests.support.petition_processes import kill, kill_repeatedly, petition_processes
from tests.support.waiting import until

pytestmark = pytest.mark.processes

END_SECONDS = 60.0
FROZEN_SECONDS = 3.0


@pytest.mark.parametrize("kind", ["postgres"], indirect=True)
async def test_killed_under_faults_it_loses_nobody_and_repeats_what_was_not_recorded(
    database_url: str, tmp_path: Path, api: FailingBotApi
) -> None:
    people, kills, rate = 120, 2, 100.0
    rough = FailingBehavior(latency=0.03, errors=0.06, lost_answers=0.04)
    counts = api.begin(rough)
    async with petition_processes(
        database_url, tmp_path, api, people=people, rate=rate, paid=True
    ) as petition:
        key = await petition.start()
        tally, deaths = await kill_repeatedly(petition, key, people, kills)
    assert len(counts.copies) == people
    assert counts.repeated <= counts.lost.total() + sum(deaths.unrecorded)
    assert tally == Tally(
        total=people, delivered=people - tally.unconfirmed, unconfirmed=tally.unconfirmed
    )


@pytest.mark.parametrize("kind", ["postgres"], indirect=True)
async def test_of_several_processes_one_sends_and_when_it_dies_another(
    database_url: str, tmp_path: Path, api: FailingBotApi
) -> None:
    people, rate = 180, 100.0
    counts = api.begin(FailingBehavior(latency=0.03, limit=rate, burst=rate / 3))
    async with petition_processes(
        database_url, tmp_path, api, people=people, rate=rate
    ) as petition:
        key = await petition.start()
        senders = await asyncio.gather(*(petition.sender(number) for number in range(3)))
        await api.arrived(60, END_SECONDS)
        first = int(counts.messages[-1].by)
        await kill(senders[first])
        unrecorded = set(counts.copies).intersection(await petition.sending())
        tally = await petition.reported(key, END_SECONDS)
    assert len({arrival.by for arrival in counts.messages}) == 2
    assert {chat for chat, copies in counts.copies.items() if copies > 1} <= unrecorded
    assert len(counts.refusals) == 0
    assert tally == Tally(total=people, delivered=people)


@pytest.mark.parametrize("kind", ["postgres"], indirect=True)
async def test_one_that_was_frozen_says_what_it_sent_and_nothing_is_repeated(
    database_url: str, tmp_path: Path, api: FailingBotApi
) -> None:
    """Telegram answers meanwhile, and no answer is waited for as long as it is frozen.

    In the middle of a transaction it holds up who takes its place, until the server ends that.
    """
    people, rate = 240, 100.0
    counts = api.begin(FailingBehavior(latency=0.2))
    async with petition_processes(
        database_url, tmp_path, api, people=people, rate=rate, paid=True
    ) as petition:
        key = await petition.start()
        senders = await asyncio.gather(*(petition.sender(number, 40.0) for number in range(2)))
        await api.arrived(60, END_SECONDS)
        first = int(counts.messages[-1].by)
        senders[first].send_signal(signal.SIGSTOP)
        await asyncio.sleep(0.5)
        unrecorded = set(counts.copies).intersection(await petition.sending())
        assert unrecorded
        await until(lambda: int(counts.messages[-1].by) != first, END_SECONDS)
        await asyncio.sleep(FROZEN_SECONDS)
        senders[first].send_signal(signal.SIGCONT)
        tally = await petition.reported(key, END_SECONDS)
    assert counts.repeated == 0
    assert tally == Tally(total=people, delivered=people)


@pytest.mark.parametrize(
    ("kind", "seed", "cancelled"),
    [("sqlite", 1, False), ("postgres", 3, True)],
    indirect=["kind"],
)
async def test_whoever_parts_gets_nothing_and_the_account_stays_exact(
    seed: int, cancelled: bool, database_url: str, tmp_path: Path, api: FailingBotApi
) -> None:
    people = 80
    api.begin(FailingBehavior(latency=0.03))
    async with petition_processes(
        database_url, tmp_path, api, people=people, rate=100.0
    ) as petition:
        await run_with_interventions(petition, people, seed, kills=True, cancelled=cancelled)
