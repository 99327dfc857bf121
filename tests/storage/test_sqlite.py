"""Tests SQLite under load and failures: groups commit whole, and no caller waits for ever."""

import asyncio
import shutil
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from storage.errors import BrokenData, SchemaMissing, Unavailable
from storage.sqlite import SqliteDatabase
from storage.sqlite_connection import fails_whole_group, is_locked, storage_error
from storage.transaction import BoundWork, Transaction
from tests.storage.test_database import add, slugs


@pytest.fixture
def path(sqlite_template: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "petition.db"
    shutil.copy(sqlite_template, copy)
    return copy


@pytest.fixture
async def database(path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SqliteDatabase]:
    monkeypatch.setattr("storage.sqlite._BUSY_MILLISECONDS", 300)
    opened = await SqliteDatabase(path).open()
    yield opened
    await opened.close()


def run(sql: str) -> BoundWork[Any]:
    return lambda tx: tx.scalar(text(sql))


def fail(code: int) -> BoundWork[None]:
    """Meets a disk that fails under a statement, which leaves the transaction open."""

    def failing(tx: Transaction) -> None:
        add("bad")(tx)
        raise coded(code)

    return failing


def connection_threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name.startswith("sqlite")}


class Holder:
    """Another program with the write lock."""

    def __init__(self, path: Path) -> None:
        self.connection = sqlite3.connect(path, isolation_level=None)
        self.connection.execute("BEGIN IMMEDIATE")

    def let_go(self) -> None:
        self.connection.execute("ROLLBACK")
        self.connection.close()


