"""People opt out and admins pause or cancel at random moments: it takes effect at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.soak.counting import CountingApi, Weather
from tests.soak.petition_run import running_petition
from tests.soak.steered import steered

PEOPLE = 500
RATE = 100.0


@pytest.mark.parametrize("seed", range(4))
async def test_whoever_parts_gets_nothing_and_the_account_stays_exact(
    kind: str,
    seed: int,
    database_url: str,
    tmp_path: Path,
    api: CountingApi,
    tell: Callable[[str], None],
) -> None:
    api.begin(Weather(latency=0.03))
    async with running_petition(
        database_url, tmp_path, api, people=PEOPLE, rate=RATE
    ) as petition_run:
        told = await steered(petition_run, PEOPLE, seed, kills=seed % 2 == 1, cancelled=seed >= 2)
    tell(f"{kind}: {told}")
