"""Tests that two open transactions on PostgreSQL together miss no recipient."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from storage import Broadcast, Broadcasts, Database, Signatures, Statement
from storage.delivery_claims import CLAIM, scope_of
from storage.enqueue import PORTION
from storage.postgres_sql import translate
from storage.returning_supporters import mark_reachable
from storage.signatures import withdraw
from storage.transaction import Transaction
from tests.support.broadcasts import ME, claim, queued, start
from tests.support.supporters import NOON, SLUG, Supporters, later

_IS_WAITING = """
SELECT 1 FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock'
"""

AT = 1_000_000_000_000


@pytest.fixture(params=["postgres"])
def kind(request: pytest.FixtureRequest) -> str:
    """SQLite has one writer, so nothing of this can happen there."""
    return str(request.param)


Doing = Sequence[Statement] | Callable[[Transaction], object]


@asynccontextmanager
async def uncommitted(url: str, doing: Doing) -> AsyncIterator[None]:
    """A transaction that has done all this when the block begins, and is committed at its end."""
    engine = create_async_engine(url)
    try:
        async with engine.begin() as connection:
            if callable(doing):
                work = doing
                await connection.run_sync(lambda sync: work(Transaction(sync)))
            else:
                for statement in doing:
                    sql, names = translate(statement.sql)
                    values = tuple(statement.values[name] for name in names)
                    await connection.exec_driver_sql(sql, values)
            yield
    finally:
        await engine.dispose()


async def ended_or_waiting(task: asyncio.Task[Any], database: Database) -> None:
    """Until it is done, or waits for somebody else's lock."""
    async with asyncio.timeout(10):
        while not task.done() and not await database.read(Statement(_IS_WAITING)):  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.01)


class ReturningPerson:
    """Number two comes back while the worker gets to them."""

    def __init__(
        self,
        url: str,
        database: Database,
        broadcasts: Broadcasts,
        people: Supporters,
        signatures: Signatures,
    ) -> None:
        self.url, self.database = url, database
        self.broadcasts, self.people, self.signatures = broadcasts, people, signatures

    def portion(self, broadcast: Broadcast) -> list[Statement]:
        values = {**scope_of(SLUG, broadcast, ME), "after": 0, "upto": 3, "at": AT}
        return [Statement(sql, values) for sql in PORTION]

    def claiming(self, broadcast: Broadcast) -> list[Statement]:
        values = {**scope_of(SLUG, broadcast, ME), "limit": 10, "after": 0, "at": AT}
        values["claim"] = uuid.uuid4().bytes
        return [Statement(sql, values) for sql in CLAIM]

    def coming_back(self, tx: Transaction) -> None:
        tx.belong_to(SLUG, self.people.keyring, bytes(16))
        mark_reachable(tx, self.people.supporter(2), later(2))

    async def comes_back(self) -> object:
        return await self.signatures.mark_reachable(self.people.supporter(2), later(2))

    async def at_once(self, first: Doing, then: Callable[[], Awaitable[object]]) -> None:
        """The second begins when the first has done everything but commit."""
        async with uncommitted(self.url, first):
            second = asyncio.ensure_future(then())
            await ended_or_waiting(second, self.database)
        await second

    async def told(self, broadcast: Broadcast) -> set[int]:
        """Who is claimed by now, or is from here on."""
        await queued(self.broadcasts, broadcast)
        await claim(self.broadcasts, broadcast)
        rows = await self.people.deliveries(broadcast.id)
        return {int(str(row["position"])) % 10 for row in rows if row["state"] == "sending"}


@pytest.fixture
async def returning(
    database_url: str,
    database: Database,
    broadcasts: Broadcasts,
    people: Supporters,
    signatures: Signatures,
) -> ReturningPerson:
    await people.sign([1, 2, 3])
    return ReturningPerson(database_url, database, broadcasts, people, signatures)


class TestBack:
    """Who comes back while the worker passes over them is told all the same."""

    async def test_behind_their_portion(self, returning: ReturningPerson) -> None:
        await returning.people.lose(2)
        broadcast = await start(returning.broadcasts)
        await returning.at_once(returning.portion(broadcast), returning.comes_back)
        assert await returning.told(broadcast) == {1, 2, 3}

    async def test_before_their_portion(self, returning: ReturningPerson) -> None:
        await returning.people.lose(2)
        broadcast = await start(returning.broadcasts)
        portion = returning.portion(broadcast)
        await returning.at_once(returning.coming_back, lambda: returning.database.write(*portion))
        assert await returning.told(broadcast) == {1, 2, 3}

    async def test_before_it_begins(self, returning: ReturningPerson) -> None:
        await returning.people.lose(2)
        begun: list[Broadcast] = []

        async def begin() -> None:
            begun.append(await start(returning.broadcasts))
            await queued(returning.broadcasts, begun[0])

        await returning.at_once(returning.coming_back, begin)
        assert await returning.told(begun[0]) == {1, 2, 3}

    async def test_behind_their_claim(self, returning: ReturningPerson) -> None:
        broadcast = await queued(returning.broadcasts, await start(returning.broadcasts))
        await returning.people.lose(2)
        await returning.at_once(returning.claiming(broadcast), returning.comes_back)
        assert await returning.told(broadcast) == {1, 2, 3}

    async def test_before_their_claim(self, returning: ReturningPerson) -> None:
        broadcast = await queued(returning.broadcasts, await start(returning.broadcasts))
        await returning.people.lose(2)
        claiming = returning.claiming(broadcast)
        await returning.at_once(returning.coming_back, lambda: returning.database.write(*claiming))
        assert await returning.told(broadcast) == {1, 2, 3}


class TestGone:
    """Who withdraws while their portion is written is passed over, and nobody else."""

    async def test_before_their_portion(self, returning: ReturningPerson) -> None:
        broadcast = await start(returning.broadcasts)

        def withdrawing(tx: Transaction) -> None:
            tx.belong_to(SLUG, returning.people.keyring, bytes(16))
            withdraw(tx, returning.people.supporter(2), NOON)

        portion = returning.portion(broadcast)
        await returning.at_once(withdrawing, lambda: returning.database.write(*portion))
        assert await returning.told(broadcast) == {1, 3}

    async def test_behind_their_portion(self, returning: ReturningPerson) -> None:
        broadcast = await start(returning.broadcasts)
        await returning.at_once(returning.portion(broadcast), lambda: returning.people.withdraw(2))
        assert await returning.told(broadcast) == {1, 3}
