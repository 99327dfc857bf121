"""Real processes send, are killed and controlled: a few seconds of what `make soak` does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from benchmarks.bot_api.limit import Limit
from storage import Tally
from tests.soak.counting import CountingApi, Weather, a_counting_api
from tests.soak.deaths import killed_all_along
from tests.soak.petition_run import dies, running_petition
from tests.soak.steered import steered

END_SECONDS = 60.0


@pytest.fixture
async def api() -> AsyncIterator[CountingApi]:
    """A simulated Bot API that counts what it receives."""
    async with a_counting_api() as api:
        yield api


@pytest.mark.parametrize("kind", ["postgres"], indirect=True)
async def test_killed_under_faults_it_loses_nobody_and_repeats_what_was_not_recorded(
    database_url: str, tmp_path: Path, api: CountingApi
) -> None:
    people, kills, rate = 120, 2, 100.0
    rough = Weather(latency=0.03, errors=0.06, lost_answers=0.04)
    account = api.begin(rough)
    async with running_petition(
        database_url, tmp_path, api, people=people, rate=rate, paid=True
    ) as petition:
        key = await petition.start()
        tally, deaths = await killed_all_along(petition, key, people, kills)
    assert len(account.copies) == people
    assert account.repeated <= account.lost.total() + sum(deaths.unrecorded)
    assert tally == Tally(
        total=people, delivered=people - tally.unconfirmed, unconfirmed=tally.unconfirmed
    )


@pytest.mark.parametrize("kind", ["postgres"], indirect=True)
async def test_of_several_processes_one_sends_and_when_it_dies_another(
    database_url: str, tmp_path: Path, api: CountingApi
) -> None:
    people, rate = 180, 100.0
    account = api.begin(Weather(latency=0.03, limit=Limit(rate, burst=rate / 3)))
    async with running_petition(database_url, tmp_path, api, people=people, rate=rate) as petition:
        key = await petition.start()
        senders = await asyncio.gather(*(petition.sender(number) for number in range(3)))
        await api.arrived(60, END_SECONDS)
        first = int(account.arrivals[-1].by)
        await dies(senders[first])
        unrecorded = set(account.copies).intersection(await petition.sending())
        tally = await petition.reported(key, END_SECONDS)
    assert len({arrival.by for arrival in account.arrivals}) == 2
    assert {chat for chat, copies in account.copies.items() if copies > 1} <= unrecorded
    assert account.over_limit == 0
    assert tally == Tally(total=people, delivered=people)


@pytest.mark.parametrize(
    ("kind", "seed", "cancelled"),
    [("sqlite", 1, False), ("postgres", 3, True)],
    indirect=["kind"],
)
async def test_whoever_parts_gets_nothing_and_the_account_stays_exact(
    seed: int, cancelled: bool, database_url: str, tmp_path: Path, api: CountingApi
) -> None:
    people = 80
    api.begin(Weather(latency=0.03))
    async with running_petition(
        database_url, tmp_path, api, people=people, rate=100.0
    ) as petition:
        await steered(petition, people, seed, kills=True, cancelled=cancelled)
