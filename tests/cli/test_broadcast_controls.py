"""Tests that an operator can pause, resume and cancel from the shell, and not by mistake."""

from datetime import UTC, datetime, timedelta

import pytest

from storage import Kind, Outcome, Statement
from tests.cli.petition_database import SIGNERS, PetitionDatabase, call, on_both, refused, said


@on_both
def test_one_is_paused_resumed_and_cancelled(petition: PetitionDatabase) -> None:
    broadcast = petition.begins()
    petition.tells(broadcast, 2, Outcome.DELIVERED)
    assert "is paused: 2 are done and 4 are left" in said(call("pause", "--yes"))
    assert petition.now(broadcast).state == "paused"
    assert "is running again, and 4 are left. The bot goes on with it" in said(
        call("resume", "--yes")
    )
    assert petition.now(broadcast).state == "running"
    outcome = said(call("cancel", "--yes"))
    assert "is cancelled: 2 are done, 4 are not told by it." in outcome
    assert outcome.strip().endswith("An admin can tell them with /broadcast in the bot.")
    assert petition.now(broadcast).state == "cancelled"


def test_the_audit_says_that_nobody_in_telegram_did_it(petition: PetitionDatabase) -> None:
    petition.begins()
    call("pause", "--yes")
    newest = petition.audited()[0]
    assert (newest.action, newest.actor) == ("broadcast_pause", None)


@pytest.mark.parametrize("typed", ["n\n", "\n", ""])
def test_without_a_yes_nothing_changes(petition: PetitionDatabase, typed: str) -> None:
    broadcast = petition.begins()
    short = broadcast.id.hex()[:8]
    result = call("cancel", typed=typed)
    assert (
        f"Cancel the broadcast {short} (the closing message) for good? (0 of 6 are done)"
        in result.output
    )
    assert result.exit_code == (0 if typed else 1)
    assert petition.now(broadcast).state == "running"


def test_each_question_says_how_far_it_is_and_what_is_possible_afterwards(
    petition: PetitionDatabase,
) -> None:
    broadcast = petition.begins(kind=Kind.BREACH)
    petition.tells(broadcast, 2, Outcome.DELIVERED)
    named = f"the broadcast {broadcast.id.hex()[:8]} (notice of a breach)"
    assert f"Pause {named}? (2 of 6 are done)" in call("pause", typed="y\n").output
    assert f"Resume {named}? (2 of 6 are done)" in call("resume", typed="y\n").output
    assert "An admin can tell them with /broadcasts in the bot." in said(call("cancel", "--yes"))
    asked = call("recall", typed="n\n").output
    assert "deleted from 2 chats" in asked
    assert "An admin can send everyone another notice, with /broadcast)" in asked


def test_a_yes_is_enough(petition: PetitionDatabase) -> None:
    broadcast = petition.begins()
    said(call("pause", broadcast.id.hex()[:6], typed="y\n"))
    assert petition.now(broadcast).state == "paused"


def test_a_planned_one_is_cancelled_before_anybody_was_told(petition: PetitionDatabase) -> None:
    at = datetime(2030, 3, 1, 12, 0, tzinfo=UTC)
    broadcast = petition.begins(kind=Kind.UPDATE, starts_at=at, expected=SIGNERS)
    result = call("cancel", broadcast.id.hex(), typed="y\n")
    assert "it would begin on 1 March 2030, 13:00" in said(result)
    assert "An admin can tell them" not in result.output
    assert petition.now(broadcast).state == "cancelled"


def test_what_cannot_be_done_is_said_with_the_reason(petition: PetitionDatabase) -> None:
    broadcast = petition.begins()
    assert "is running. That needs one that is: paused." in refused(call("resume", "--yes"))
    call("pause", "--yes")
    assert "is paused. That needs one that is: running." in refused(call("pause", "--yes"))
    call("cancel", "--yes")
    assert "No broadcast is under way" in refused(call("pause", "--yes"))
    sentence = refused(call("resume", "latest", "--yes"))
    assert "is cancelled. That needs one that is: paused." in sentence
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


@on_both
def test_what_was_sent_is_recalled_after_a_question(petition: PetitionDatabase) -> None:
    broadcast = petition.begins()
    petition.tells(broadcast, SIGNERS, Outcome.DELIVERED)
    short = broadcast.id.hex()[:8]
    result = call("recall", typed="n\n")
    assert (
        f"Recall the broadcast {short} (the closing message) for good? (It is deleted from 6 "
        in said(result)
    )
    assert "send those people the right one afterwards, with /broadcast)" in result.output
    assert petition.now(broadcast).recall_started_at is None
    outcome = said(call("recall", typed="y\n"))
    assert (
        f"The broadcast {short} (the closing message) is being recalled from 6 chats." in outcome
    )
    assert petition.now(broadcast).is_recalling
    assert petition.audited()[0].action == "broadcast_recall"
    assert "is recalled. That needs" in refused(call("recall", short, "--yes"))


def test_what_is_under_way_is_not_recalled(petition: PetitionDatabase) -> None:
    petition.begins()
    sentence = refused(call("recall", "--yes"))
    assert "is running. That needs one that is: finished, stopped, cancelled." in sentence
    assert "finished, stopped, cancelled" in sentence


def test_what_reached_nobody_is_not_recalled(petition: PetitionDatabase) -> None:
    petition.tells(petition.begins(), SIGNERS, Outcome.UNREACHABLE)
    assert "or there are none to delete" in refused(call("recall", "--yes"))


def test_what_is_too_old_is_not_recalled(petition: PetitionDatabase) -> None:
    petition.tells(petition.begins(), SIGNERS, Outcome.DELIVERED)
    two_days = int(timedelta(hours=48).total_seconds() * 1000)
    older = Statement("UPDATE broadcasts SET ended_at = ended_at - :by", {"by": two_days})
    petition.do(lambda storage: storage.database.write(older))
    assert "Telegram lets a bot delete messages for 48 hours" in refused(call("recall", "--yes"))
