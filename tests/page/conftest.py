from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser

from simulator import Person, Simulator
from simulator.page import PageState, SimulatorPage
from tests.page.chromium import OpenChat, chromium, open_chat
from tests.page.page_client import PageClient
from tests.support.api_client import TOKEN, ApiClient

ADMIN = 6_100_000_900


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leaves out the screenshots unless `--screenshots` is given."""
    pictures = collection_path.name == "test_screenshots.py"
    return True if pictures and not config.getoption("--screenshots") else None


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One browser for all tests of a process; each test opens windows of its own."""
    async with chromium() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="session")
async def chat(browser: Browser) -> AsyncIterator[OpenChat]:
    """Ana's phone on the page, whose bot the test is; at the end the page has logged no error."""
    async with open_chat(browser) as opened:
        yield opened
        assert opened[0].console_errors == []


@pytest.fixture
async def sim() -> AsyncIterator[Simulator]:
    async with Simulator(token=TOKEN) as simulator:
        yield simulator


@pytest.fixture
async def api(sim: Simulator) -> AsyncIterator[ApiClient]:
    async with ApiClient(sim.url) as api:
        yield api


@pytest.fixture
async def view(sim: Simulator, page: SimulatorPage) -> AsyncIterator[PageState]:
    async with PageState(sim, page.feed, frozenset({ADMIN})).open() as view:
        page.show(view)
        yield view


@pytest.fixture
async def page() -> AsyncIterator[SimulatorPage]:
    page = SimulatorPage()
    yield page
    await page.stop()


@pytest.fixture
async def at(page: SimulatorPage, view: PageState) -> AsyncIterator[PageClient]:
    """A client of the page."""
    address = await page.start(port=0)
    async with aiohttp.ClientSession() as session:
        yield PageClient(session, address)


@pytest.fixture
def ana(view: PageState) -> Person:
    """A person whose phone is on the page."""
    person = view.world.person("Ana", last_name="García")
    view.phones.add(person)
    return person
