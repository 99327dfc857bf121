"""Eight processes on one PostgreSQL: one sends at a time, at the rate of a single process."""

import asyncio
import random
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from storage.broadcast_types import Tally
from tests.support.bot_api.failing_server import FailingBehavior, FailingBotApi
from tests.support.bot_api.message_counts import busiest_second
from tests.support.petition_processes import PetitionProcesses, by_copies, kill, petition_processes
from tests.support.worker_process import DURATIONS, LEASE_SECONDS

pytestmark = pytest.mark.parametrize("kind", ["postgres"])

PROCESSES = 8
RATE = 100.0
END_SECONDS = 120.0
# Two senders at once would use up the burst in a third of a second; timers that fire late on a
# busy machine do not.
LIMITED = FailingBehavior(latency=0.03, limit=RATE, burst=RATE / 3)


async def eight(petition: PetitionProcesses) -> list[asyncio.subprocess.Process]:
    """Starts all processes at the same moment."""
    return await asyncio.gather(*(petition.sender(number) for number in range(PROCESSES)))


async def test_together_they_keep_the_rate_and_tell_everyone_once(
    database_url: str, tmp_path: Path, api: FailingBotApi, tell: Callable[[str], None]
) -> None:
    people = 2_000
    counts = api.begin(LIMITED)
    async with petition_processes(
        database_url, tmp_path, api, people=people, rate=RATE
    ) as petition:
        await eight(petition)
        tally = await petition.reported(await petition.start(), END_SECONDS)
        assert petition.log == ""
    seconds = counts.messages[-1].at - counts.messages[0].at
    tell(
        f"postgres: {people:,} people, {PROCESSES} processes at {RATE:.0f} a second;"
        f" {people / seconds:.1f} a second, busiest second {busiest_second(counts.arrivals)};"
        f" lost {people - len(counts.copies)}; repeated {counts.repeated}"
    )
    assert set(counts.copies.values()) == {1}
    assert len(counts.refusals) == 0
    assert tally == Tally(total=people, delivered=people)


async def test_when_they_are_killed_another_goes_on_and_few_are_told_twice(
    database_url: str, tmp_path: Path, api: FailingBotApi, tell: Callable[[str], None]
) -> None:
    people, kills = 3_000, 40
    counts = api.begin(LIMITED)
    dice = random.Random(23)  # noqa: S311 - a test's own dice
    async with petition_processes(
        database_url, tmp_path, api, people=people, rate=RATE
    ) as petition:
        processes = await eight(petition)
        key = await petition.start()
        done = 0
        while done < kills and len(counts.copies) < people:
            await asyncio.sleep(dice.uniform(0.2, 1.2))
            # Kills alternately any process and the one that sends.
            sends = int(counts.messages[-1].by) if counts.messages else 0
            victim = sends if done % 2 else dice.randrange(PROCESSES)
            await kill(processes[victim])
            processes[victim] = await petition.sender(victim)
            done += 1
        tally = await petition.reported(key, END_SECONDS)
        copies = by_copies(petition, people)
    bound = counts.unheard + done * RATE * DURATIONS.record
    senders = sum(one.by != next_one.by for one, next_one in pairwise(counts.messages))
    tell(
        f"postgres: {people:,} people, {PROCESSES} processes, {done} kills at random, a lease of"
        f" {LEASE_SECONDS} s that changed hands {senders} times; busiest second"
        f" {busiest_second(counts.arrivals)}; lost {copies[0]}; repeated {counts.repeated} of at"
        f" most {bound:.0f}; people by copies {dict(sorted(copies.items()))}"
    )
    assert copies[0] == 0
    assert counts.repeated <= bound
    assert len(counts.refusals) == 0
    assert tally == Tally(total=people, delivered=people)
