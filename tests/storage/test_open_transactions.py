"""Tests that two open transactions on PostgreSQL together miss no recipient."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from storage.broadcast_types import Broadcast
from storage.database import Database
from storage.deliveries import claim_deliveries, enqueue_deliveries
from storage.returning_supporters import mark_reachable
from storage.signatures import withdraw_signature
from storage.transaction import Transaction
from tests.support.broadcasts import ME, claim, queued, start
from tests.support.raw_sql import read_sql
from tests.support.supporters import NOON, SLUG, Supporters, later

_IS_WAITING = """
SELECT 1 FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock'
"""

Doing = Callable[[], Awaitable[object]]
Work = Callable[[Transaction], object]


@pytest.fixture(params=["postgres"])
def kind(request: pytest.FixtureRequest) -> str:
    """SQLite has one writer, so nothing of this can happen there."""
    return str(request.param)


async def ended_or_waiting(task: asyncio.Task[Any], database: Database) -> None:
    """Until it is done, or waits for somebody else's lock."""
    async with asyncio.timeout(10):
        while not task.done() and not await read_sql(database, _IS_WAITING):  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.01)


class ReturningPerson:
    """Number two comes back while the worker gets to them."""

    def __init__(self, url: str, people: Supporters) -> None:
        self.url, self.people = url, people

    def portion(self, broadcast: Broadcast) -> Work:
        return lambda tx: enqueue_deliveries(tx, broadcast, holder=ME, portion=3, at=later(1))

    def claiming(self, broadcast: Broadcast) -> Work:
        token = uuid.uuid4().bytes
        return lambda tx: claim_deliveries(
            tx, broadcast, claim=token, holder=ME, limit=10, at=later(1), after=0
        )

    def coming_back(self, tx: Transaction) -> None:
        mark_reachable(tx, self.people.supporter(2), later(2))

    async def comes_back(self) -> object:
        return await self.people.write(mark_reachable, self.people.supporter(2), later(2))

    async def at_once(self, first: Work, then: Doing) -> None:
        """The second begins when the first has done everything but commit."""

        def begin(connection: Connection) -> None:
            tx = Transaction(connection)
            tx.slug, tx.keyring, tx.seed = SLUG, self.people.keyring, bytes(16)
            first(tx)

        engine = create_async_engine(self.url)
        async with engine.connect() as connection:
            await connection.run_sync(begin)
            second = asyncio.ensure_future(then())
            await ended_or_waiting(second, self.people.database)
            await connection.commit()
        await second
        await engine.dispose()

    async def told(self, broadcast: Broadcast) -> set[int]:
        """Who is claimed by now, or is from here on."""
        await queued(self.people, broadcast)
        await claim(self.people, broadcast)
        rows = await self.people.deliveries(broadcast.id)
        return {int(str(row["position"])) % 10 for row in rows if row["state"] == "sending"}


@pytest.fixture
async def returning(database_url: str, people: Supporters) -> ReturningPerson:
    await people.sign([1, 2, 3])
    return ReturningPerson(database_url, people)


class TestBack:
    """Who comes back while the worker passes over them is told all the same."""

    async def test_behind_their_portion(self, returning: ReturningPerson) -> None:
        await returning.people.lose(2)
        broadcast = await start(returning.people)
        await returning.at_once(returning.portion(broadcast), returning.comes_back)
        assert await returning.told(broadcast) == {1, 2, 3}

    async def test_before_their_portion(self, returning: ReturningPerson) -> None:
        await returning.people.lose(2)
        broadcast = await start(returning.people)
        await returning.at_once(returning.coming_back, lambda: queued(returning.people, broadcast))
        assert await returning.told(broadcast) == {1, 2, 3}

    async def test_before_it_begins(self, returning: ReturningPerson) -> None:
        await returning.people.lose(2)
        begun: list[Broadcast] = []

        async def begin() -> None:
            begun.append(await start(returning.people))
            await queued(returning.people, begun[0])

        await returning.at_once(returning.coming_back, begin)
        assert await returning.told(begun[0]) == {1, 2, 3}

    async def test_behind_their_claim(self, returning: ReturningPerson) -> None:
        broadcast = await queued(returning.people, await start(returning.people))
        await returning.people.lose(2)
        await returning.at_once(returning.claiming(broadcast), returning.comes_back)
        assert await returning.told(broadcast) == {1, 2, 3}

    async def test_before_their_claim(self, returning: ReturningPerson) -> None:
        broadcast = await queued(returning.people, await start(returning.people))
        await returning.people.lose(2)
        await returning.at_once(returning.coming_back, lambda: claim(returning.people, broadcast))
        assert await returning.told(broadcast) == {1, 2, 3}


class TestGone:
    """Who withdraws while their portion is written is passed over, and nobody else."""

    async def test_before_their_portion(self, returning: ReturningPerson) -> None:
        broadcast = await start(returning.people)

        def withdrawing(tx: Transaction) -> None:
            tx.slug, tx.keyring, tx.seed = SLUG, returning.people.keyring, bytes(16)
            withdraw_signature(tx, returning.people.supporter(2), NOON)

        await returning.at_once(withdrawing, lambda: queued(returning.people, broadcast))
        assert await returning.told(broadcast) == {1, 3}

    async def test_behind_their_portion(self, returning: ReturningPerson) -> None:
        broadcast = await start(returning.people)
        await returning.at_once(returning.portion(broadcast), lambda: returning.people.withdraw(2))
        assert await returning.told(broadcast) == {1, 3}
