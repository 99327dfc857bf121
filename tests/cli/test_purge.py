"""Tests that an operator erases what is due knowingly, and only that."""

import asyncio
import io
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console

from bot import retention
from bot.retention import Erasure
from storage import Storage
from storage.handovers import record_handover
from tests.cli.petition_database import (
    PetitionDatabase,
    TelegramDate,
    command,
    on_both,
    refused,
    said,
)
from tests.support.storage_calls import Proceed, call_instead

# Months are longer than this, and not two of them.
A_MONTH = timedelta(days=40)

pytestmark = pytest.mark.usefixtures("telegram")


ZONE = ZoneInfo("Europe/Madrid")  # the petition's: its day begins before that of UTC


call = partial(command, "purge")


def signed(petition: PetitionDatabase, ago: timedelta, *, from_number: int = 1) -> None:
    """They signed so long ago, from this number on."""
    at = int((datetime.now(UTC) - ago).timestamp() * 1000)
    sql = "UPDATE signatures SET signed_at = :at WHERE number >= :n"
    petition.sql(sql, at=at, n=from_number)


def delivered(petition: PetitionDatabase, ago: timedelta, noted: timedelta = timedelta()) -> None:
    async def recorded(storage: Storage) -> None:
        now = datetime.now(ZONE)
        await storage.write(record_handover, (now - ago).date(), at=now - noted)

    petition.do(recorded)


def left(petition: PetitionDatabase) -> int:
    sql = "SELECT COUNT(*) AS people FROM signatures"
    rows = petition.sql(sql)
    return int(rows[0]["people"])


@on_both
def test_what_is_due_is_counted_before_it_is_asked_and_erased(petition: PetitionDatabase) -> None:
    signed(petition, timedelta(days=10), from_number=3)
    text = said(call("--dry-run"))
    assert "Due: 2 signatures." in text
    assert "2 because nothing is kept for more than 21 months after it was signed." in text
    assert "Nobody has told 2 of them how the petition ended." in text
    assert "An admin can, with /broadcast." in text
    assert "are kept" not in text
    refusal = said(call(typed="n\n"))
    assert "Erase 2 signatures for good? Only their counts remain." in refusal
    assert "Nothing was erased." in refusal
    assert left(petition) == 6
    result = said(call(typed="y\n"))
    assert "Signatures erased: 2. The petition's count is still 6." in result
    assert left(petition) == 4
    newest = petition.audited()[0]
    assert (newest.action, newest.detail, newest.actor) == ("purge", "2", None)
    text = said(call("--yes"))
    assert text == "No signature is due.\n"
    assert left(petition) == 4


def test_who_was_not_told_is_kept_for_the_admins_to_tell_them(petition: PetitionDatabase) -> None:
    signed(petition, 2 * A_MONTH)
    delivered(petition, A_MONTH)
    muted = "UPDATE signatures SET muted_at = 1 WHERE number = 1"
    petition.sql(muted)
    text = said(call("--yes"))
    assert "Due: 6 signatures." in text
    assert "6 because it is 1 month or more since the petition was handed over, on" in text
    assert "5 of those are kept until " in text
    assert "Signatures erased: 1." in text
    assert left(petition) == 5
    text = said(call("--yes"))
    assert text.endswith("so that they can be told.\n")
    assert left(petition) == 5
    signed(petition, 25 * A_MONTH)
    assert "Signatures erased: 5. The petition's count is still 6." in said(call("--yes"))
    assert said(call()) == "No signature is due.\n"


def test_an_open_petition_has_to_be_closed_first(petition: PetitionDatabase) -> None:
    opened = "UPDATE petitions SET closed_at = NULL"
    petition.sql(opened)
    assert "An admin can, with /close, and then /broadcast." in said(call("--dry-run"))


def test_ctrl_c_brings_nobody_back(
    petition: PetitionDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.retention.PORTION", 4)

    async def stopped(erase: Proceed, erasure: Erasure, after: int, **given: Any) -> object:
        if after:
            raise KeyboardInterrupt
        return await erase(erasure, after, **given)

    call_instead(monkeypatch, retention._erase_next, stopped)
    drawn = Console(file=io.StringIO(), force_terminal=True, color_system=None, width=80)
    monkeypatch.setattr("bot.console.out", drawn)
    result = call("--yes")
    assert isinstance(drawn.file, io.StringIO)
    assert "Erasing" in drawn.file.getvalue()
    assert "4/6" in drawn.file.getvalue()
    assert result.exit_code == 130
    assert "You have stopped it; what was erased stays erased." in result.stderr
    assert left(petition) == 2
    assert petition.audited()[0].detail == "4"


@pytest.mark.parametrize("undone_after", [0, 4])
def test_a_handover_that_is_undone_meanwhile_ends_the_erasing(
    petition: PetitionDatabase, monkeypatch: pytest.MonkeyPatch, undone_after: int
) -> None:
    """It was noted with a wrong day, and a colleague undoes it in another terminal."""
    monkeypatch.setattr("bot.retention.PORTION", 4)
    signed(petition, 2 * A_MONTH)
    delivered(petition, A_MONTH)
    petition.sql("UPDATE signatures SET muted_at = 1")

    async def undone(erase: Proceed, erasure: Erasure, after: int, **given: Any) -> object:
        if after == undone_after:
            undoing = "UPDATE handovers SET undone_at = recorded_at"
            await asyncio.to_thread(petition.sql, undoing)
        return await erase(erasure, after, **given)

    call_instead(monkeypatch, retention._erase_next, undone)
    assert f"Signatures erased: {undone_after}." in said(call("--yes"))
    assert left(petition) == 6 - undone_after


def test_where_telegram_says_another_day_or_nothing_nobody_is_erased(
    petition: PetitionDatabase, telegram: TelegramDate
) -> None:
    signed(petition, timedelta(days=10), from_number=3)
    for telegram.days_ahead in (-730, -2, 2, None):
        for typed in (("--yes",), ()):
            refusal = refused(call(*typed, typed="y\n"))
            assert "Nothing was erased." in refusal
            why = "does not answer" if telegram.days_ahead is None else "Set the machine"
            assert why in refusal
        said(call("--dry-run"))
    assert left(petition) == 6
    signed(petition, timedelta(days=10))
    assert said(call()) == "No signature is due.\n", "so Telegram is not asked"
