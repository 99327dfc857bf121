"""Tests that the list reaches those who hold a key, and that nothing of it is left otherwise."""

import asyncio
import json
import shlex
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pyrage
import pytest

from bot.cli import export
from bot.export import ListFormat
from bot.export.signature_list import Pages, pages_of
from bot.high_water_mark import HighWaterMark
from storage.errors import Unavailable
from storage.exports import exported_lists
from storage.restores import record_restore
from tests.cli.petition_database import PetitionDatabase, command, on_both, refused, said
from tests.support.restores import mark_restore_repeated
from tests.support.supporters import NOON

call = partial(command, "export")

KEY = pyrage.x25519.Identity.generate()


@pytest.fixture(autouse=True)
def _recipient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PETITION_AGE_RECIPIENTS", str(KEY.to_public()))


def opened(path: Path) -> bytes:
    plain: bytes = pyrage.decrypt(path.read_bytes(), [KEY])
    return plain


def exported(petition: PetitionDatabase) -> list[tuple[int, int]]:
    """How many each list that was written has with their names, and how many without."""
    return [(each.with_name, each.without_name) for each in petition.read(exported_lists)]


@on_both
def test_who_holds_the_key_reads_the_list(petition: PetitionDatabase, tmp_path: Path) -> None:
    petition.sql("UPDATE signatures SET name_sealed = NULL WHERE number = 2")
    petition.sql("UPDATE petitions SET closed_signatures = 7")
    file = tmp_path / "list.json.age"
    told = said(call("--output", str(file)))
    assert b"Persona" not in file.read_bytes()
    assert file.stat().st_mode & 0o777 == 0o600
    listed = json.loads(opened(file))
    assert [each["name"] for each in listed["signatures"]] == [
        f"Persona {n}" for n in (1, 3, 4, 5, 6)
    ]
    assert listed["counts"] == {
        "at_closing": 7,
        "withdrawn_since": 1,
        "invalidated_since": 0,
        "counted": 6,
        "with_name": 5,
        "without_name": 1,
    }
    written = told.splitlines()
    assert written.pop(2) == f"List {listed['id']}."
    assert written == [
        "6 signatures: 5 with their name and 1 counted without it.",
        "7 at the closing, 1 withdrawn and 0 invalidated since.",
        f"{file} is encrypted. Open it on the computer that has the key:",
        "    age --decrypt -i key.txt -o list.json list.json.age",
    ]
    assert exported(petition) == [(5, 1)]
    assert [(each.action, each.detail) for each in petition.audited()] == [
        ("export", f"{listed['id']} json encrypted")
    ]
    petition.sql("UPDATE petitions SET closed_at = NULL, closed_signatures = NULL")
    told = said(call("--output", str(tmp_path / "early.json.age")))
    assert told.splitlines()[1].startswith("The petition is open: the list that is handed over is")


def test_of_a_copy_that_was_put_back_nothing_is_written_before_the_bot_has_brought_it_up_to_date(
    petition: PetitionDatabase, tmp_path: Path
) -> None:
    # Whoever withdrew after the copy was made is back in it, with the name.
    file = tmp_path / "list.json.age"
    mark = HighWaterMark(tmp_path / "petition.key", petition.url, "andry")
    mark.path.write_text("7 0\n\n\n")
    assert "ends at signature 6, and 7 were given" in refused(call("--output", str(file)))
    mark.path.write_text("6 0\n\n\n")
    # As of the other petitions in a restored database.
    petition.write(record_restore, made_at=None, at=NOON)
    assert "Start its bot first" in refused(call("--output", str(file)))
    assert not file.exists()
    petition.write(mark_restore_repeated, at=NOON, lost=0)
    said(call("--output", str(file)))


@pytest.mark.parametrize("kind_of_list", ListFormat)
def test_no_name_is_on_the_disk_in_any_format(
    petition: PetitionDatabase,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind_of_list: ListFormat,
) -> None:
    def refuse(*_: object, **__: object) -> None:
        pytest.fail("a temporary file")

    for name in ("mkstemp", "TemporaryFile", "NamedTemporaryFile", "SpooledTemporaryFile"):
        monkeypatch.setattr(tempfile, name, refuse)
    file = tmp_path / "list.age"
    said(call("--format", kind_of_list, "--output", str(file)))
    # A workbook is compressed; what is in it is shown by the tests of formats.
    assert kind_of_list is ListFormat.XLSX or b"Persona 3" in opened(file)
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert file in written
    assert not [path for path in written if b"Persona" in path.read_bytes()]


