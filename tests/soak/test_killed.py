"""The bot is killed repeatedly during a broadcast: nobody is lost, few messages repeat."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from statistics import mean

from benchmarks.bot_api.limit import Limit
from storage import Tally
from tests.soak.counting import CountingApi, Weather
from tests.soak.deaths import killed_all_along
from tests.soak.petition_run import by_copies, running_petition


async def test_a_hundred_kills_lose_nobody_and_repeat_what_was_under_way(
    kind: str, database_url: str, tmp_path: Path, api: CountingApi, tell: Callable[[str], None]
) -> None:
    people, kills, rate = 10_000, 100, 1_000.0
    account, begun = api.begin(Weather(latency=0.03)), time.monotonic()
    async with running_petition(
        database_url, tmp_path, api, people=people, rate=rate, paid=True
    ) as petition_run:
        tally, deaths = await killed_all_along(
            petition_run, await petition_run.start(), people, kills
        )
        copies = by_copies(petition_run, people)
    bound = deaths.bound(account.unheard, rate)
    tell(
        f"{kind}: {people:,} people, {kills} kills, {deaths.left:,} left after the last;"
        f" lost {copies[0]}; repeated {account.repeated:,} of at most {bound:,.0f}"
        f" ({account.unheard:,} in flight, {sum(deaths.unrecorded):,} unrecorded when killed; a"
        f" write took {1000 * mean(deaths.writes):.0f} ms); people by copies"
        f" {dict(sorted(copies.items()))}; {time.monotonic() - begun:.0f} s"
    )
    assert deaths.left > 0
    assert copies[0] == 0
    assert account.repeated <= sum(deaths.unrecorded)
    assert account.repeated <= bound
    assert tally == Tally(total=people, delivered=people)


async def test_at_the_documented_limit_no_call_is_refused_whatever_is_killed(
    kind: str, database_url: str, tmp_path: Path, api: CountingApi, tell: Callable[[str], None]
) -> None:
    people, kills, rate = 1_000, 8, 28.0
    account = api.begin(Weather(latency=0.03, limit=Limit(rate=30, burst=30)))
    async with running_petition(
        database_url, tmp_path, api, people=people, rate=rate
    ) as petition_run:
        tally, deaths = await killed_all_along(
            petition_run, await petition_run.start(), people, kills
        )
        copies = by_copies(petition_run, people)
    tell(
        f"{kind}: {people:,} people at {rate:.0f} a second under a limit of 30, {kills} kills;"
        f" refused {account.over_limit}; busiest second {account.busiest(1.0)};"
        f" lost {copies[0]}; repeated {account.repeated}"
    )
    assert account.over_limit == 0
    assert copies[0] == 0
    assert account.repeated <= sum(deaths.unrecorded)
    assert tally == Tally(total=people, delivered=people)
