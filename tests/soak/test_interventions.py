"""People opt out and admins pause or cancel at random moments: it takes effect at once."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.bot_api.failing_server import FailingBehavior, FailingBotApi
from tests.support.interventions import run_with_interventions
from tests.support.petition_processes import petition_processes

PEOPLE = 500
RATE = 100.0


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
    async with petition_processes(
        database_url, tmp_path, api, people=PEOPLE, rate=RATE
    ) as petition:
        told = await run_with_interventions(
            petition, PEOPLE, seed, kills=seed % 2 == 1, cancelled=seed >= 2
        )
    tell(f"{kind}: {told}")
