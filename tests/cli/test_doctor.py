"""Tests that `petition-bot doctor` finds what is wrong with an installation, and explains it."""

import asyncio
import json
from pathlib import Path
from threading import Event

import pytest
from typer.testing import CliRunner, Result

from bot.backup import Manifest, read_manifest
from bot.cli import doctor_database_and_backup
from bot.cli.main import app
from simulator import Simulator
from storage.durability import Durability
from storage.keyring import Keyring
from tests.cli.ailments import (
    AILMENTS,
    WITHOUT_DATABASE,
    Ailment,
    Installation,
)
from tests.cli.petition_database import PetitionDatabase, on_both
from tests.cli.test_in_spanish import says
from tests.support.api_client import TOKEN
from tests.support.postgres_server import PostgresServer


@pytest.fixture
def installation(
    tmp_path: Path,
    petition: PetitionDatabase,
    key: Path,
    sim: Simulator,
    monkeypatch: pytest.MonkeyPatch,
) -> Installation:
    return Installation(tmp_path, petition, sim, monkeypatch)


async def typed(*arguments: str) -> Result:
    """Runs the command beside the simulator."""
    return await asyncio.to_thread(CliRunner().invoke, app, ["doctor", *arguments])


async def not_fine(code: int) -> dict[str, str]:
    """What a program reads of what is not fine."""
    result = await typed("--json")
    assert result.exit_code == code, result.output
    assert TOKEN not in result.output
    found = json.loads(result.output)
    bad = {name: level for name, level in found["checks"].items() if level != "fine"}
    levels = ("broken", "mend", "unknown", "fine")
    assert found["worst"] == min((*bad.values(), "fine"), key=levels.index)
    assert code == {"broken": 78, "fine": 0}.get(found["worst"], 1)
    return bad


@on_both
async def test_where_all_is_well_it_says_what_it_looked_at_and_changes_nothing(
    installation: Installation, kind: str
) -> None:
    before = files_in(installation.folder)
    # The server of the tests need not survive a power cut.
    expected = {"durability": "mend"} if kind == "postgres" else {}
    assert await not_fine(len(expected)) == expected
    result = await typed()
    assert ("All is well." in result.output) is (kind == "sqlite")
    assert "token: Telegram knows it: it is that of @" in result.output
    assert "signatures: The database has 6 signatures." in result.output
    assert "running: A bot runs for the petition." in result.output
    made = "backup: Its file is whole, and was made with the key of the settings"
    assert f"{made}: {installation.backup}" in result.output
    assert len(result.output.splitlines()) == 20 + (kind == "postgres")
    assert files_in(installation.folder) == before


def files_in(folder: Path) -> dict[Path, bytes]:
    return {each: each.read_bytes() for each in folder.rglob("*") if each.is_file()}


@pytest.mark.parametrize("ailments", AILMENTS.values(), ids=AILMENTS)
async def test_what_is_wrong_is_found_alone_and_explained_in_both_languages(
    installation: Installation, ailments: list[Ailment]
) -> None:
    expected: dict[str, str] = {}
    for breaks, found, _ in ailments:
        await asyncio.to_thread(breaks, installation)
        expected |= found
    assert await not_fine(78 if "broken" in expected.values() else int(expected != {})) == expected
    said = (await typed()).output
    assert [sentence for *_, sentence in ailments if sentence not in said] == []
    installation.patch.setenv("LC_ALL", "es_ES.UTF-8")
    await asyncio.to_thread(says, "doctor")


async def test_without_any_settings_or_with_unreadable_ones_every_check_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PETITION_API_URL", "http://127.0.0.1:9")
    bare = await not_fine(78)
    assert (bare["settings"], bare["key"], bare["token"]) == ("broken", "broken", "unknown")
    for content in (b"PETITION_PROXY=\xff", b"PETITION_KEY_FILE=a\0b"):
        (tmp_path / ".env").write_bytes(content)
        unreadable = await not_fine(78)
        assert unreadable.pop("settings") == "broken"
        assert set(unreadable.values()) == {"unknown"}
        assert len(unreadable) == 17
    assert files_in(tmp_path).keys() == {tmp_path / ".env"}


async def test_after_setting_up_and_before_the_first_start_all_is_well(
    installation: Installation, tmp_path: Path
) -> None:
    folder = tmp_path / "new"
    folder.mkdir(mode=0o700)
    Keyring.generate(folder / "petition.key")
    installation.set("KEY_FILE", str(folder / "petition.key"))
    installation.set("DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path / 'data' / 'new.db'}")
    assert await not_fine(0) == {}
    assert "signatures: The petition has not begun yet." in (await typed()).output
    assert not (tmp_path / "data" / "new.db").exists()