async def test_the_pragmas_hold_on_every_connection(database: SqliteDatabase) -> None:
    for pragma, value in {
        **{"journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "foreign_keys": 1},
        **{"temp_store": 2, "trusted_schema": 0},
    }.items():
        asked = run(f"PRAGMA {pragma}")
        seen = [await reader.result_of(asked) for reader in database._readers]
        assert [*seen, await database.write(asked)] == [value] * 3, pragma


class TestGroups:
    async def test_waiting_writes_share_one_commit(self, database: SqliteDatabase) -> None:
        traced: list[str] = []
        driver = database._writer.driver
        await database._writer.run(lambda: driver.set_trace_callback(traced.append))
        await asyncio.gather(*[database.write(add(f"p{number}")) for number in range(100)])
        assert traced.count("COMMIT") < 10

    async def test_reads_that_come_together_share_one_snapshot(
        self, database: SqliteDatabase
    ) -> None:
        traced: list[str] = []
        for reader in database._readers:
            await reader.run(partial(reader.driver.set_trace_callback, traced.append))
        await asyncio.gather(*[slugs(database) for _ in range(100)])
        assert traced.count("BEGIN") == 1

    async def test_nobody_is_read_behind_a_long_list(self, database: SqliteDatabase) -> None:
        turn = threading.Event()
        listing = asyncio.create_task(database.read(lambda _: _wait(turn)))
        await asyncio.sleep(0)
        for _ in range(3):
            await asyncio.sleep(0.01)
            async with asyncio.timeout(5):
                await asyncio.gather(*[slugs(database) for _ in range(10)])
        turn.set()
        await listing

    async def test_whoever_gave_up_before_their_turn_wrote_nothing(
        self, database: SqliteDatabase
    ) -> None:
        turn = threading.Event()
        database._writer._thread.submit(partial(_wait, turn))
        writes = [asyncio.create_task(database.write(add(name))) for name in ("gone", "kept")]
        await asyncio.sleep(0)
        writes[0].cancel()
        await asyncio.sleep(0)
        turn.set()
        await writes[1]
        assert await slugs(database) == {"kept"}

    async def test_closing_leaves_one_file(self, path: Path) -> None:
        database = await SqliteDatabase(path).open()
        await database.write(add("andry"))
        await database.close()
        assert sorted(each.name for each in path.parent.iterdir()) == ["petition.db"]


async def nothing_was_kept_and_all_works_again(database: SqliteDatabase) -> None:
    assert await slugs(database) == set()
    await database.write(add("andry"))
    assert await slugs(database) == {"andry"}


class TestALock:
    async def test_held_too_long_is_unavailable_for_every_waiter_and_afterwards_all_works_again(
        self, database: SqliteDatabase, path: Path
    ) -> None:
        holder = Holder(path)
        results = await asyncio.gather(
            *[database.write(add(f"p{number}")) for number in range(10)], return_exceptions=True
        )
        holder.let_go()
        assert [type(result) for result in results] == [Unavailable] * 10
        await nothing_was_kept_and_all_works_again(database)

    async def test_given_back_in_time_goes_unnoticed(
        self, database: SqliteDatabase, path: Path
    ) -> None:
        holder = Holder(path)
        asyncio.get_running_loop().call_later(0.15, holder.let_go)
        await database.write(add("andry"))
        assert await slugs(database) == {"andry"}


def _wait(held: threading.Event) -> None:
    held.wait(5)


async def in_one_group(
    database: SqliteDatabase, *written: str | Callable[[Transaction], None]
) -> list[object]:
    """Writes them while the writer's thread is held until all of them wait."""
    held = threading.Event()
    database._writer._thread.submit(partial(_wait, held))
    writes = asyncio.gather(
        *[
            database.write(add(each)) if isinstance(each, str) else database.write(each)
            for each in written
        ],
        return_exceptions=True,
    )
    asyncio.get_running_loop().call_soon(held.set)
    return list(await writes)


class TestAFullDisk:
    async def test_is_unavailable_and_nothing_of_the_group_is_kept(
        self, database: SqliteDatabase
    ) -> None:
        await fill(database)
        results = await in_one_group(database, "small", "x" * 2_000_000)
        assert [type(result) for result in results] == [Unavailable] * 2
        assert await slugs(database) == set()


class TestAFailingCommit:
    async def test_is_every_waiters_failure(
        self, database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
    ) -> None:

        connection = FailingCommit(database._writer.driver)
        monkeypatch.setattr(database._writer, "driver", connection)
        results = await asyncio.gather(
            *[database.write(add(f"p{number}")) for number in range(5)], return_exceptions=True
        )
        monkeypatch.undo()
        assert [type(result) for result in results] == [Unavailable] * 5
        assert connection.commits <= 5  # a disk that fails is not asked again and again
        await nothing_was_kept_and_all_works_again(database)


class TestErrors:
    """Each of SQLite's errors by what it means, with and without the detail above its low byte."""

    PASSING = ("BUSY", "LOCKED", "FULL", "IOERR", "CANTOPEN", "NOMEM", "READONLY", "PROTOCOL")

    @pytest.mark.parametrize("detail", [0, 0x100, 0xA00])
    @pytest.mark.parametrize(
        ("names", "means"),
        [((*PASSING, "INTERRUPT"), Unavailable), (("CORRUPT", "NOTADB"), BrokenData)],
    )
    def test_that_pass_and_of_damage_are_everybodys(
        self, names: tuple[str, ...], means: type[Exception], detail: int
    ) -> None:
        for name in names:
            error = coded(getattr(sqlite3, f"SQLITE_{name}") | detail)
            assert type(storage_error(error)) is means, name
            assert fails_whole_group(error), name
            assert is_locked(error) is (name in ("BUSY", "LOCKED"))

    @pytest.mark.parametrize("name", ["CONSTRAINT", "ERROR", "MISMATCH", "TOOBIG"])
    def test_of_our_own_are_whose_they_are_and_as_they_are(self, name: str) -> None:
        error = coded(getattr(sqlite3, f"SQLITE_{name}"))
        assert storage_error(error) is error
        assert not fails_whole_group(error)


def coded(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("said")
    error.sqlite_errorcode = code
    return error


class TestAFailingDisk:
    @pytest.mark.parametrize(
        "code",
        [
            sqlite3.SQLITE_IOERR_READ,
            sqlite3.SQLITE_FULL,
            sqlite3.SQLITE_NOMEM,
            sqlite3.SQLITE_READONLY_DBMOVED,
        ],
    )
    async def test_that_leaves_the_transaction_open_fails_the_whole_group(
        self, database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch, code: int
    ) -> None:
        bad = fail(code)
        results = await in_one_group(database, "before", bad, "after")
        assert [type(result) for result in results] == [Unavailable] * 3
        await nothing_was_kept_and_all_works_again(database)


class Panic(BaseException):
    """As a library that is not written in Python ends what it cannot go on with."""


async def test_a_panic_of_one_write_keeps_nobody_from_the_next(database: SqliteDatabase) -> None:
    def panics(_: Transaction) -> None:
        raise Panic

    await in_one_group(database, "before", panics)
    await database.write(add("andry"))
    assert await slugs(database) == {"andry"}


class TestOpening:
    async def test_a_missing_file_is_told(self, tmp_path: Path) -> None:
        with pytest.raises(SchemaMissing, match="migrate"):
            await SqliteDatabase(tmp_path / "petition.db").open()
        assert not (tmp_path / "petition.db").exists()

    async def test_a_file_that_is_no_database_is_told(self, tmp_path: Path) -> None:
        path = tmp_path / "petition.db"
        path.write_bytes(b"not a database at all" * 100)
        with pytest.raises(BrokenData):
            await SqliteDatabase(path).open()

    @pytest.mark.parametrize("number", [1, 3])
    async def test_that_is_cut_off_leaves_no_connection_open(
        self, path: Path, number: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        opened: list[Recorded] = []
        connect, loop = sqlite3.connect, asyncio.get_running_loop()

        def cut_off(*given: Any, **named: Any) -> sqlite3.Connection:
            connection = connect(*given, **named, factory=Recorded)
            opened.append(connection)
            if len(opened) == number:
                loop.call_soon_threadsafe(opening.cancel)
            return connection

        monkeypatch.setattr("storage.sqlite_connection.sqlite3.connect", cut_off)
        before = connection_threads()
        opening = asyncio.create_task(SqliteDatabase(path).open())
        with pytest.raises(asyncio.CancelledError):
            await opening
        assert len(opened) >= number
        assert all(connection.is_closed for connection in opened)
        assert connection_threads() <= before


class Recorded(sqlite3.Connection):
    """A connection that tells whether it was closed."""

    is_closed = False

    def close(self) -> None:
        self.is_closed = True
        super().close()


class FailingCommit:
    """A connection whose COMMIT meets a failing disk."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.commits = 0

    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        if sql == "COMMIT":
            self.commits += 1
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
            raise error
        return self._connection.execute(sql, *values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


async def fill(database: SqliteDatabase) -> None:
    """Leave the database a little room and no more."""
    pages = await database.write(run("PRAGMA page_count"))
    await database.write(run(f"PRAGMA max_page_count = {pages + 2}"))
