from collections.abc import AsyncIterator

import pytest

from simulator import Person, Simulator
from tests.support.api_client import TOKEN, ApiClient, ManualClock


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def sim(clock: ManualClock) -> AsyncIterator[Simulator]:
    async with Simulator(token=TOKEN, clock=clock) as simulator:
        yield simulator


@pytest.fixture
def ana(sim: Simulator) -> Person:
    """A person who has started the bot."""
    ana = sim.world.person("Ana")
    ana.start()
    return ana


@pytest.fixture
async def api(sim: Simulator) -> AsyncIterator[ApiClient]:
    async with ApiClient(sim.url) as api:
        yield api
