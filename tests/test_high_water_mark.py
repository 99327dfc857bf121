"""Tests that the bot does not start on a database that has lost signatures."""

import asyncio
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from stat import S_ISDIR
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import pytest

from bot.high_water_mark import HighWaterMark, highest_reached, petition_signed_with
from storage import open_storage
from storage.database import parse_address, without_password
from storage.errors import BrokenData, DatabaseBehind
from storage.keyring import Keyring
from storage.petitions import Reached
from storage.private_files import write_file
from storage.sqlite import SqliteDatabase
from tests.support.raw_sql import Statement, write_all, write_sql

SLUG = "andry"
FLAG = re.escape("petition-bot run --restored-backup")


@pytest.fixture
def database(sqlite_template: Path, tmp_path: Path) -> Path:
    """A database whose six signatures are still in its write-ahead log, as after a kill."""
    folder = tmp_path / "da ta#%41"
    folder.mkdir()
    path = Path(shutil.copy(sqlite_template, folder / "petition.db"))
    asyncio.run(sign(path))
    return path


async def sign(path: Path) -> None:
    opened = await SqliteDatabase(path).open()
    insert = "INSERT INTO petitions (slug, last_number) VALUES (:slug, 0)"
    for slug in (SLUG, "another"):
        await write_sql(opened, insert, slug=slug)
    for number in range(1, 7):
        values: dict[str, Any] = {"slug": SLUG, "number": number}
        await write_sql(
            opened, "UPDATE petitions SET last_number = :number WHERE slug = :slug", **values
        )
    killed = {each: each.read_bytes() for each in path.parent.iterdir()}
    await opened.close()
    for file, content in killed.items():
        file.write_bytes(content)


@pytest.fixture
def key(tmp_path: Path) -> Path:
    folder = tmp_path / "keys"
    folder.mkdir()
    return folder / "petition.key"


def mark(key: Path, database: Path, slug: str = SLUG) -> HighWaterMark:
    return HighWaterMark(key, f"sqlite+aiosqlite:///{database}", slug)


def log_of(database: Path) -> Path:
    return database.with_name(f"{database.name}-wal")


def corrupt_log(database: Path) -> None:
    """As a disk does it: one bit of an early frame."""
    log = bytearray(log_of(database).read_bytes())
    log[32 + 24 + 100] ^= 1
    log_of(database).write_bytes(log)


def lose_file(database: Path) -> None:
    database.unlink()


def overwrite(database: Path) -> None:
    log_of(database).unlink()
    database.write_bytes(b"not a database at all" * 100)


def put_older_copy(database: Path) -> None:
    """A copy from before: the file as it is, without what stands in its log."""
    log_of(database).unlink()
    shutil.copy(database, database.with_name("older"))
    database.with_name("older").replace(database)


@pytest.mark.parametrize(
    "lose",
    [
        corrupt_log,
        lambda database: log_of(database).unlink(),
        lose_file,
        lambda database: database.write_bytes(b""),
        put_older_copy,
    ],
    ids=["log corrupt", "log lost", "file lost", "file empty", "older copy"],
)
async def test_what_is_lost_is_said_with_the_flag_for_a_backup_and_nothing_is_changed(
    database: Path, key: Path, lose: Callable[[Path], object]
) -> None:
    mark(key, database).raise_to(Reached(6))
    await mark(key, database).require_reached()
    lose(database)
    before = contents(database)
    with pytest.raises(DatabaseBehind, match=f"and 6 were given.*{FLAG}"):
        await mark(key, database).require_reached()
    assert contents(database) == before


def contents(database: Path) -> dict[str, bytes]:
    """What the file and its log hold; SQLite makes an empty log where there is none."""
    return {
        each.name: each.read_bytes() if each.exists() else b""
        for each in (database, log_of(database))
    }


async def test_what_people_asked_for_is_missed_too(database: Path, key: Path) -> None:
    mark(key, database).raise_to(Reached(6, 2))
    with pytest.raises(DatabaseBehind, match=f"knows 0 of the 2 times .*{FLAG}"):
        await mark(key, database).require_reached()
    opened = await SqliteDatabase(database).open()
    await write_sql(opened, "UPDATE petitions SET deeds = 2")
    await opened.close()
    await mark(key, database).require_reached()


def test_the_highest_number_is_that_of_its_own_petition(database: Path, keyring: Keyring) -> None:
    assert highest_reached(keyring, SLUG) == Reached()
    mark(keyring.path, database).raise_to(Reached(6, 3))
    mark(keyring.path, database, "another").raise_to(Reached(70))
    assert highest_reached(keyring, SLUG) == Reached(6, 3)


