"""Tests that an operator can pause, resume and cancel from the shell, and not by mistake."""

import asyncio
import os
import signal
from datetime import UTC, datetime, timedelta

import pytest
import typer

from storage.broadcast_types import Kind, Outcome
from storage.restores import record_restore
from tests.cli.petition_database import SIGNERS, PetitionDatabase, call, refused, said
from tests.support.restores import mark_restore_repeated


def test_one_is_paused_resumed_and_cancelled(petition: PetitionDatabase) -> None:
    broadcast = petition.begins()
    petition.tells(broadcast, 2, Outcome.DELIVERED)
    asked = said(call("pause", broadcast.id.hex()[:6], typed="y\n"))
    assert asked.startswith("The closing message\n")
    assert "Delivered: 2" in asked
    assert "Pause this broadcast? [y/N]: y" in asked
    assert "The broadcast is now: paused. Done: 2. Not sent: 4." in asked
    assert petition.now(broadcast).state == "paused"
    newest = petition.audited()[0]
    assert (newest.action, newest.actor) == ("broadcast_pause", None)
    assert "Resume this broadcast?" in call("resume", typed="n\n").output
    resumed = said(call("resume", "--yes"))
    assert "The broadcast is now: running. Done: 2. Not sent: 4." in resumed
    assert petition.now(broadcast).state == "running"
    outcome = said(call("cancel", "--yes"))
    assert "The broadcast is now: cancelled. Done: 2. Not sent: 4." in outcome
    assert petition.now(broadcast).state == "cancelled"
    assert "No broadcast is under way" in refused(call("pause", "--yes"))
    sentence = refused(call("resume", "latest"))  # and is asked nothing
    assert "Nothing was changed. The broadcast is: cancelled." in sentence
    assert petition.now(broadcast).state == "cancelled"


def test_after_a_restore_none_is_said_to_go_on(petition: PetitionDatabase) -> None:
    broadcast, now = petition.begins(), datetime.now(UTC)
    petition.write(record_restore, made_at=now, at=now)
    petition.write(mark_restore_repeated, at=now, lost=0)
    sentence = refused(call("resume", broadcast.id.hex(), "--yes"))
    assert "nothing goes out until an admin allows it" in sentence
    assert petition.now(broadcast).state == "paused"
    assert "is now: cancelled" in said(call("cancel", "--yes"))


def test_without_a_yes_nothing_changes(petition: PetitionDatabase) -> None:
    broadcast = petition.begins()
    for typed in ("n\n", "\n", ""):
        result = call("cancel", typed=typed)
        assert broadcast.id.hex() in result.output
        assert "Delivered: 0" in result.output
        assert "Cancel this broadcast for good?" in result.output
        assert ("Nothing was changed." in result.output) == bool(typed)
        assert result.exit_code == (0 if typed else 1)
        nobody = "There is nobody to ask here, because the input is not a terminal. Run it in one"
        assert (nobody in result.output) == (not typed)
        assert petition.now(broadcast).state == "running"


def test_ctrl_c_at_the_question_ends_with_its_own_code(
    petition: PetitionDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> str:
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt:
            raise typer.Abort from None  # as a question does

    broadcast = petition.begins()
    monkeypatch.setattr("typer.prompt", interrupted)
    result = call("cancel")
    assert (result.exit_code, result.stderr.strip()) == (130, "Aborted.")
    assert petition.now(broadcast).state == "running"


def test_what_ended_while_the_question_stood_is_left_alone(
    petition: PetitionDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    broadcast = petition.begins()

    def meanwhile(_question: str) -> bool:
        petition.tells(broadcast, SIGNERS, Outcome.DELIVERED)
        return True

    monkeypatch.setattr("bot.console.confirms", meanwhile)
    assert "Nothing was changed. The broadcast is: finished." in refused(call("pause"))
    assert petition.now(broadcast).state == "finished"


def test_another_id_is_not_that_of_the_one_under_way(petition: PetitionDatabase) -> None:
    running = petition.begins(bytes.fromhex("11" * 16))
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    planned = petition.begins(bytes.fromhex("22" * 16), kind=Kind.UPDATE, starts_at=tomorrow)
    said(call("cancel", "2222", "--yes"))
    assert petition.now(planned).state == "cancelled"
    assert petition.now(running).state == "running"


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGHUP])
def test_a_connection_that_is_lost_ends_a_command_without_a_traceback(
    petition: PetitionDatabase, monkeypatch: pytest.MonkeyPatch, told: signal.Signals
) -> None:
    petition.begins()

    async def terminated(*_: object, **__: object) -> None:
        os.kill(os.getpid(), told)
        await asyncio.sleep(60)

    monkeypatch.setattr("bot.cli.broadcasts.read_snapshot", terminated)
    before = signal.signal(told, signal.SIG_DFL)  # whatever runs the tests has set
    try:
        result = call("list")
    finally:
        signal.signal(told, before)
    assert (result.exit_code, result.output) == (130, "")


def test_a_command_under_nohup_outlasts_the_shell(
    petition: PetitionDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hung_up() -> datetime:
        os.kill(os.getpid(), signal.SIGHUP)
        return datetime.now(UTC)

    petition.begins()
    monkeypatch.setattr("bot.cli.context.utc_now", hung_up)
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert call("list").exit_code == 0
    finally:
        signal.signal(signal.SIGHUP, before)
