"""Tests that `show --follow` shows the progress until the end, and that leaving it is harmless."""

import asyncio
import io
import json
import os
import signal
import threading
from datetime import UTC, datetime

import pytest
from rich.console import Console

from storage import Outcome, Recalled
from tests.cli.petition_database import SIGNERS, PetitionDatabase, call, said
from tests.support.supporters import ADMIN


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.cli.broadcast_tables.SECONDS_BETWEEN_LOOKS", 0.1)


@pytest.mark.parametrize("in_terminal", [False, True])
def test_following_ends_with_the_account(
    petition: PetitionDatabase, monkeypatch: pytest.MonkeyPatch, in_terminal: bool
) -> None:
    """In a file every change has a line; in a terminal of forty columns there is a bar."""
    if in_terminal:
        narrow = Console(file=io.StringIO(), force_terminal=True, color_system=None, width=40)
        for module in ("console", "cli.broadcast_tables"):
            monkeypatch.setattr(f"bot.{module}.out", narrow)
        monkeypatch.setattr("bot.console.progress_bar.__kwdefaults__", {"console": narrow})
    broadcast = petition.begins()
    sending = threading.Thread(target=petition.tells, args=(broadcast, SIGNERS, Outcome.DELIVERED))
    sending.start()
    shown = said(call("show", "--follow"))
    sending.join()
    if in_terminal:
        assert isinstance(narrow.file, io.StringIO)
        shown = narrow.file.getvalue()
        assert "━" in shown
    else:
        assert "State: finished" in shown
    assert f"{SIGNERS}/{SIGNERS}" in shown.replace(" ", "")


def test_a_recall_and_what_nobody_works_on_are_followed_too(petition: PetitionDatabase) -> None:
    broadcast = petition.begins()
    petition.tells(broadcast, SIGNERS, Outcome.DELIVERED)
    petition.do(lambda storage: storage.broadcasts.recall(broadcast.id, ADMIN, datetime.now(UTC)))
    numbers = list(range(1, SIGNERS + 1))
    petition.is_left_alone()

    def deletes() -> None:
        petition.do(
            lambda storage: storage.recalls.record(broadcast.id, Recalled.DELETED, numbers)
        )
        petition.do(lambda storage: storage.recalls.end(broadcast.id, datetime.now(UTC)))

    deleting = threading.Timer(1, deletes)
    deleting.start()
    shown = said(call("show", "--follow"))
    deleting.join()
    assert "waiting for the bot: 0 / 6" in shown
    assert "Recalled: 6 of 6" in shown


def test_a_program_follows_by_an_object_a_line(petition: PetitionDatabase) -> None:
    petition.tells(petition.begins(), SIGNERS, Outcome.DELIVERED)
    (line,) = said(call("show", "--follow", "--json")).splitlines()
    assert json.loads(line)["state"] == "finished"


def test_a_connection_that_is_lost_ends_a_command_without_a_traceback(
    petition: PetitionDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    petition.begins()

    async def terminated(*_: object, **__: object) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.sleep(60)

    monkeypatch.setattr("bot.cli.broadcast_tables.read_snapshot", terminated)
    result = call("list")
    assert (result.exit_code, result.output) == (130, "")


def test_whoever_leaves_hears_that_it_goes_on(
    petition: PetitionDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    broadcast = petition.begins()

    async def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("bot.cli.broadcast_tables.read_snapshot", interrupted)
    result = call("show", "--follow")
    assert result.exit_code == 130
    assert "the broadcast goes on" in result.stderr
    assert petition.now(broadcast).state == "running"
