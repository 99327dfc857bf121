"""Tests that nobody is thanked once the database file of a running bot is removed or replaced."""

import asyncio
import filecmp
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from storage.errors import DatabaseReplaced
from storage.sqlite import SqliteDatabase
from storage.sqlite_connection import Job
from tests.support.raw_sql import read_sql, write_sql

INSERT = "INSERT INTO petitions (slug) VALUES (:slug)"


@pytest.fixture
def path(sqlite_template: Path, tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    return Path(shutil.copy(sqlite_template, tmp_path / "data" / "petition.db"))


@pytest.fixture
async def database(path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SqliteDatabase]:
    monkeypatch.setattr("storage.sqlite._BUSY_MILLISECONDS", 300)
    opened = await SqliteDatabase(path).open()
    await write_sql(opened, INSERT, slug="before")
    yield opened
    await opened.close()


def removed(file: Path) -> None:
    file.unlink()


def replaced(file: Path) -> None:
    shutil.copy(file, file.with_name("copy"))
    file.with_name("copy").replace(file)


def moved(file: Path) -> None:
    file.parent.rename(file.parent.with_name("elsewhere"))
    file.parent.mkdir()


HARMS = pytest.mark.parametrize("harm", [removed, replaced, moved])
FILES = pytest.mark.parametrize("suffix", ["", "-wal"])


@HARMS
@FILES
async def test_whoever_writes_is_not_told_that_it_is_kept(
    database: SqliteDatabase, path: Path, harm: Callable[[Path], None], suffix: str
) -> None:
    """Nor is who asks again shown what was written after all."""
    database.require_files()
    harm(path.with_name(path.name + suffix))
    results = await asyncio.gather(
        *[write_sql(database, INSERT, slug=f"p{n}") for n in range(3)], return_exceptions=True
    )
    assert [type(result) for result in results] == [DatabaseReplaced] * 3
    with pytest.raises(DatabaseReplaced):
        await read_sql(database, "SELECT slug FROM petitions")
    with pytest.raises(DatabaseReplaced, match=f"{path.name}(-wal)? was removed or replaced"):
        database.require_files()


@HARMS
@FILES
async def test_nor_is_who_writes_in_the_very_moment(
    database: SqliteDatabase,
    path: Path,
    harm: Callable[[Path], None],
    suffix: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    commit = database._writer.commit

    def and_then_harm(group: list[Job]) -> None:
        commit(group)
        harm(path.with_name(path.name + suffix))

    monkeypatch.setattr(database._writer, "commit", and_then_harm)
    with pytest.raises(DatabaseReplaced):
        await write_sql(database, INSERT, slug="meanwhile")


async def test_a_backup_that_is_put_in_its_place_stays_as_it_was_made(
    database: SqliteDatabase, path: Path, sqlite_template: Path
) -> None:
    shutil.move(shutil.copy(sqlite_template, f"{path}.backup"), path)
    assert await database._log.truncate() is False
    assert filecmp.cmp(path, sqlite_template, shallow=False)


async def test_before_anything_was_written_there_is_one_file_to_look_at(path: Path) -> None:
    database = await SqliteDatabase(path).open()
    database.require_files()
    removed(path)
    with pytest.raises(DatabaseReplaced):
        database.require_files()
    await database.close()


async def test_a_transaction_that_writes_nothing_is_answered(path: Path) -> None:
    database = await SqliteDatabase(path).open()
    for _ in range(2):
        assert await write_sql(database, "DELETE FROM petitions WHERE slug = 'nobody'") == []
    await database.close()


async def test_what_changes_within_the_files_is_nobodys_doing_but_ours(
    database: SqliteDatabase,
) -> None:
    await write_sql(database, INSERT, slug="after")
    await read_sql(database, "SELECT 1")
    database.require_files()
