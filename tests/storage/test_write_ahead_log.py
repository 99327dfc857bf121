"""Tests that erased data soon leaves every file of the database, without delaying writes."""

import asyncio
import shutil
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiosqlite
import pytest

from storage import Storage
from storage.consents import add_signed_name, remove_signed_name
from storage.conversations import Conversation, save_conversation, store_screen
from storage.keyring import Keyring
from storage.person_requests import IN_CHAT, PersonNoticeKind, carry_out_request
from storage.personal_data import everything_held
from storage.petitions import ensure_petition
from storage.signatures import withdraw_signature
from storage.sqlite import SqliteDatabase
from storage.write_ahead_log import PAUSE_SECONDS, RETRY_SECONDS, WriteAheadLog
from tests.storage.test_key_rotation import opened
from tests.support.raw_sql import read_sql, write_sql
from tests.support.supporters import CONSENT, NOON, a_supporter
from tests.support.waiting import until

SEALED = (
    "SELECT name_sealed AS sealed FROM signatures UNION ALL SELECT chat_sealed FROM signatures"
    " UNION ALL SELECT name_sealed FROM conversations WHERE name_sealed IS NOT NULL"
    " UNION ALL SELECT screen_digest FROM conversations WHERE screen_digest IS NOT NULL"
    " UNION ALL SELECT id FROM consents"
)