def test_where_nobody_gives_a_name_a_number_is(petition: PetitionDatabase, tmp_path: Path) -> None:
    petition.sql("UPDATE signatures SET name_sealed = NULL")
    file = tmp_path / "list.age"
    told = said(call("--output", str(file)))
    assert told.startswith("6 signatures: no name, only the number.\n")
    assert json.loads(opened(file))["signatures"] == []
    assert exported(petition) == [(0, 6)]


class TestNothingIsLeft:
    """Neither a part of the list, nor an export that says somebody has it."""

    @pytest.fixture
    def refuses(self, petition: PetitionDatabase, tmp_path: Path) -> Callable[[], str]:
        def refused_and_gone() -> str:
            sentence = refused(call("--output", str(tmp_path / "out" / "list.age")))
            assert list((tmp_path / "out").iterdir()) == []
            assert exported(petition) == []
            assert petition.audited()[0].action == "export_failed"
            return sentence

        (tmp_path / "out").mkdir()
        return refused_and_gone

    def test_where_a_name_cannot_be_decrypted(
        self, petition: PetitionDatabase, refuses: Callable[[], str]
    ) -> None:
        petition.sql("UPDATE signatures SET name_sealed = chat_sealed WHERE number IN (2, 5)")
        assert "these names cannot be decrypted: 2, 5. If" in refuses()

    def test_where_a_signature_is_missing(
        self, refuses: Callable[[], str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def damaged(*listed: Any) -> Pages:
            async for page in pages_of(*listed):
                yield page[1:]

        monkeypatch.setattr("bot.cli.export.pages_of", damaged)
        assert "The database is damaged: 5 ≠ 6." in refuses()

    def test_on_a_full_disk(
        self, refuses: Callable[[], str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("storage.private_files.os.fsync", full)
        assert refuses().endswith("list.age cannot be written: No space left on device.\n")

    @pytest.mark.parametrize("steps", [["finish_export"], ["finish_export", "discard_export"]])
    def test_where_the_database_goes_away_at_the_end(
        self,
        petition: PetitionDatabase,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        steps: list[str],
    ) -> None:
        def away(*_: object, **__: object) -> None:
            raise Unavailable("The database is away.")

        for step in steps:
            monkeypatch.setattr(export, step, away)
        assert "The database is away." in refused(call("--output", str(tmp_path / "list.age")))
        assert not list(tmp_path.glob("list*"))
        assert exported(petition) == []

    def test_where_nobody_signed(
        self, petition: PetitionDatabase, refuses: Callable[[], str]
    ) -> None:
        petition.sql("DELETE FROM signatures")
        assert "No signature is counted" in refuses()

    @pytest.mark.parametrize("interrupt", [KeyboardInterrupt, asyncio.CancelledError])
    def test_where_it_is_interrupted(
        self,
        petition: PetitionDatabase,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        interrupt: type[BaseException],
    ) -> None:
        async def interrupted(*_: Any) -> None:
            raise interrupt

        monkeypatch.setitem(export._WRITERS, ListFormat.JSON, interrupted)
        result = call("--output", str(tmp_path / "list.age"))
        assert (result.exit_code, result.stderr) == (130, "Interrupted; nothing was written.\n")
        assert not list(tmp_path.glob("list*"))
        assert exported(petition) == []
        assert [each.action for each in petition.audited()] == ["export_failed", "export"]


def test_it_is_said_how_to_open_it(petition: PetitionDatabase, tmp_path: Path) -> None:
    for name, opened_as in (
        ("list.age", "list"),
        ("list of names.xlsx", "opened.json"),
        ("list.json.age", "list.json"),
    ):
        told = said(call("--output", str(tmp_path / name)))
        command = ["age", "--decrypt", "-i", "key.txt", "-o", opened_as, name]
        assert told.endswith(f"    {shlex.join(command)}\n")
    mistyped = refused(call("--format", "csv", "--output", str(tmp_path / "list")), 2)
    assert "for '--format': 'csv' is not one of 'xlsx', 'json'" in mistyped
