"""Tests that an operator can pause, resume and cancel from the shell, and not by mistake."""

import asyncio
import os
import signal
from datetime import UTC, datetime, timedelta

import pytest
import typer

from storage import Kind, Outcome
from tests.cli.petition_database import SIGNERS, PetitionDatabase, call, refused, said


def test_one_is_paused_resumed_and_cancelled(petition: PetitionDatabase) -> None:
    broadcast = petition.begins()
    petition.tells(broadcast, 2, Outcome.DELIVERED)
    assert "is: running. That needs one that is: paused." in refused(call("resume", "--yes"))
    asked = said(call("pause", broadcast.id.hex()[:6], typed="y\n"))
    assert asked.startswith("The closing message\n")
    assert "Delivered: 2" in asked
    assert "Pause this broadcast? [y/N]: y" in asked
    assert "is paused: 2 are done. Not sent: 4." in asked
    assert petition.now(broadcast).state == "paused"
    newest = petition.audited()[0]
    assert (newest.action, newest.actor) == ("broadcast_pause", None)
    assert "is: paused. That needs one that is: running." in refused(call("pause", "--yes"))
    assert "Resume this broadcast?" in call("resume", typed="n\n").output
    assert "goes on. Not sent: 4. The bot sends it" in said(call("resume", "--yes"))
    assert petition.now(broadcast).state == "running"
    outcome = said(call("cancel", "--yes"))
    assert "is cancelled: 2 are done. Not sent: 4." in outcome
    assert outcome.strip().endswith("An admin can tell them with /broadcast in the bot.")
    assert petition.now(broadcast).state == "cancelled"
    assert "No broadcast is under way" in refused(call("pause", "--yes"))
    sentence = refused(call("resume", "latest", "--yes"))
    assert "is: cancelled. That needs one that is: paused." in sentence
    assert petition.now(broadcast).state == "cancelled"


def test_without_a_yes_nothing_changes(petition: PetitionDatabase) -> None:
    broadcast = petition.begins()
    for typed in ("n\n", "\n", ""):
        result = call("cancel", typed=typed)
        assert broadcast.id.hex() in result.output
        assert "Delivered: 0" in result.output
        assert "Cancel this broadcast for good?" in result.output
        assert ("Nothing was changed." in result.output) == bool(typed)
        assert result.exit_code == (0 if typed else 1)
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


def test_of_a_notice_that_was_cancelled_the_rest_is_told_with_broadcasts(
    petition: PetitionDatabase,
) -> None:
    petition.tells(petition.begins(kind=Kind.BREACH), 2, Outcome.DELIVERED)
    assert "An admin can tell them with /broadcasts in the bot." in said(call("cancel", "--yes"))


def test_a_planned_one_is_cancelled_before_anybody_was_told(petition: PetitionDatabase) -> None:
    at = datetime(2030, 3, 1, 12, 0, tzinfo=UTC)
    broadcast = petition.begins(kind=Kind.UPDATE, starts_at=at, expected=SIGNERS)
    result = call("cancel", broadcast.id.hex(), typed="y\n")
    assert "Planned for: 1 March 2030, 13:00" in said(result)
    assert "An admin can tell them" not in result.output
    assert petition.now(broadcast).state == "cancelled"


def test_what_ended_while_the_question_stood_is_left_alone(
    petition: PetitionDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    broadcast = petition.begins()

    def meanwhile(_question: str) -> bool:
        petition.tells(broadcast, SIGNERS, Outcome.DELIVERED)
        return True

    monkeypatch.setattr("bot.console.confirms", meanwhile)
    assert "Meanwhile it has changed" in refused(call("pause"))
    assert petition.now(broadcast).state == "finished"


def test_an_id_of_another_broadcast_is_not_taken_for_the_one_under_way(
    petition: PetitionDatabase,
) -> None:
    running = petition.begins(bytes.fromhex("11" * 16))
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    planned = petition.begins(bytes.fromhex("22" * 16), kind=Kind.UPDATE, starts_at=tomorrow)
    said(call("cancel", "2222", "--yes"))
    assert petition.now(planned).state == "cancelled"
    assert petition.now(running).state == "running"


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
