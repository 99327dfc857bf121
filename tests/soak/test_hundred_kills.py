"""The bot is killed repeatedly during a broadcast: nobody is lost, few messages repeat."""

import time
from collections.abc import Callable
from pathlib import Path
from statistics import mean

from storage.broadcast_types import Tally
from tests.support.bot_api.failing_server import FailingBehavior, FailingBotApi
from tests.support.bot_api.message_counts import busiest_second
from tests.support.broadcast_kills import kill_repeatedly
from tests.support.petition_processes import by_copies, petition_processes


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
