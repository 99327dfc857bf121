from collections.abc import AsyncIterator

import pytest
import telegram

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


@pytest.fixture
async def ptb(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[telegram.Bot]:
    """A python-telegram-bot client, with the HTTP client that the library includes."""
    monkeypatch.setenv("PTB_TIMEDELTA", "1")  # durations as timedeltas, the future default
    base, files = f"{sim.url}/bot", f"{sim.url}/file/bot"
    async with telegram.Bot(TOKEN, base_url=base, base_file_url=files) as bot:
        yield bot
