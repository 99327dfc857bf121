"""Tests that setting a bot up takes no update from anybody, over the simulated Telegram."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from bot.intake.polling import TokenUnknown
from bot.setup import (
    BotCalls,
    Unreachable,
    new_admin_code,
)
from bot.telegram_session import shared_session
from bot.text.problems import Sentence
from bot.text.terminal_language import TerminalError
from simulator import Simulator
from tests.support.api_client import TOKEN, ApiClient


@pytest.fixture
async def sim() -> AsyncIterator[Simulator]:
    async with Simulator(token=TOKEN) as simulator:
        yield simulator


@pytest.fixture
async def calls(sim: Simulator) -> AsyncIterator[BotCalls]:
    async with bot_calls(sim.url) as calls:
        yield calls


@asynccontextmanager
async def bot_calls(
    api_url: str, token: str = TOKEN, tell: Callable[[Sentence], None] = lambda _: None
) -> AsyncIterator[BotCalls]:
    async with shared_session(api_url, None, tell) as session:
        yield BotCalls(session, api_url, token)


async def test_what_was_sent_before_waits_for_the_bot(sim: Simulator, calls: BotCalls) -> None:
    code = new_admin_code()
    sim.world.person("Ana").start("newsletter")
    sim.world.person("Marta").start(code)
    found = await calls.wait_for(code)
    assert found is not None
    assert found.full_name == "Marta"
    assert len(sim.world.updates.pending) == 2
    assert {call.params.get("offset") for call in sim.calls if call.method == "getUpdates"} == {
        None
    }


async def test_nobody_is_found_behind_a_flood(sim: Simulator, calls: BotCalls) -> None:
    mallory = sim.world.person("Mallory")
    for _ in range(100):
        mallory.start("admin-AAAAAAAAAAAAAAAAAAAAAA")
    with pytest.raises(TerminalError, match="More than a hundred messages"):
        await calls.wait_for(new_admin_code())
    assert len(sim.world.updates.pending) == 100


async def test_a_server_that_ignores_how_long_to_wait_is_asked_a_few_times_a_second(
    sim: Simulator, calls: BotCalls, monkeypatch: pytest.MonkeyPatch
) -> None:
    updates = sim.world.updates

    async def at_once(limit: int, _seconds: float) -> object:
        return await poll(limit, 0)

    poll = updates.poll
    monkeypatch.setattr(updates, "poll", at_once)
    monkeypatch.setattr("bot.setup.LASTS_SECONDS", 10)
    await calls.require_alone()
    assert 6 < len(sim.calls) < 12
    assert await calls.wait_for(new_admin_code()) is None
    assert 40 < len(sim.calls) < 60


async def test_while_somebody_waits_for_the_link_it_is_said_once_why_nothing_comes() -> None:
    told: list[Sentence] = []
    async with bot_calls("http://127.0.0.1:9", tell=told.append) as calls:
        waiting = asyncio.create_task(calls.wait_for(new_admin_code()))
        await asyncio.sleep(30)
        assert not waiting.done()
        waiting.cancel()
    assert ["There is no connection" in str(reason) for reason in told] == [True]


async def test_a_link_that_nobody_opens_ends_after_ten_minutes(calls: BotCalls) -> None:
    now = asyncio.get_running_loop().time
    begun = now()
    assert await calls.wait_for(new_admin_code()) is None
    assert 600 <= now() - begun < 602


async def test_a_bot_fetched_elsewhere_is_refused(sim: Simulator, calls: BotCalls) -> None:
    async def other() -> None:
        async with ApiClient(sim.url) as api:
            while True:
                await api.answer("getUpdates", timeout=20)
                await asyncio.sleep(0.05)

    polling = asyncio.create_task(other())
    await asyncio.sleep(0.05)
    with pytest.raises(TerminalError, match="/revoke"):
        await calls.require_alone()
    polling.cancel()


async def test_an_unknown_token_and_an_absent_telegram_differ(sim: Simulator) -> None:
    async with bot_calls(sim.url, TOKEN[:-1] + "2") as calls:
        with pytest.raises(TokenUnknown):
            await calls.identity()
    async with bot_calls("http://127.0.0.1:9") as calls:
        with pytest.raises(Unreachable) as absent:
            await calls.identity()
    assert TOKEN not in str(absent.value)
