"""Tests that setting a bot up takes no update from anybody, and who becomes its admin."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bot.intake.polling import TokenUnknown
from bot.settings import PetitionSettings
from bot.setup import (
    BotCalls,
    Unreachable,
    is_admin_code,
    new_admin_code,
    sender_of,
)
from bot.telegram_session import shared_session
from bot.text.problems import Sentence
from bot.text.terminal_language import TerminalError
from simulator import Simulator
from tests.support.api_client import TOKEN, ApiClient
from tests.support.existing import existing


@pytest.fixture
async def calls(sim: Simulator) -> AsyncIterator[BotCalls]:
    async with bot_calls(sim.url) as calls:
        yield calls


@asynccontextmanager
async def bot_calls(
    api_url: str, token: str = TOKEN, tell: Callable[[Sentence], None] = lambda _: None
) -> AsyncIterator[BotCalls]:
    async with shared_session(PetitionSettings(api_url=api_url), tell) as session:
        yield BotCalls(session, api_url, token)


async def test_what_was_sent_before_waits_for_the_bot(sim: Simulator, calls: BotCalls) -> None:
    code = new_admin_code()
    sim.world.person("Ana").start("newsletter")
    sim.world.person("Marta").start(code)
    found = existing(await calls.wait_for(code))
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


ANA = {"id": 5, "is_bot": False, "first_name": "Ana", "username": "ana", "language_code": "es"}


def opened(text: str, **more: Any) -> dict[str, Any]:
    """The update of somebody who opened a link."""
    message = {"text": text, "from": ANA, "chat": {"id": 5, "type": "private"}, **more}
    return {"update_id": 7, "message": {"message_id": 1, "date": 1, **message}}


def test_who_opens_the_link_is_found_and_nobody_else_is() -> None:
    code, other = new_admin_code(), new_admin_code()
    found = existing(sender_of(code, opened(f"/start {code}")))
    assert (found.id, found.full_name) == (5, "Ana")
    assert code != other
    for text in (f"/start {other}", f"/start {code}x", code, "/start", "/start ñ€"):
        assert sender_of(code, opened(text)) is None


@pytest.mark.parametrize(
    "more",
    [
        {"chat": {"id": -5, "type": "group"}},
        {"from": ANA | {"is_bot": True}},
        {"forward_origin": {"type": "user", "date": 1, "sender_user": ANA}},
        {"via_bot": ANA},
        {"from": None},
    ],
)
def test_only_somebody_who_writes_in_their_own_chat_is_found(more: dict[str, Any]) -> None:
    code = new_admin_code()
    assert sender_of(code, opened(f"/start {code}", **more)) is None
    edited = opened(f"/start {code}")["message"]
    assert sender_of(code, {"update_id": 7, "edited_message": edited}) is None


def test_a_code_has_128_bits_and_is_known_by_its_form() -> None:
    code = new_admin_code()
    assert is_admin_code(code)
    assert len(code.removeprefix("admin-")) == 22
    assert not is_admin_code("admin")
    assert not is_admin_code("newsletter")
