"""Tests that `show --follow` shows the progress until the end, and that leaving it is harmless."""

import io
import threading
from datetime import UTC, datetime

import pytest
from rich.console import Console

from bot.cli import broadcasts
from bot.cli.context import CliContext
from storage.broadcast_transitions import change_broadcast, end_recall, record_recalled
from storage.broadcast_types import Broadcast, BroadcastAction, Outcome, Recalled
from tests.cli.petition_database import SIGNERS, PetitionDatabase, call, said
from tests.support.supporters import ADMIN


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.cli.broadcasts.SECONDS_BETWEEN_LOOKS", 0.1)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What is drawn in a terminal of forty columns."""
    drawn = io.StringIO()
    narrow = Console(file=drawn, force_terminal=True, color_system=None, width=40)
    monkeypatch.setattr("bot.console.out", narrow)
    return drawn


def test_it_ends_with_the_account(petition: PetitionDatabase, terminal: io.StringIO) -> None:
    broadcast = petition.begins()
    sending = threading.Thread(target=petition.tells, args=(broadcast, SIGNERS, Outcome.DELIVERED))
    sending.start()
    shown = said(call("show", "--follow"))
    sending.join()
    drawn = terminal.getvalue()
    assert "━" in drawn
    assert f"{SIGNERS}/{SIGNERS}" in drawn
    assert "State: finished" in shown


def test_a_recall_and_what_nobody_works_on_are_followed_too(
    petition: PetitionDatabase, terminal: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    broadcast = petition.begins()
    petition.tells(broadcast, SIGNERS, Outcome.DELIVERED)
    petition.write(
        change_broadcast, BroadcastAction.RECALL, broadcast.id, ADMIN, datetime.now(UTC)
    )
    petition.is_left_alone()
    look, numbers = broadcasts.read_snapshot, list(range(1, SIGNERS + 1))

    async def looks_before_they_are_deleted(context: CliContext, each: Broadcast) -> object:
        snapshot, storage = await look(context, each), context.storage
        await storage.write(record_recalled, broadcast.id, Recalled.DELETED, numbers)
        await storage.write(end_recall, broadcast.id, datetime.now(UTC))
        return snapshot

    monkeypatch.setattr(broadcasts, "read_snapshot", looks_before_they_are_deleted)
    shown = said(call("show", "--follow"))
    assert "waiting for the bot" in terminal.getvalue()
    assert "Taken back from 6 chats." in shown


def test_who_leaves_is_told_so(
    petition: PetitionDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    broadcast = petition.begins()

    async def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("bot.cli.broadcasts.read_snapshot", interrupted)
    result = call("show", "--follow")
    assert result.exit_code == 130
    assert "the broadcast goes on" in result.stderr
    assert petition.now(broadcast).state == "running"