async def test_a_backup_is_read_where_it_was_made(
    installation: Installation, tmp_path: Path
) -> None:
    installation.patch.chdir(tmp_path)
    await asyncio.to_thread(CliRunner().invoke, app, ["backup", "now.backup"])
    said = f"made with the key of the settings: {tmp_path / 'now.backup'}"
    assert said in (await typed()).output


async def test_a_backup_on_a_disk_that_hangs_keeps_nobody(installation: Installation) -> None:
    answers = Event()

    def read(path: Path) -> Manifest:
        assert answers.wait(10), "doctor waits for it"
        return read_manifest(path)

    installation.patch.setattr(doctor_database_and_backup, "read_manifest", read)
    installation.patch.setattr(doctor_database_and_backup, "_FILE_SECONDS", 0)
    result = await typed()
    answers.set()
    assert "backup: Its file takes too long to read: db2:" in result.output
    assert result.exit_code == 1


async def test_a_bug_while_a_backup_is_read_is_told_as_one(installation: Installation) -> None:
    def read(_: Path) -> Manifest:
        raise ZeroDivisionError

    installation.patch.setattr(doctor_database_and_backup, "read_manifest", read)
    assert "(ZeroDivisionError)" in (await typed()).output


@pytest.mark.parametrize("kind", ["postgres"], indirect=True)
async def test_a_standby_that_every_commit_waits_for_and_that_is_away_is_found(
    installation: Installation, postgres_server: PostgresServer, kind: str
) -> None:
    def execute(*statements: str) -> None:
        for each in (*statements, "SELECT pg_reload_conf()"):
            postgres_server.execute(each)

    await asyncio.to_thread(execute, "ALTER SYSTEM SET synchronous_standby_names = 'ANY 2 (a)'")
    try:
        found = {"durability": ""}
        while found["durability"] != "broken":  # the server takes a moment to read its settings
            found = json.loads((await typed("--json")).output)["checks"]
        said = (await typed()).output
    finally:
        await asyncio.to_thread(execute, "ALTER SYSTEM RESET synchronous_standby_names")
    assert "The database waits for its standby (needed: 2; in step: 0)" in said


@pytest.mark.parametrize("kind", ["postgres"], indirect=True)
@pytest.mark.parametrize(
    ("found", "level", "sentence"),
    [
        (Durability(True, False, 0, 0, is_named=False), "fine", "There is no standby ("),
        (Durability(True, True, 1, 1, is_named=True), "fine", "once the standby has it.\n"),
        (Durability(True, True, 1, 1, is_named=False), "fine", "add ?target_session_attrs="),
        (Durability(False, True, 1, 1, is_named=True), "mend", "A power cut loses signatures"),
        (Durability(True, False, 0, 0, is_named=True), "mend", "goes on without its standby: pe"),
        (Durability(True, False, 1, 1, is_named=False), "mend", "set synchronous_commit to on"),
        (Durability(True, True, 1, None, is_named=True), "mend", "GRANT pg_read_all_stats TO"),
        (Durability(True, True, 1, 0, is_named=True), "broken", "nobody can sign meanwhile"),
    ],
)
async def test_what_the_server_waits_for_is_explained_in_both_languages(
    installation: Installation, found: Durability, level: str, sentence: str, kind: str
) -> None:
    async def durability_of(_: str) -> Durability:
        return found

    installation.patch.setattr("bot.cli.doctor_database_and_backup.durability_of", durability_of)
    checks = json.loads((await typed("--json")).output)["checks"]
    assert checks["durability"] == level
    assert sentence in (await typed()).output
    installation.patch.setenv("LC_ALL", "es_ES.UTF-8")
    await asyncio.to_thread(says, "doctor")


async def test_a_damaged_database_is_told(installation: Installation) -> None:
    installation.database.write_bytes(b"no database" * 1000)
    assert await not_fine(78) == {"database": "broken"} | WITHOUT_DATABASE
    assert "The database file is damaged" in (await typed()).output


@pytest.mark.parametrize("kind", ["postgres"], indirect=True)
async def test_a_server_that_is_away_hides_nothing_else(
    installation: Installation, kind: str
) -> None:
    installation.set("DATABASE_URL", "postgresql+asyncpg://bot:hunter2@127.0.0.1:9/petition")
    assert await not_fine(78) == {"database": "broken"} | WITHOUT_DATABASE
    result = await typed()
    assert "PostgreSQL cannot be reached at postgresql+asyncpg://127.0.0.1:9" in result.output
    assert "hunter2" not in result.output
    for impossible in ("a..b", "a%00b", "a:b"):
        installation.set("DATABASE_URL", f"postgresql+asyncpg://bot:hunter2@{impossible}/petition")
        result = await typed()
        assert (
            "database: The host, the port or an option in PETITION_DATABASE_URL cannot be"
            in result.output
        )
        assert "hunter2" not in result.output
