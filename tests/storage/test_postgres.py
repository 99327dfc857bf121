"""Tests PostgreSQL under load and failures: it recovers by itself, and nothing is half done."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError

from storage import postgres
from storage.database import PostgresAddress, open_database, parse_address
from storage.durability import Durability, durability_of
from storage.errors import DatabaseUrlWrong, NeedsAPerson, Unavailable
from storage.migrate import migrate
from storage.postgres import PostgresDatabase
from storage.postgres_errors import storage_error
from storage.tables import PETITIONS
from storage.transaction import Transaction
from tests.storage.silent_connection import a_line
from tests.storage.test_database import add, found, slugs
from tests.support.postgres_server import PostgresServer
from tests.support.raw_sql import read_sql, run_sql


@pytest.fixture
def url(postgres_server: PostgresServer) -> Iterator[str]:
    url = postgres_server.migrated()
    yield url
    postgres_server.take_back(url)


@pytest.fixture
async def database(url: str) -> AsyncIterator[PostgresDatabase]:
    opened = await PostgresDatabase.open(dsn(url))
    yield opened
    await opened.close()


def dsn(url: str) -> str:
    address = parse_address(url)
    assert isinstance(address, PostgresAddress)
    return address.dsn


class TestGroups:
    async def test_who_waited_for_a_row_sees_what_the_other_made_of_it(
        self, database: PostgresDatabase
    ) -> None:
        await database.write(add("a"))

        def count_up(tx: Transaction) -> None:
            query = select(PETITIONS.c.revision).with_for_update()
            tx.change(update(PETITIONS).values(revision=(tx.scalar(query) or 0) + 1))

        await asyncio.gather(*[database.write(count_up) for _ in range(20)])
        rows = await read_sql(database, "SELECT revision FROM petitions")
        assert [row["revision"] for row in rows] == [20]

    async def test_a_read_is_of_one_moment(self, database: PostgresDatabase) -> None:
        def twice(tx: Transaction) -> list[set[str]]:
            first = found(tx)
            tx.scalar(text("SELECT pg_sleep(0.5)"))
            return [first, found(tx)]

        reading = asyncio.create_task(database.read(twice))
        await asyncio.sleep(0.1)
        await database.write(add("meanwhile"))
        before, after = await reading
        assert before == after

    async def test_a_read_is_answered_before_the_server_has_ended_it(
        self, database: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        may_end, ended = asyncio.Event(), postgres._ended

        async def late(*given: Any) -> None:
            await may_end.wait()
            await ended(*given)

        monkeypatch.setattr(postgres, "_ended", late)
        async with asyncio.timeout(5):
            assert await slugs(database) == set()
        may_end.set()
        await database.close()
        assert not database._tasks

    async def test_nothing_stays_in_a_session_that_a_pooler_gives_to_somebody_else(
        self, database: PostgresDatabase
    ) -> None:
        names = ("lock_timeout", "idle_in_transaction_session_timeout", "jit")
        within = [await read_sql(database, f"SHOW {name}") for name in names]
        assert [row for (row,) in within] == [
            {"lock_timeout": "10s"},
            {"idle_in_transaction_session_timeout": "1min"},
            {"jit": "off"},
        ]
        async with database._engine.connect() as connection:
            driver = (await connection.get_raw_connection()).driver_connection
            assert driver is not None
            outside = [await driver.fetchval(f"SHOW {name}") for name in names]
            assert outside == ["0", "0", "on"]
            assert not driver.is_in_transaction()


class TestAServerThatIsBusy:
    async def test_one_long_write_does_not_hold_up_the_others(
        self, database: PostgresDatabase
    ) -> None:
        sleep = "SELECT CAST(pg_sleep(6) AS TEXT)"
        long = asyncio.create_task(database.write(lambda tx: run_sql(tx, sleep)))
        await asyncio.sleep(0.1)
        async with asyncio.timeout(5):
            await asyncio.gather(*[database.write(add(f"p{number}")) for number in range(20)])
        long.cancel()
        await asyncio.gather(long, return_exceptions=True)


class TestALostConnection:
    async def test_while_idle_goes_unnoticed(
        self, database: PostgresDatabase, postgres_server: PostgresServer
    ) -> None:
        await asyncio.gather(*[slugs(database) for _ in range(10)])
        for number in range(5):
            await self.drop_connections(postgres_server)
            await database.write(add(f"p{number}"))
            await self.drop_connections(postgres_server)
            assert len(await slugs(database)) == number + 1

    async def drop_connections(self, server: PostgresServer) -> None:
        await asyncio.to_thread(server.disconnect_everybody)
        await asyncio.sleep(0.05)

    async def test_while_writing_loses_nothing_that_was_answered(
        self, database: PostgresDatabase, postgres_server: PostgresServer
    ) -> None:
        answered: set[str] = set()

        async def keep_writing(lane: int) -> None:
            for number in range(40):
                name = f"p{lane}-{number}"
                try:
                    await database.write(add(name))
                except (Unavailable, IntegrityError):
                    continue  # not known to have happened
                answered.add(name)

        writing = asyncio.gather(*[keep_writing(lane) for lane in range(8)])
        while not writing.done():
            await asyncio.to_thread(postgres_server.disconnect_everybody)
            await asyncio.sleep(0.1)
        await writing
        assert len(answered) > 100
        assert answered <= await slugs(database)


class TestALineThatFallsSilent:
    async def test_while_idle_is_noticed_in_time(self, url: str, tmp_path: Path) -> None:
        """A firewall forgot the connections of a quiet night."""
        async with a_line(url) as (line, through):
            database = await PostgresDatabase.open(dsn(through))
            await database.write(add("before"))
            line.fall_silent()
            assert await slugs(database) == {"before"}
            await database.write(add("after"))
            assert await slugs(database) == {"before", "after"}
            await database.close()

    async def test_in_the_middle_is_told_as_an_outage(
        self, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("storage.postgres._COMMAND_SECONDS", 0.5)
        async with a_line(url) as (line, through):
            monkeypatch.setattr("storage.postgres._RETRY_FOR_SECONDS", 0.2)
            database = await PostgresDatabase.open(dsn(through))

            def silent(tx: Transaction) -> None:
                found(tx)
                line.fall_silent()
                found(tx)

            with pytest.raises(Unavailable):
                await database.read(silent)
            with pytest.raises(Unavailable):
                await database.write(silent)
            assert await slugs(database) == set()
            await database.close()


class TestARestart:
    async def test_many_writes_are_answered_in_time_and_who_gave_up_is_not_written(
        self, own_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        url = await asyncio.to_thread(own_server.migrated)
        monkeypatch.setattr("storage.postgres._RETRY_FOR_SECONDS", 1.0)
        database = await PostgresDatabase.open(dsn(url))
        await database.write(add("before"))
        await asyncio.to_thread(own_server.stop)
        begun, names = time.monotonic(), [f"p{number}" for number in range(66)]
        answers = await asyncio.gather(
            *[database.write(add(name)) for name in names], return_exceptions=True
        )
        assert {type(each) for each in answers} == {Unavailable}
        assert time.monotonic() - begun < 10, "not one after the other"
        with pytest.raises(Unavailable):
            await slugs(database)
        impatient = [asyncio.create_task(database.write(add(name))) for name in names]
        await asyncio.sleep(0.1)
        for task in impatient[1:]:
            task.cancel()
        await asyncio.to_thread(own_server.start)
        await asyncio.gather(*impatient, return_exceptions=True)
        await database.write(add("after"))
        # Two writers were each trying one when its caller gave up.
        assert len(await slugs(database) - {"before", "after"}) <= 2
        await database.close()

    async def test_in_the_middle_of_writing_loses_nothing_that_was_answered(
        self, own_server: PostgresServer
    ) -> None:
        url = await asyncio.to_thread(own_server.migrated)
        database = await PostgresDatabase.open(dsn(url))
        restarting = asyncio.create_task(asyncio.to_thread(own_server.restart))
        answered: set[str] = set()
        number = 0
        while not restarting.done() or number < 50:
            number += 1
            try:
                await database.write(add(f"p{number}"))
            except Unavailable:
                continue
            answered.add(f"p{number}")
        await restarting
        assert answered <= await slugs(database)
        await database.close()


STANDBYS = "synchronous_standby_names"


@pytest.mark.parametrize(
    ("settings", "is_on_disk", "waits_for_standby", "standbys"),
    [
        ({}, True, False, 0),
        ({"fsync": "off"}, False, False, 0),
        ({"full_page_writes": "off"}, False, False, 0),
        ({"synchronous_commit": "off", STANDBYS: "a"}, False, False, 1),
        ({"synchronous_commit": "local", STANDBYS: "a"}, True, False, 1),
        ({STANDBYS: "a, b"}, True, True, 1),
        ({STANDBYS: "ANY 2 (a, b, c)"}, True, True, 2),
    ],
)
async def test_what_a_server_waits_for_is_read_from_its_settings(
    own_server: PostgresServer,
    settings: dict[str, str],
    *,
    is_on_disk: bool,
    waits_for_standby: bool,
    standbys: int,
) -> None:
    def change(wanted: dict[str, str]) -> None:
        own_server.execute("ALTER SYSTEM RESET ALL")
        for name, value in wanted.items():
            own_server.execute(f"ALTER SYSTEM SET {name} = '{value}'")
        own_server.execute("SELECT pg_reload_conf()")

    await asyncio.to_thread(change, settings)
    url = own_server.url("postgres")
    found, expected = None, Durability(is_on_disk, waits_for_standby, standbys, 0, is_named=False)
    try:
        async with asyncio.timeout(20):
            while found != expected:  # it takes a moment to read its settings
                found = await durability_of(url)
    finally:
        await asyncio.to_thread(change, {"fsync": "off", "full_page_writes": "off"})
    assert expected.is_stuck is waits_for_standby
    assert expected.is_alone is (standbys > 0 and not waits_for_standby)


class TestOpening:
    @pytest.mark.parametrize(
        ("error", "why"),
        [
            (socket.gaierror(-2, "Name or service not known"), "the host is not found"),
            (TimeoutError(), "no answer, or it waits for a standby that is gone"),
            (ConnectionResetError(104, "Connection reset by peer"), "the connection was cut"),
            (OSError("Multiple exceptions: [Errno 111]"), "the connection is refused"),
            (asyncpg.ConnectionDoesNotExistError("hunter2"), "the connection was cut"),
        ],
    )
    def test_why_a_server_cannot_be_reached_is_said(self, error: Exception, why: str) -> None:
        meant = storage_error(error, "postgresql://bot:hunter2@db.example/petition")
        assert f"db.example/petition ({why})" in str(meant)
        assert "hunter2" not in str(meant)

    @pytest.mark.parametrize(
        "error",
        [
            asyncpg.ReadOnlySQLTransactionError,  # a standby took the place of the primary
            asyncpg.IdleInTransactionSessionTimeoutError,
            asyncpg.LockNotAvailableError,
            asyncpg.SerializationError,
            asyncpg.DiskFullError,
            asyncpg.AdminShutdownError,
        ],
    )
    def test_what_passes_is_waited_out(self, error: Any) -> None:
        meant = storage_error(error("hunter2"), "postgresql://bot@db.example/petition")
        assert (type(meant), "hunter2" in str(meant)) == (Unavailable, False)

    @pytest.mark.parametrize(
        "error", [asyncpg.InvalidSQLStatementNameError, asyncpg.DuplicatePreparedStatementError]
    )
    def test_a_pooler_that_mixes_up_prepared_statements_is_told(self, error: Any) -> None:
        meant = storage_error(error("__asyncpg_stmt_1__"), "postgresql://bot@pooler/petition")
        assert isinstance(meant, DatabaseUrlWrong)
        assert "max_prepared_statements = 200" in str(meant)

    async def test_of_several_servers_one_that_is_just_starting_keeps_nobody_from_the_next(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def connect(*_: object, host: str, **__: object) -> str:
            if host == "one":
                raise asyncpg.CannotConnectNowError("the database system is starting up")
            return host

        monkeypatch.setattr(asyncpg, "connect", connect)
        assert await postgres._connect_to_any("postgresql://bot@one,two/petition") == "two"

    async def test_a_database_that_is_not_there_is_told(
        self, postgres_server: PostgresServer
    ) -> None:
        with pytest.raises(DatabaseUrlWrong, match="does not accept the user, the password or"):
            await open_database(postgres_server.url("nothing"))

    @pytest.mark.parametrize(
        ("version", "named"),
        [
            ("CockroachDB CCL v24.3.1 (x86_64-pc-linux-gnu, built …)", "CockroachDB CCL v24.3.1"),
            ("PostgreSQL 15.2-YB-2.25.0.0-b0 on x86_64", "PostgreSQL 15.2-YB-2.25.0.0-b0"),
            ("PostgreSQL 13.18 (Debian 13.18-0+deb11u1) on x86_64", "PostgreSQL 13.18"),
            ("PostgreSQL 14.0 on x86_64", None),
            ("PostgreSQL 19beta1 (Debian 19~beta1-1) on x86_64", None),
        ],
    )
    async def test_what_is_no_postgresql_or_too_old_is_refused(
        self, postgres_server: PostgresServer, version: str, named: str | None
    ) -> None:
        planted = await asyncio.to_thread(postgres_server.empty)
        name = planted.split("?")[0].rpartition("/")[2]
        async with postgres.connected(dsn(planted)) as administrator:
            await administrator.execute(
                f"CREATE FUNCTION version() RETURNS text RETURN '{version}';"
                f"ALTER DATABASE {name} SET search_path = public, pg_catalog"
            )
        if named is None:
            await (await open_database(planted)).close()
            return
        with pytest.raises(NeedsAPerson) as refused:
            await migrate(planted)
        assert f" is {named}, and the bot needs PostgreSQL 14 or newer: " in str(refused.value)