def test_a_bot_with_which_people_signed_is_known(database: Path, key: Path) -> None:
    url = f"sqlite+aiosqlite:///{database}"
    HighWaterMark(key, url, "another", "77").raise_to(Reached())
    for reached, signed in ((Reached(0, 1), None), (Reached(1, 1), SLUG)):
        HighWaterMark(key, url, SLUG, "7").raise_to(reached)
        assert petition_signed_with("7", key) == signed
    assert petition_signed_with("77", key) is None
    mark(key, database).raise_to(Reached(2, 1))  # a command, which is no bot
    HighWaterMark(key, url, SLUG, "8").raise_to(Reached(2, 1))
    assert [petition_signed_with(bot, key) for bot in "78"] == [SLUG, SLUG]


@pytest.mark.parametrize("begun", [True, False])
def test_a_bot_is_known_that_wrote_the_mark_in_the_moment_in_which_a_command_did(
    database: Path, key: Path, monkeypatch: pytest.MonkeyPatch, begun: bool
) -> None:
    if begun:
        mark(key, database).raise_to(Reached(1))
    of_the_bot = HighWaterMark(key, f"sqlite+aiosqlite:///{database}", SLUG, "7")
    meanwhile = Thread(target=of_the_bot.raise_to, args=(Reached(2),))

    def write(path: Path, content: bytes) -> None:
        if meanwhile.ident is None:
            meanwhile.start()
            meanwhile.join(0.2)
        write_file(path, content)

    monkeypatch.setattr("bot.high_water_mark.write_file", write)
    mark(key, database).raise_to(Reached(2))
    meanwhile.join()
    if not begun:
        of_the_bot.raise_to(Reached(2))  # at its next look, within a second
    assert petition_signed_with("7", key) == SLUG


async def test_a_mark_that_cannot_be_read_is_no_mark_of_zero(database: Path, key: Path) -> None:
    for damage in (
        *("", "6", "6\n", "six\n", "6 2 1\n", "6 2\n", "6  2\n\n\n", "-6 2\n\n\n", "٦ 2\n\n\n"),
        *("\x00\x00", "9" * 19),
    ):
        damaged = mark(key, database)
        damaged.path.write_text(damage)
        for restored in (False, True):
            with pytest.raises(DatabaseBehind, match=r"cannot be read.* run: rm ") as refused:
                await damaged.require_reached(restored=restored)
        command = str(refused.value).rpartition("run: ")[2]
        subprocess.run(shlex.split(command), check=True)  # noqa: ASYNC221, S603
        await damaged.require_reached()
        damaged.raise_to(Reached(6))
        await damaged.require_reached()


async def test_a_mark_that_may_not_be_opened_is_said(database: Path, key: Path) -> None:
    closed = mark(key, database)
    closed.path.mkdir()  # what root left cannot be opened by the bot's user either
    with pytest.raises(DatabaseBehind, match=r"cannot be read.* Is a directory\. .* run: rmdir "):
        await closed.require_reached()
    closed.path.rmdir()
    closed.path.symlink_to("nowhere")
    with pytest.raises(DatabaseBehind, match=r"cannot be read.* It is damaged\. .* run: rm "):
        await closed.require_reached()


async def test_tables_that_are_not_there_hold_no_signatures(database: Path, key: Path) -> None:
    mark(key, database).raise_to(Reached(6))
    opened = await SqliteDatabase(database).open()
    await write_all(
        opened, Statement("PRAGMA foreign_keys=OFF"), Statement("DROP TABLE petitions")
    )
    await opened.close()
    with pytest.raises(DatabaseBehind, match="ends at signature 0"):
        await mark(key, database).require_reached()


async def test_what_is_no_database_is_damaged_not_behind(database: Path, key: Path) -> None:
    mark(key, database).raise_to(Reached(6))
    overwrite(database)
    with pytest.raises(BrokenData):
        await mark(key, database).require_reached()


async def test_a_link_to_a_database_is_no_other_one(
    database: Path, key: Path, tmp_path: Path
) -> None:
    (tmp_path / "link").symlink_to(database.parent)
    mark(key, tmp_path / "link" / "petition.db").raise_to(Reached(6))
    lose_file(database)
    with pytest.raises(DatabaseBehind, match="ends at signature 0, and 6 were given"):
        await mark(key, database).require_reached()