@pytest.fixture
def folder(sqlite_template: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    shutil.copy(sqlite_template, folder / "petition.db")
    return folder


@pytest.fixture
async def database(folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SqliteDatabase]:
    monkeypatch.setattr("storage.write_ahead_log.PAUSE_SECONDS", 0.01)
    monkeypatch.setattr("storage.write_ahead_log.RETRY_SECONDS", 0.01)
    opened = await SqliteDatabase(folder / "petition.db").open()
    yield opened
    await opened.close()


@pytest.fixture
async def storage(database: SqliteDatabase, keyring: Keyring) -> Storage:
    storage = Storage(database, keyring, "andry")
    await storage.write(ensure_petition)
    return storage


def found(folder: Path, values: list[bytes]) -> set[str]:
    """The files in which any of the values is, or the middle of it."""
    return {
        file.name
        for file in folder.iterdir()
        for content in [file.read_bytes()]
        if any(value[len(value) // 3 : -len(value) // 3] in content for value in values)
    }


def log(folder: Path) -> int:
    return (folder / "petition.db-wal").stat().st_size


async def everything_sealed(storage: Storage) -> list[bytes]:
    return [row["sealed"] for row in await read_sql(storage.database, SEALED)]


async def test_who_withdraws_is_gone_from_every_file(
    storage: Storage, keyring: Keyring, folder: Path
) -> None:
    people = [a_supporter(keyring, number, f"Persona {number}") for number in range(1, 31)]
    ever: list[bytes] = []
    for someone in people:
        await someone.arrive(storage)
        await storage.write(
            store_screen, someone.supporter, message_id=7, screen_digest=someone.supporter[::-1]
        )
        ever += await everything_sealed(storage)
        await someone.sign(storage)
    ever += await everything_sealed(storage)
    assert found(folder, ever) != set()
    for someone in people:
        await storage.write(withdraw_signature, someone.supporter, NOON)
    await until(lambda: log(folder) == 0)
    assert found(folder, ever) == set()


async def test_a_name_that_was_taken_off_is_found_nowhere_with_the_key_in_hand(
    storage: Storage, keyring: Keyring, folder: Path
) -> None:
    """Ana corrected her name by letter, took it off, gave it again, and thought better of it."""
    ana, storage = a_supporter(keyring, 1, "Ana Ruiz"), storage
    names = "SELECT name_sealed AS sealed FROM signatures"
    former: list[bytes] = []

    async def remember() -> None:
        former.extend([row["sealed"] for row in await read_sql(storage.database, names)])

    def at_my_data(version: int) -> Conversation:
        return Conversation(ana.supporter, stage="my_data", version=version)

    await ana.sign(storage, was=0)
    await remember()
    await storage.write(carry_out_request, PersonNoticeKind.CORRECTED, 1, IN_CHAT, NOON, "Ana Sol")
    await remember()
    await storage.write(remove_signed_name, at_my_data(2), 1, NOON)
    await storage.write(add_signed_name, at_my_data(3), 2, NOON, "Ana Gil", CONSENT)
    await remember()
    await storage.write(remove_signed_name, at_my_data(4), 3, NOON)
    await until(lambda: log(folder) == 0)
    assert found(folder, former) == set()
    readable = await opened(storage.database, keyring)
    assert readable["signatures.chat_sealed"] == ["1"]
    held = await storage.read(everything_held, ana.user_id)
    storage.journal.rewrite(None)  # as the bot does every hour
    noted = [each.value for each in storage.journal.read().entries]
    assert "Ana" not in repr((readable, held.signature, held.conversation, noted))


async def test_a_name_that_was_replaced_or_forgotten_is_gone_from_every_file(
    storage: Storage, keyring: Keyring, folder: Path
) -> None:
    people = [a_supporter(keyring, number) for number in range(1, 31)]
    former: list[bytes] = []
    for someone in people:
        await someone.arrive(storage)
    former += await everything_sealed(storage)
    for someone in people:
        other = replace(someone.conversation(version=2), name="Otro Nombre")
        await storage.write(save_conversation, other, was=1, at=NOON)
    former += await everything_sealed(storage)
    for someone in people:
        left = replace(someone.conversation(version=3), name=None)
        await storage.write(save_conversation, left, was=2, at=NOON)
    assert len(former) == 60
    await until(lambda: log(folder) == 0)
    assert found(folder, former) == set()


async def test_what_a_killed_process_left_is_cut_off_at_the_next_start(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.write_ahead_log.PAUSE_SECONDS", 0.01)
    dead = sqlite3.connect(folder / "petition.db", isolation_level=None)
    dead.execute("PRAGMA journal_mode=WAL")
    dead.execute("INSERT INTO petitions (slug) VALUES ('andry')")
    assert log(folder) > 0
    database = await SqliteDatabase(folder / "petition.db").open()
    await until(lambda: log(folder) == 0)
    await database.close()
    dead.close()


async def test_a_reader_is_waited_for_and_keeps_nobody_else_waiting(
    database: SqliteDatabase, folder: Path
) -> None:
    await until(lambda: log(folder) == 0)
    await write_sql(database, "INSERT INTO petitions (slug) VALUES ('andry')")
    reader = sqlite3.connect(folder / "petition.db", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM petitions").fetchall()
    await write_sql(database, "INSERT INTO petitions (slug) VALUES ('gone')")
    assert await database._log.truncate() is False
    for number in range(50):
        await write_sql(database, "INSERT INTO petitions (slug) VALUES (:slug)", slug=f"p{number}")
    assert log(folder) > 0
    reader.execute("COMMIT")
    reader.close()
    await until(lambda: log(folder) == 0)


MARKS = [bytes([number]) * 40 for number in range(200, 230)]


def leave_copies(folder: Path) -> None:
    """Marks that were erased and stand in the unused parts of pages all the same."""
    careless = sqlite3.connect(folder / "petition.db", isolation_level=None)
    careless.execute("PRAGMA secure_delete=OFF")
    careless.executemany(
        "INSERT INTO telegram_cache (petition, key, digest) VALUES ('andry', ?, ?)",
        [(mark.hex(), mark) for mark in MARKS],
    )
    careless.execute("DELETE FROM telegram_cache")
    careless.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    careless.close()


async def test_copies_in_unused_parts_of_pages_go_at_the_start_and_once_a_day(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_copies(folder)
    assert found(folder, MARKS) == {"petition.db"}
    monkeypatch.setattr("storage.write_ahead_log.PAUSE_SECONDS", 0.01)
    database = await SqliteDatabase(folder / "petition.db").open()
    await until(lambda: found(folder, MARKS) == set())
    leave_copies(folder)
    assert await database._log.truncate() is True
    assert found(folder, MARKS) == {"petition.db"}
    assert 86_390 < database._log.rewrite_at - time.monotonic() <= 86_400
    database._log.rewrite_at = time.monotonic()
    assert await database._log.truncate() is True
    await until(lambda: found(folder, MARKS) == set())
    await database.close()


@pytest.mark.parametrize(("bytes_more", "rewritten"), [(0, True), (-1, False)])
async def test_a_large_database_is_not_written_anew_while_people_sign(
    folder: Path, monkeypatch: pytest.MonkeyPatch, bytes_more: int, rewritten: bool
) -> None:
    leave_copies(folder)
    size = (folder / "petition.db").stat().st_size
    monkeypatch.setattr("storage.write_ahead_log._REWRITE_UP_TO_BYTES", size + bytes_more)
    database = await SqliteDatabase(folder / "petition.db").open()
    assert await database._log.truncate() is True
    assert await database._log.truncate() is True
    assert (found(folder, MARKS) == set()) is rewritten
    await database.close()


async def test_a_writer_elsewhere_puts_the_rewriting_off(folder: Path) -> None:
    database = await SqliteDatabase(folder / "petition.db").open()
    assert await database._log.truncate() is True
    database._log.rewrite_at = 0.0
    leave_copies(folder)
    writer = sqlite3.connect(folder / "petition.db", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    assert await database._log.truncate() is False
    writer.execute("ROLLBACK")
    writer.close()
    for _ in range(2):
        assert await database._log.truncate() is True
    assert found(folder, MARKS) == set()
    await database.close()


async def test_without_room_for_a_copy_it_is_tried_again_in_an_hour_and_not_at_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = await SqliteDatabase(folder / "petition.db").open()
    fetch = aiosqlite.Connection.execute_fetchall
    locked, full = map(sqlite3.OperationalError, ("database is locked", "disk is full"))
    locked.sqlite_errorcode = sqlite3.SQLITE_BUSY
    errors = [locked, full]

    async def refused(self: aiosqlite.Connection, sql: str) -> Any:
        if sql == "VACUUM":
            raise errors.pop(0)
        return await fetch(self, sql)

    monkeypatch.setattr(aiosqlite.Connection, "execute_fetchall", refused)
    database._log.rewrite_at = 0.0
    assert await database._log.truncate() is False, "who is in the way is waited for"
    assert await database._log.truncate() is True, "the log itself is cut off"
    assert await database._log.truncate() is True
    assert errors == []
    assert 3_590 < database._log.rewrite_at - time.monotonic() <= 3_600
    await database.close()


async def test_who_opens_it_beside_the_bot_writes_nothing_anew(folder: Path) -> None:
    leave_copies(folder)
    beside = await SqliteDatabase(folder / "petition.db").open(cleans_up=False)
    assert await beside._log.truncate() is True
    assert found(folder, MARKS) == {"petition.db"}
    await beside.close()


async def test_a_disk_that_fails_is_asked_again(
    database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(self: aiosqlite.Connection, sql: str) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(aiosqlite.Connection, "execute_fetchall", fails)
    assert await database._log.truncate() is False


class Cuts:
    """A log whose truncations go as they are told to, and what it waited for between them."""

    def __init__(self, patch: pytest.MonkeyPatch, answers: list[bool]) -> None:
        self.log, self.left, self.pauses = (
            WriteAheadLog(Path(), lambda: None),
            answers,
            list[float](),
        )
        self.during: Callable[[], None] = lambda: None
        self._sleep = asyncio.sleep
        patch.setattr(self.log, "truncate", self._truncate)
        patch.setattr(asyncio, "sleep", self._pause)

    async def _truncate(self) -> bool:
        self.during()
        return self.left.pop(0)

    async def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await self._sleep(0)

    async def done(self) -> None:
        async with asyncio.timeout(5):
            while self.log._emptying is not None:
                await self._sleep(0)


@pytest.mark.parametrize(
    ("answers", "pauses"),
    [([True], [PAUSE_SECONDS]), ([False, False, True], [PAUSE_SECONDS, *[RETRY_SECONDS] * 2])],
    ids=["alone", "with somebody in the way"],
)
async def test_many_writes_are_one_cut_and_who_is_in_the_way_is_asked_again_soon(
    monkeypatch: pytest.MonkeyPatch, answers: list[bool], pauses: list[float]
) -> None:
    cuts = Cuts(monkeypatch, answers)
    for _ in range(100):
        cuts.log.written()
    await cuts.done()
    assert (cuts.left, cuts.pauses) == ([], pauses)


async def test_what_is_written_during_a_cut_has_its_own_after_another_pause(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cuts = Cuts(monkeypatch, [True, True])
    writes = [cuts.log.written]
    cuts.during = lambda: writes.pop()() if writes else None
    cuts.log.written()
    await cuts.done()
    assert (cuts.left, cuts.pauses) == ([], [PAUSE_SECONDS] * 2)


async def test_a_bug_does_not_end_it_for_good_and_the_closing_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cuts = Cuts(monkeypatch, [])
    cuts.log.written()
    broken = cuts.log._emptying
    assert broken is not None
    await cuts.done()
    assert isinstance(broken.exception(), IndexError)
    cuts.left += [True, True]
    cuts.log.written()
    await cuts.done()
    await cuts.log.close()
    cuts.log.written()
    await cuts.done()
    assert cuts.left == [True]


def test_it_is_all_over_within_ten_seconds() -> None:
    # A write that came just too late for one cut waits for the next, and for one in the way.
    assert 2 * PAUSE_SECONDS + RETRY_SECONDS < 10
