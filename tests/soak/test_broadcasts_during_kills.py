"""The bot and its workers are killed during a broadcast: nobody is lost, few messages repeat."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from statistics import mean

import pytest

from storage.broadcast_types import Tally
from tests.support.bot_api.failing_server import ArrivalCounts, FailingBehavior, FailingBotApi
from tests.support.bot_api.message_counts import busiest_second
from tests.support.interventions import run_with_interventions
from tests.support.petition_processes import (
    PetitionProcesses,
    by_copies,
    chat_of,
    kill,
    kill_repeatedly,
    petition_processes,
)
from tests.support.worker_process import DURATIONS, LEASE_SECONDS


async def test_a_hundred_kills_lose_nobody_and_repeat_what_was_under_way(
    kind: str, database_url: str, tmp_path: Path, api: FailingBotApi, tell: Callable[[str], None]
) -> None:
    people, kills, rate = 10_000, 100, 1_000.0
    counts, begun = api.begin(FailingBehavior(latency=0.03)), time.monotonic()
    async with petition_processes(
        database_url, tmp_path, api, people=people, rate=rate, paid=True
    ) as petition:
        tally, deaths = await kill_repeatedly(petition, await petition.start(), people, kills)
        copies = by_copies(petition, people)
    bound = deaths.bound(counts.unheard, rate)
    tell(
        f"{kind}: {people:,} people, {kills} kills, {deaths.left:,} left after the last;"
        f" lost {copies[0]}; repeated {counts.repeated:,} of at most {bound:,.0f}"
        f" ({counts.unheard:,} in flight, {sum(deaths.unrecorded):,} unrecorded when killed; a"
        f" write took {1000 * mean(deaths.writes):.0f} ms); people by copies"
        f" {dict(sorted(copies.items()))}; {time.monotonic() - begun:.0f} s"
    )
    assert deaths.left > 0
    assert copies[0] == 0
    assert counts.repeated <= sum(deaths.unrecorded)
    assert counts.repeated <= bound
    assert tally == Tally(total=people, delivered=people)


async def test_at_the_documented_limit_no_call_is_refused_whatever_is_killed(
    kind: str, database_url: str, tmp_path: Path, api: FailingBotApi, tell: Callable[[str], None]
) -> None:
    people, kills, rate = 1_000, 8, 28.0
    counts = api.begin(FailingBehavior(latency=0.03, limit=30, burst=30))
    async with petition_processes(
        database_url, tmp_path, api, people=people, rate=rate
    ) as petition:
        tally, deaths = await kill_repeatedly(petition, await petition.start(), people, kills)
        copies = by_copies(petition, people)
    tell(
        f"{kind}: {people:,} people at {rate:.0f} a second under a limit of 30, {kills} kills;"
        f" refused {len(counts.refusals)}; busiest second {busiest_second(counts.arrivals)};"
        f" lost {copies[0]}; repeated {counts.repeated}"
    )
    assert len(counts.refusals) == 0
    assert copies[0] == 0
    assert counts.repeated <= sum(deaths.unrecorded)
    assert tally == Tally(total=people, delivered=people)


PEOPLE = 2_000
RATE = 100.0
BLOCKED = frozenset(chat_of(number) for number in range(7, PEOPLE, 97))
ROUGH = FailingBehavior(latency=0.03, errors=0.06, lost_answers=0.04, floods=0.02, blocked=BLOCKED)


@pytest.mark.parametrize("kills", [0, 15])
async def test_nobody_is_lost_and_the_tally_is_what_the_other_side_saw(
    kind: str,
    kills: int,
    database_url: str,
    tmp_path: Path,
    api: FailingBotApi,
    tell: Callable[[str], None],
) -> None:
    counts, begun = api.begin(ROUGH), time.monotonic()
    async with petition_processes(
        database_url, tmp_path, api, people=PEOPLE, rate=RATE, paid=True
    ) as petition:
        key = await petition.start()
        tally, deaths = await kill_repeatedly(petition, key, PEOPLE, kills)
        states = await petition.states(key)
        copies = by_copies(petition, PEOPLE)
    tell(
        f"{kind}: {PEOPLE:,} people, {kills} kills, {counts.errors} times 500,"
        f" {counts.lost.total()} lost answers, {counts.floods} times 429: lost"
        f" {copies[0] - len(BLOCKED)}; people by copies {dict(sorted(copies.items()))}; unknown"
        f" {tally.unconfirmed}; unreachable {tally.unreachable}; written to too early"
        f" {len(counts.too_early)}; {time.monotonic() - begun:.0f} s"
    )
    assert_exact(states, counts)
    assert Tally(total=PEOPLE, **Counter(states.values())) == tally
    assert (tally.open, tally.rejected, tally.withdrawn) == (0, 0, 0)
    if kills == 0:
        assert max(copies) <= 2
        assert counts.too_early == []
    assert counts.repeated <= counts.lost.total() + sum(deaths.unrecorded)


def assert_exact(states: dict[int, str], counts: ArrivalCounts) -> None:
    """Checks that each row agrees with what arrived in its chat."""
    told = set(counts.copies)
    by_state: dict[str, set[int]] = {}
    for chat, state in states.items():
        by_state.setdefault(state, set()).add(chat)
    assert by_state.pop("unreachable") == BLOCKED
    unknown = by_state.pop("unconfirmed", set())
    # Both answers were lost: it arrived twice, which the bot cannot know.
    assert unknown == {chat for chat in unknown if counts.lost[chat] >= 2}
    assert by_state.pop("delivered") == told - unknown
    assert by_state == {}
    assert told == set(states) - BLOCKED


@pytest.mark.parametrize("seed", range(4))
async def test_whoever_parts_gets_nothing_and_the_account_stays_exact(
    kind: str,
    seed: int,
    database_url: str,
    tmp_path: Path,
    api: FailingBotApi,
    tell: Callable[[str], None],
) -> None:
    api.begin(FailingBehavior(latency=0.03))
    async with petition_processes(database_url, tmp_path, api, people=500, rate=100.0) as petition:
        told = await run_with_interventions(
            petition, 500, seed, kills=seed % 2 == 1, cancelled=seed >= 2
        )
    tell(f"{kind}: {told}")


ON_POSTGRES = pytest.mark.parametrize("kind", ["postgres"])

PROCESSES = 8
END_SECONDS = 120.0
# Two senders at once would use up the burst in a third of a second; timers that fire late on a
# busy machine do not.
LIMITED = FailingBehavior(latency=0.03, limit=RATE, burst=RATE / 3)


async def eight(petition: PetitionProcesses) -> list[asyncio.subprocess.Process]:
    """Starts all processes at the same moment."""
    return await asyncio.gather(*(petition.sender(number) for number in range(PROCESSES)))


@ON_POSTGRES
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


@ON_POSTGRES
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
