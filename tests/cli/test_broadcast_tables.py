"""Tests that an operator sees every broadcast in the shell, to its end, and no personal data."""

import io
import shutil
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rich.console import Console

from bot.cli import broadcasts
from bot.cli.context import CliContext
from bot.petition.petition import BUNDLED
from storage.broadcast_transitions import begin_broadcast, change_broadcast
from storage.broadcast_types import (
    Broadcast,
    BroadcastAction,
    Kind,
    Outcome,
    PauseReason,
    Recalled,
    StopReason,
)
from storage.conversations import Conversation, save_conversation
from storage.recalls import end_recall, record_recalled
from tests.cli.petition_database import (
    SIGNERS,
    PetitionDatabase,
    call,
    data,
    on_both,
    refused,
    said,
)
from tests.support.scene import TOKEN
from tests.support.supporters import ADMIN

HOUR = timedelta(hours=1)

FIRST, SECOND = bytes.fromhex("3f" * 16), bytes.fromhex("3f" * 4 + "aa" * 12)


def listed(monkeypatch: pytest.MonkeyPatch, *, width: int = 200) -> list[str]:
    """The lines of the list in a terminal of this width."""
    terminal = Console(file=io.StringIO(), force_terminal=True, color_system=None, width=width)
    with monkeypatch.context() as patch:
        patch.setattr("bot.console.out", terminal)
        call("list")
    assert isinstance(terminal.file, io.StringIO)
    return terminal.file.getvalue().splitlines()


def test_without_a_broadcast_that_is_said(petition: PetitionDatabase) -> None:
    assert said(call("list")) == "There is no broadcast yet.\n"
    assert data(call("list", "--json")) == []
    assert "There is no broadcast yet" in refused(call("show"))
    assert "There is no broadcast yet" in refused(call("show", "latest"))


