"""Eight processes on one PostgreSQL: one sends at a time, at the rate of a single process."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from benchmarks.bot_api.limit import Limit
from storage import Tally
from tests.soak.counting import CountingApi, Weather
from tests.soak.petition_run import PetitionRun, by_copies, dies, running_petition
from tests.soak.sender import LEASE_SECONDS, TIMING

pytestmark = pytest.mark.parametrize("kind", ["postgres"])

PROCESSES = 8
RATE = 100.0
END_SECONDS = 120.0
# Two senders at once would use up the burst in a third of a second; timers that fire late on a
# busy machine do not.
LIMIT = Limit(rate=RATE, burst=RATE / 3)


async def eight(petition_run: PetitionRun) -> list[asyncio.subprocess.Process]:
    """Starts all processes at the same moment."""
    return await asyncio.gather(*(petition_run.sender(number) for number in range(PROCESSES)))


async def test_together_they_keep_the_rate_and_tell_everyone_once(
    database_url: str, tmp_path: Path, api: CountingApi, tell: Callable[[str], None]
) -> None:
    people = 2_000
    account = api.begin(Weather(latency=0.03, limit=LIMIT))
    async with running_petition(
        database_url, tmp_path, api, people=people, rate=RATE
    ) as petition_run:
        await eight(petition_run)
        tally = await petition_run.reported(await petition_run.start(), END_SECONDS)
        assert petition_run.log == ""
    seconds = account.arrivals[-1].at - account.arrivals[0].at
    tell(
        f"postgres: {people:,} people, {PROCESSES} processes at {RATE:.0f} a second;"
        f" {people / seconds:.1f} a second, busiest second {account.busiest(1.0)};"
        f" lost {people - len(account.copies)}; repeated {account.repeated}"
    )
    assert set(account.copies.values()) == {1}
    assert account.over_limit == 0
    assert tally == Tally(total=people, delivered=people)


async def test_when_they_are_killed_another_goes_on_and_few_are_told_twice(
    database_url: str, tmp_path: Path, api: CountingApi, tell: Callable[[str], None]
) -> None:
    people, kills = 3_000, 40
    account = api.begin(Weather(latency=0.03, limit=LIMIT))
    dice = random.Random(23)  # noqa: S311 - a test's own dice
    async with running_petition(
        database_url, tmp_path, api, people=people, rate=RATE
    ) as petition_run:
        processes = await eight(petition_run)
        key = await petition_run.start()
        done = 0
        while done < kills and len(account.copies) < people:
            await asyncio.sleep(dice.uniform(0.2, 1.2))
            # Kills alternately any process and the one that sends.
            sends = int(account.arrivals[-1].by) if account.arrivals else 0
            victim = sends if done % 2 else dice.randrange(PROCESSES)
            await dies(processes[victim])
            processes[victim] = await petition_run.sender(victim)
            done += 1
        tally = await petition_run.reported(key, END_SECONDS)
        copies = by_copies(petition_run, people)
    bound = account.unheard + done * RATE * TIMING.record
    senders = sum(one.by != next_one.by for one, next_one in pairwise(account.arrivals))
    tell(
        f"postgres: {people:,} people, {PROCESSES} processes, {done} kills at random, a lease of"
        f" {LEASE_SECONDS} s that changed hands {senders} times; busiest second"
        f" {account.busiest(1.0)}; lost {copies[0]}; repeated {account.repeated} of at most"
        f" {bound:.0f}; people by copies {dict(sorted(copies.items()))}"
    )
    assert copies[0] == 0
    assert account.repeated <= bound
    assert account.over_limit == 0
    assert tally == Tally(total=people, delivered=people)
