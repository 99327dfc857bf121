"""Tests that the process warns at its start of what an operator may not expect."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.app import FatalError
from bot.process import run_until_stopped
from bot.settings import Settings
from tests.monitoring.asked import ask, free_address
from tests.support.scene import TOKEN

Opened = Callable[[Callable[[], Awaitable[None]]], None]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Opened:
    """Lets the bot come up no further than this."""

    def opens(instead: Callable[[], Awaitable[None]]) -> None:
        @asynccontextmanager
        async def no_app(_: Settings, **given: Any) -> AsyncIterator[None]:
            assert (given["restored"], given["rehearsal"]) == (True, False)
            await instead()
            yield

        monkeypatch.setattr("bot.process.open_app", no_app)

    return opens


async def run(**chosen: Any) -> None:
    settings = Settings.load(bot_token=TOKEN, admin_ids=frozenset({1}), **chosen)
    await run_until_stopped(settings, restored=True)


@pytest.mark.parametrize(("paid", "warned"), [(True, [900.0]), (False, [])])
async def test_what_costs_money_is_said(paid: bool, warned: list[float], opened: Opened) -> None:
    async def refused() -> None:
        raise FatalError("Not today.")

    opened(refused)
    with capture_logs() as logs, pytest.raises(FatalError):
        await run(paid_broadcast=paid)
    said = [line["rate"] for line in logs if line["event"] == "broadcasts_may_cost_stars"]
    assert said == warned


async def test_told_to_stop_while_it_waits_for_telegram_it_ends_well(opened: Opened) -> None:
    async def waiting() -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.Event().wait()

    opened(waiting)
    running = asyncio.create_task(run())
    await asyncio.wait({running}, timeout=2)
    assert running.done()
    await running


async def test_cancelled_it_does_not_pass_for_one_that_ended_well(opened: Opened) -> None:
    async def cancelled() -> None:
        raise asyncio.CancelledError

    opened(cancelled)
    with pytest.raises(asyncio.CancelledError):
        await run()


async def test_once_it_is_its_turn_it_no_longer_says_that_it_stands_by(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Telegram may be away for long before it answers."""
    address, said = free_address(), list[str]()

    @asynccontextmanager
    async def slow(_: Settings, **given: Any) -> AsyncIterator[None]:
        for what in ("on_standby", "begins"):
            given[what]()
            said.append((await ask(address, "/readyz")).text)
        if said:
            raise FatalError("Not today.")
        yield

    monkeypatch.setattr("bot.process.open_app", slow)
    settings = Settings.load(
        bot_token=TOKEN,
        admin_ids=frozenset({1}),
        metrics_address=address,
        database_url=database_url,
    )
    with pytest.raises(FatalError):
        await run_until_stopped(settings)
    assert "stands by" in said[0]
    assert said[1] == "The bot is starting.\n"
