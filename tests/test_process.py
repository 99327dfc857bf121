"""Tests that the process warns at its start of what an operator may not expect."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs

from bot.process import FatalError, run_until_stopped
from bot.settings import Settings, load_settings
from tests.support.scene import TOKEN


@pytest.mark.parametrize("restored", [True, False])
async def test_that_a_backup_was_restored_is_passed_on(
    restored: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[bool] = []

    @asynccontextmanager
    async def no_app(
        _: Settings, *, restored: bool, rehearsal: bool, **_given: object
    ) -> AsyncIterator[None]:
        assert not rehearsal
        told.append(restored)
        raise FatalError("Not today.")
        yield

    monkeypatch.setattr("bot.process.open_app", no_app)
    settings = load_settings(bot_token=TOKEN, admin_ids=frozenset({1}))
    with pytest.raises(FatalError):
        await run_until_stopped(settings, restored=restored)
    assert told == [restored]


@pytest.mark.parametrize(("paid", "warned"), [(True, [900.0]), (False, [])])
async def test_that_broadcasts_may_cost_money_is_said(
    paid: bool, warned: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    @asynccontextmanager
    async def no_app(
        _: Settings, *, restored: bool, rehearsal: bool, **_given: object
    ) -> AsyncIterator[None]:
        assert (restored, rehearsal) == (False, False)
        raise FatalError("Not today.")
        yield

    monkeypatch.setattr("bot.process.open_app", no_app)
    settings = load_settings(bot_token=TOKEN, admin_ids=frozenset({1}), paid_broadcast=paid)
    with capture_logs() as logs, pytest.raises(FatalError):
        await run_until_stopped(settings)
    said = [line["rate"] for line in logs if line["event"] == "broadcasts_may_cost_stars"]
    assert said == warned


async def test_told_to_stop_while_it_waits_for_telegram_it_ends_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    @asynccontextmanager
    async def waiting(
        _: Settings, *, restored: bool, rehearsal: bool, **_given: object
    ) -> AsyncIterator[None]:
        assert (restored, rehearsal) == (False, False)
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.Event().wait()
        yield

    monkeypatch.setattr("bot.process.open_app", waiting)
    settings = load_settings(bot_token=TOKEN, admin_ids=frozenset({1}))
    running = asyncio.create_task(run_until_stopped(settings))
    await asyncio.wait({running}, timeout=2)
    assert running.done()
    await running


async def test_cancelled_by_another_it_does_not_pass_for_one_that_ended_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    @asynccontextmanager
    async def cancelled(
        _: Settings, *, restored: bool, rehearsal: bool, **_given: object
    ) -> AsyncIterator[None]:
        assert (restored, rehearsal) == (False, False)
        raise asyncio.CancelledError
        yield

    monkeypatch.setattr("bot.process.open_app", cancelled)
    settings = load_settings(bot_token=TOKEN, admin_ids=frozenset({1}))
    with pytest.raises(asyncio.CancelledError):
        await run_until_stopped(settings)
