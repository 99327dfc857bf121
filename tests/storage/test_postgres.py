"""Tests PostgreSQL under load and failures: it recovers by itself, and nothing is half done."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest

from storage import DatabaseUrlWrong, SchemaMissing, Statement, Unavailable, open_database
from storage.database_url import PostgresAddress, parse_address
from storage.delivery_claims import lock_broadcast
from storage.petitions import locking_petition
from storage.postgres import PostgresDatabase
from tests.support.postgres_server import PostgresServer


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


def insert(slug: str) -> Statement:
    return Statement("INSERT INTO petitions (slug) VALUES (:slug)", {"slug": slug})


async def slugs(database: PostgresDatabase) -> set[str]:
    rows = await database.read(Statement("SELECT slug FROM petitions"))
    return {row["slug"] for row in rows}


class TestGroups:
    async def test_many_writes_at_once_all_happen(self, database: PostgresDatabase) -> None:
        names = {f"p{number}" for number in range(500)}
        await asyncio.gather(*[database.write(insert(name)) for name in names])
        assert await slugs(database) == names

    async def test_one_write_after_another_is_never_left_waiting(
        self, database: PostgresDatabase
    ) -> None:
        async with asyncio.timeout(10):
            for number in range(200):
                await database.write(insert(f"p{number}"))

    async def test_who_locks_the_petition_waits_for_it_with_nothing_else_locked(
        self, database: PostgresDatabase, url: str
    ) -> None:
        """An erasure has locked the petition, and locks a row next that a mute has written."""
        await database.write(insert("andry"), insert("otra"))
        erasing = await asyncpg.connect(dsn(url))
        async with erasing.transaction():
            await erasing.fetch("SELECT slug FROM petitions WHERE slug = 'andry' FOR UPDATE")
            muted = Statement("UPDATE petitions SET revision = 1 WHERE slug = 'otra'")
            both = asyncio.gather(database.write(muted), database.write(locking_petition("andry")))
            while not await erasing.fetch("SELECT pid FROM pg_locks WHERE NOT granted"):  # noqa: ASYNC110
                await asyncio.sleep(0)
            await erasing.fetch("SELECT slug FROM petitions WHERE slug = 'otra' FOR UPDATE NOWAIT")
        await both
        await erasing.close()

    async def test_a_mistake_undoes_its_own_transaction_only(
        self, database: PostgresDatabase
    ) -> None:
        await database.write(insert("taken"))
        results = await asyncio.gather(
            database.write(insert("a")),
            database.write(insert("b"), insert("taken")),
            database.write(insert("c"), Statement("SELEC nothing")),
            database.write(insert("d")),
            return_exceptions=True,
        )
        kinds = [type(result) for result in results]
        assert kinds == [list, asyncpg.UniqueViolationError, asyncpg.PostgresSyntaxError, list]
        assert await slugs(database) == {"taken", "a", "d"}

    async def test_what_locks_a_broadcast_shares_its_locks_with_nobody(
        self, database: PostgresDatabase
    ) -> None:
        """Behind others it would lock in another order than they, and two groups could cross."""
        mine = Statement("SELECT CAST(pg_current_xact_id() AS TEXT) AS transaction")
        writes = [(lock_broadcast(b"one"), mine) if n == 5 else (mine,) for n in range(10)]
        answers = await asyncio.gather(*[database.write(*write) for write in writes])
        shared = [answer[-1][0]["transaction"] for answer in answers]
        assert shared.count(shared[5]) == 1
        assert len(set(shared)) == 3

    async def test_cancelling_one_harms_nobody(self, database: PostgresDatabase) -> None:
        writes = [
            asyncio.create_task(database.write(insert(f"p{number}"))) for number in range(50)
        ]
        await asyncio.sleep(0)
        for write in writes[::2]:
            write.cancel()
        results = await asyncio.gather(*writes, return_exceptions=True)
        assert [type(result) for result in results[1::2]] == [list] * 25
        assert await slugs(database) >= {f"p{number}" for number in range(1, 50, 2)}

    async def test_closing_finishes_what_was_asked_for(self, url: str) -> None:
        database = await PostgresDatabase.open(dsn(url))
        writes = [
            asyncio.create_task(database.write(insert(f"p{number}"))) for number in range(300)
        ]
        await asyncio.sleep(0)
        await database.close()
        await asyncio.gather(*writes)
        again = await PostgresDatabase.open(dsn(url))
        assert len(await slugs(again)) == 300
        await again.close()

    async def test_after_closing_nothing_is_taken_on(self, url: str) -> None:
        database = await PostgresDatabase.open(dsn(url))
        await database.close()
        with pytest.raises(Unavailable):
            await database.write(insert("andry"))
        with pytest.raises(Unavailable):
            await database.read(Statement("SELECT slug FROM petitions"))


class TestAServerThatIsBusy:
    async def test_one_long_write_does_not_hold_up_the_others(
        self, database: PostgresDatabase
    ) -> None:
        long = asyncio.create_task(database.write(Statement("SELECT pg_sleep(2)")))
        await asyncio.sleep(0.1)
        async with asyncio.timeout(1.5):
            await asyncio.gather(*[database.write(insert(f"p{number}")) for number in range(20)])
        long.cancel()
        await asyncio.gather(long, return_exceptions=True)


class TestALostConnection:
    async def test_while_idle_goes_unnoticed(
        self, database: PostgresDatabase, postgres_server: PostgresServer
    ) -> None:
        await asyncio.gather(*[slugs(database) for _ in range(10)])
        for number in range(5):
            await self.drop_connections(postgres_server)
            await database.write(insert(f"p{number}"))
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
                    await database.write(insert(name))
                except (Unavailable, asyncpg.UniqueViolationError):
                    continue  # not known to have happened
                answered.add(name)

        writing = asyncio.gather(*[keep_writing(lane) for lane in range(8)])
        while not writing.done():
            await asyncio.to_thread(postgres_server.disconnect_everybody)
            await asyncio.sleep(0.1)
        await writing
        assert len(answered) > 100
        assert answered <= await slugs(database)


class TestARestart:
    async def test_is_waited_for_and_told_as_unavailable_when_it_takes_too_long(
        self, own_server: PostgresServer
    ) -> None:
        url = await asyncio.to_thread(own_server.migrated)
        database = await PostgresDatabase.open(dsn(url), retry_for_seconds=0.2)
        await database.write(insert("before"))
        await asyncio.to_thread(own_server.stop)
        with pytest.raises(Unavailable):
            await database.write(insert("while it is away"))
        with pytest.raises(Unavailable):
            await slugs(database)
        await asyncio.to_thread(own_server.start)
        await database.write(insert("after"))
        assert await slugs(database) == {"before", "after"}
        await database.close()

    async def test_many_writes_are_answered_in_time_and_who_gave_up_is_not_written(
        self, own_server: PostgresServer
    ) -> None:
        url = await asyncio.to_thread(own_server.migrated)
        database = await PostgresDatabase.open(dsn(url), retry_for_seconds=1.0)
        await database.write(insert("before"))
        await asyncio.to_thread(own_server.stop)
        begun, names = time.monotonic(), [f"p{number}" for number in range(66)]
        answers = await asyncio.gather(
            *[database.write(insert(name)) for name in names], return_exceptions=True
        )
        assert {type(each) for each in answers} == {Unavailable}
        assert time.monotonic() - begun < 2.5
        impatient = [asyncio.create_task(database.write(insert(name))) for name in names]
        await asyncio.sleep(0.1)
        for task in impatient[1:]:
            task.cancel()
        await asyncio.to_thread(own_server.start)
        await asyncio.gather(*impatient, return_exceptions=True)
        await database.write(insert("after"))
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
                await database.write(insert(f"p{number}"))
            except Unavailable:
                continue
            answered.add(f"p{number}")
        await restarting
        assert answered <= await slugs(database)
        await database.close()


class TestOpening:
    async def test_a_server_that_is_away_is_unavailable(self) -> None:
        with pytest.raises(Unavailable):
            await open_database("postgresql+asyncpg://nobody@127.0.0.1:9/petition")

    async def test_a_database_that_is_not_there_is_told(
        self, postgres_server: PostgresServer
    ) -> None:
        with pytest.raises(DatabaseUrlWrong):
            await open_database(postgres_server.url("nothing"))

    async def test_a_database_without_tables_is_told(
        self, postgres_server: PostgresServer
    ) -> None:
        empty = await asyncio.to_thread(postgres_server.empty)
        database = await open_database(empty)
        with pytest.raises(SchemaMissing, match="migrate"):
            await database.read(Statement("SELECT slug FROM petitions"))
        await database.close()