@on_both
def test_the_newest_is_listed_first_with_its_numbers(
    petition: PetitionDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = petition.begins(FIRST, at=datetime(2026, 3, 1, 12, 0, tzinfo=UTC))
    petition.tells(old, 4, Outcome.DELIVERED)
    petition.tells(old, 2, Outcome.UNREACHABLE)
    planned = datetime(2030, 3, 1, 23, 30, tzinfo=UTC)
    petition.begins(bytes.fromhex("ab" * 16), kind=Kind.UPDATE, starts_at=planned, expected=4)
    heading, newest, oldest = listed(monkeypatch)
    columns = ["Number", "Kind", "State", "When", "People", "Delivered", "Unreachable", "Left"]
    assert heading.split() == columns
    assert "A message about this petition scheduled" in " ".join(newest.split())
    assert newest.split()[-6:] == ["2030-03-02", "00:30", "4", "0", "0", "4"]
    assert oldest.split()[:5] == ["3f3f3f3f3f3f", "The", "closing", "message", "finished"]
    assert oldest.split()[-6:] == ["2026-03-01", "13:00", "6", "4", "2", "0"]
    # An id is whole in a narrow terminal too.
    assert "3f3f3f3f3f3f" in "\n".join(listed(monkeypatch, width=40))


def test_a_beginning_is_enough_and_a_common_one_is_not(petition: PetitionDatabase) -> None:
    petition.tells(petition.begins(FIRST), SIGNERS, Outcome.DELIVERED)
    petition.begins(SECOND, kind=Kind.UPDATE)
    assert FIRST.hex() in said(call("show", "3F3F3F3F3"))
    assert SECOND.hex() in said(call("show", "3f3f3f3faa"))
    assert "2 numbers begin with “3f”" in refused(call("show", "3f"))
    assert "petition-bot broadcasts list" in refused(call("show", "77"))
    assert "0 numbers begin with" in refused(call("show", ""))


def test_what_is_under_way_goes_before_what_came_last(petition: PetitionDatabase) -> None:
    running = petition.begins(FIRST)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    planned = petition.begins(kind=Kind.UPDATE, starts_at=tomorrow)
    assert running.id.hex() in said(call("show"))
    assert planned.id.hex() in said(call("show", "latest"))
    petition.tells(running, SIGNERS, Outcome.DELIVERED)
    assert planned.id.hex() in said(call("show"))


def test_what_nobody_is_left_to_decide_on_can_only_be_cancelled(
    petition: PetitionDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the settings say who the admins are; a shell need not have those of the bot."""
    soon, people = datetime.now(UTC) + timedelta(hours=1), {"approval_above": 2, "expected": 6}
    planned = petition.begins(FIRST, starts_at=soon, confirmed_by=None, **people)
    change, approve = change_broadcast, BroadcastAction.APPROVE
    agreed = petition.write(change, approve, planned.id, ADMIN + 1, datetime.now(UTC))
    assert agreed is not None
    petition.write(begin_broadcast, agreed, soon, PauseReason.FORMER)
    for name, value in {
        "BOT_TOKEN": TOKEN,
        "APPROVAL_ABOVE": "2",
        "ADMIN_IDS": f"{ADMIN + 2},{ADMIN + 3}",
    }.items():
        monkeypatch.setenv(f"PETITION_{name}", value)
    shown = said(call("show"))
    assert "This broadcast cannot go out any more: cancel it" in shown
    assert shown.endswith("To cancel it from here: petition-bot broadcasts cancel 3f3f3f3f3f3f\n")
    monkeypatch.setenv("PETITION_ADMIN_IDS", f"{ADMIN},{ADMIN + 2}")
    assert "only another admin can let it go out" in said(call("show"))


def test_an_account_says_everything_about_a_broadcast(
    petition: PetitionDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    broadcast = petition.begins(language="es", at=began, paid=True)
    petition.tells(broadcast, 3, Outcome.DELIVERED)
    petition.tells(broadcast, 1, Outcome.UNREACHABLE)
    assert (
        said(call("show"))
        == f"""\
The closing message (paid)
  Number: {broadcast.id.hex()}
  State: running
  To: those who signed and have not received it yet and read in Spanish
  Confirmed: 1 March 2026, 13:00
  Began: 1 March 2026, 13:00
Admins read in the chat:
  Sending the closing message…

  ▰▰▰▰▰▰▰▰▱▱▱▱  66%
  4 of 6

  Delivered: 3
  Unreachable: 1
  Unconfirmed: 0
  Still to go: 2
"""
    )
    waiting = "State: running, waits for the bot; if that is not running, petition-bot run goes"
    assert waiting not in said(call("show"))
    petition.is_left_alone()
    assert waiting in said(call("show"))
    found = data(call("show", "--json"))
    read = ("kind", "state", "attended", "paid", "recipients", "recipients_known", "pending")
    assert [found[each] for each in read] == ["closing", "running", False, True, 6, True, 2]
    assert data(call("list", "--json")) == [found]
    # Whether it is to be cancelled is asked of an admin, and not here.
    petition.sql("UPDATE broadcasts SET state = 'paused', cancel_requested_at = 0")
    assert "?" not in said(call("show"))


def test_every_moment_and_outcome_of_one_that_is_over_is_said(petition: PetitionDatabase) -> None:
    """A breach's notice, which also goes to who wants no messages, and tells not everybody."""
    asked = petition.begins(FIRST, kind=Kind.BREACH, needs_approval=True)
    shown = said(call("show", "3f3f"))
    assert "State: scheduled\n" in shown
    assert "If nobody approves it before" in shown
    assert "another admin:" not in shown
    assert "Asked for: " in shown
    assert "Confirmed: " not in shown
    broadcast = petition.approves(asked)
    others = (Outcome.UNCONFIRMED, Outcome.REJECTED, Outcome.FORBIDDEN, Outcome.UNREACHABLE)
    for outcome in (Outcome.DELIVERED, *others):
        petition.tells(broadcast, 1, outcome)
    assert "not_told" not in data(call("show", "--json"))
    petition.people(lambda people: people.withdraw(6))
    begun = Conversation(petition.supporter(7), name="Bea", version=1)
    petition.write(save_conversation, begun, was=0, at=datetime.now(UTC))
    noon = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    moments = ("created_at", "starts_at", "started_at", "ended_at")
    at = {name: int((noon + n * HOUR).timestamp() * 1000) for n, name in enumerate(moments)}
    change = ", ".join(f"{name} = :{name}" for name in moments)
    petition.sql(f"UPDATE broadcasts SET state = 'finished', {change}", **at)  # noqa: S608
    shown, _, in_the_chat = said(call("show")).partition("Admins read in the chat:\n")
    assert (
        shown
        == f"""\
A notice of a security breach
  Number: {broadcast.id.hex()}
  State: finished
  To: everyone who signed, also those who asked not to be written to
  Confirmed: 1 March 2026, 13:00
  Planned for: 1 March 2026, 14:00
  Began: 1 March 2026, 15:00
  Ended: 1 March 2026, 16:00
"""
    )
    for told in ("Signature withdrawn: 1", "to 4 people who signed", "1 more person wrote"):
        assert told in in_the_chat
    found = data(call("show", "--json"))
    outcomes = ("unreachable", "unconfirmed", "rejected", "forbidden", "withdrawn", "sending")
    assert [found[each] for each in outcomes] == [1, 1, 1, 1, 1, 0]
    assert found["not_told"] == 4
    assert [found[each] for each in moments] == [
        f"2026-03-01T1{hour}:00:00.000Z" for hour in (2, 3, 4, 5)
    ]


def test_why_one_waits_or_has_stopped_is_said_as_in_the_chat(petition: PetitionDatabase) -> None:
    broadcast = petition.begins()
    petition.write(change_broadcast, BroadcastAction.PAUSE, broadcast.id, None, datetime.now(UTC))
    denied, stopped = PauseReason.DENIED, StopReason.CONTENT
    for why, words in (
        ({"pause_reason": denied, "reason_detail": "Error 7"}, "has answered “Error 7” to every"),
        ({"state": "stopped", "stop_reason": stopped}, "does not accept the message: Error 7"),
    ):
        change = ", ".join(f"{name} = :{name}" for name in why)
        petition.sql(f"UPDATE broadcasts SET {change}", **why)  # noqa: S608
        assert words in said(call("show"))
        found = data(call("show", "--json"))
        assert {name: found[name] for name in why} == why
    assert f"Still to go: {SIGNERS}" in said(call("show"))


def test_a_recall_is_part_of_the_account(petition: PetitionDatabase) -> None:
    broadcast = petition.begins()
    petition.tells(broadcast, SIGNERS, Outcome.DELIVERED)
    petition.write(
        change_broadcast, BroadcastAction.RECALL, broadcast.id, ADMIN, datetime.now(UTC)
    )
    petition.write(record_recalled, broadcast.id, Recalled.DELETED, [1, 2])
    petition.write(record_recalled, broadcast.id, Recalled.FAILED, [3])
    recall = data(call("show", "--json"))["recall"]
    assert {name: recall[name] for name in ("total", "deleted", "failed", "open")} == {
        "total": 6,
        "deleted": 2,
        "failed": 1,
        "open": 3,
    }
    shown = said(call("show"))
    assert "State: finished\n" in shown
    assert "  Taking the messages back…\n\n  ▰▰▰▰▰▰▱▱▱▱▱▱  50%\n  3 of 6\n" in shown
    petition.is_left_alone()
    assert "State: finished, waits for the bot" in said(call("show"))
    petition.write(end_recall, broadcast.id, datetime.now(UTC), unrecorded=3)
    shown = said(call("show"))
    for fact in ("Taken back from 2 chats.", "In 1 chat it", "For 3 chats it is not"):
        assert fact in shown


def test_nothing_that_is_printed_is_about_a_person(petition: PetitionDatabase) -> None:
    broadcast = petition.begins(FIRST, progress=(ADMIN, 4711), source_chat=998_877_665)
    petition.tells(broadcast, 3, Outcome.DELIVERED)
    printed = "".join(
        call(*arguments).output
        for arguments in (
            ("list",),
            ("list", "--json"),
            ("show",),
            ("show", "--json"),
            ("pause", "--yes"),
        )
    )
    for secret in (f"{ADMIN},", f" {ADMIN}\n", "4711", "998877665", "canar", "1001"):
        assert secret not in printed


@on_both
def test_looking_into_the_database_of_another_petition_writes_nothing(
    petition: PetitionDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    shutil.copytree(BUNDLED, other)
    described = (other / "petition.toml").read_text()
    (other / "petition.toml").write_text(described.replace('"andry"', '"otra"'))
    monkeypatch.setenv("PETITION_FOLDER", str(other))
    tables = ("petitions", "telegram_cache")
    before = [petition.sql(f"SELECT * FROM {each}") for each in tables]  # noqa: S608
    assert "no data of this petition" in refused(call("list"))
    assert [petition.sql(f"SELECT * FROM {each}") for each in tables] == before  # noqa: S608


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broadcasts, "SECONDS_BETWEEN_LOOKS", 0.1)


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

    monkeypatch.setattr(broadcasts, "read_snapshot", interrupted)
    result = call("show", "--follow")
    assert result.exit_code == 130
    assert "the broadcast goes on" in result.stderr
    assert petition.now(broadcast).state == "running"