@pytest.mark.parametrize("kind", ["postgres"])
async def test_a_backup_that_was_put_back_on_a_server_is_told_without_the_address(
    database_url: str, key: Path, keyring: Keyring
) -> None:
    storage = await open_storage(database_url, keyring, SLUG)
    await storage.close()
    behind = HighWaterMark(key, database_url, SLUG)
    behind.raise_to(Reached(0))
    await behind.require_reached()
    behind.raise_to(Reached(6))
    with pytest.raises(DatabaseBehind, match="ends at signature 0") as refused:
        await behind.require_reached()
    assert (urlsplit(database_url).password or "postgres:") not in str(refused.value)


class TestAnEmptyDatabaseBesideAUsedKey:
    """A bot that is started from another folder would know nobody who signed."""

    async def test_is_not_begun_and_it_is_said_where_the_other_one_is(
        self, database: Path, key: Path, tmp_path: Path
    ) -> None:
        mark(key, database).raise_to(Reached(6))
        await mark(key, database).require_reached()
        with pytest.raises(DatabaseBehind) as refused:
            await mark(key, tmp_path / "another.db").require_reached()
        assert f"sqlite+aiosqlite:///{database}" in str(refused.value)
        assert "petition-bot restore FILE" in str(refused.value)
        assert f"petition-bot keygen {key.with_name('petition-new.key')}" in str(refused.value)
        assert not (tmp_path / "another.db").exists()

    async def test_is_begun_for_another_petition_and_where_nobody_has_signed(
        self, database: Path, key: Path, tmp_path: Path
    ) -> None:
        mark(key, database).raise_to(Reached(6))
        mark(key, database, "another").raise_to(Reached(0))
        for slug in ("another", "third"):
            await mark(key, tmp_path / "another.db", slug).require_reached()

    def test_of_a_server_neither_the_user_nor_the_password_is_noted(self, key: Path) -> None:
        url = "postgresql+asyncpg://bot:secret@db:5433/petition?password=secret"
        HighWaterMark(key, url, SLUG).raise_to(Reached(6))
        (noted,) = key.parent.iterdir()
        assert noted.read_text() == "6 0\npostgresql+asyncpg://db:5433/petition\n\n"

    async def test_of_a_server_it_is_said_on_which_socket_it_is(self, key: Path) -> None:
        url = "postgresql+asyncpg://bot:secret@/petition?host=/run/1&password=secret"
        HighWaterMark(key, url, SLUG).raise_to(Reached(6))
        (noted,) = key.parent.iterdir()
        assert noted.read_text() == "6 0\npostgresql+asyncpg:///petition%3Fhost%3D/run/1\n\n"
        both = (parse_address(url.replace("/run/1", f"/run/{n}")) for n in (1, 2))
        said = [without_password(each) for each in both]
        assert said == [f"postgresql+asyncpg:///petition?host=/run/{n}" for n in (1, 2)]


class TestWriting:
    def test_it_is_its_owners_alone_and_only_rises(self, database: Path, key: Path) -> None:
        written = mark(key, database)
        written.raise_to(Reached(6))
        assert written.path.parent == key.parent
        assert written.path.name.startswith("petition.key.andry.")
        assert written.path.stat().st_mode & 0o777 == 0o600
        assert list(key.parent.iterdir()) == [written.path]
        written = mark(key, database)
        written.raise_to(Reached(6))
        before = written.path.stat().st_ino
        written.raise_to(Reached(6))
        assert written.path.stat().st_ino == before
        written.raise_to(Reached(7))
        assert written.path.read_text().startswith("7 0\n")

    def test_it_is_on_the_disk_before_it_takes_the_place_of_the_one_before(
        self, database: Path, key: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        synced: list[tuple[int, bool]] = []
        written = mark(key, database)

        def sync(file: int) -> None:
            found = os.fstat(file)
            synced.append((S_ISDIR(found.st_mode) or found.st_size, written.path.exists()))

        monkeypatch.setattr(os, "fsync", sync)
        written.raise_to(Reached(6))
        assert synced == [(written.path.stat().st_size, False), (True, True)]


async def test_without_its_version_a_database_is_as_far_as_it_says(
    database: Path, key: Path
) -> None:
    """What to do about it is said where the tables are looked at."""
    opened = await SqliteDatabase(database).open()
    await write_sql(opened, "DELETE FROM alembic_version")
    await opened.close()
    mark(key, database).raise_to(Reached(6))
    await mark(key, database).require_reached()
