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


@pytest.mark.parametrize("order", ["behind", "before", "before it begins"])
async def test_who_comes_back_while_their_portion_is_written_is_told_all_the_same(
    returning: ReturningPerson, order: str
) -> None:
    await returning.people.lose(2)
    broadcasts: list[Broadcast] = []

    async def write_portion() -> None:
        broadcasts.extend([] if broadcasts else [await start(returning.people)])
        await queued(returning.people, broadcasts[0])

    if order != "before it begins":
        broadcasts.append(await start(returning.people))
    if order == "behind":
        await returning.at_once(returning.portion(broadcasts[0]), returning.comes_back)
    else:
        await returning.at_once(returning.coming_back, write_portion)
    assert await returning.told(broadcasts[0]) == {1, 2, 3}


@pytest.mark.parametrize("order", ["behind", "before"])
async def test_who_comes_back_while_they_are_passed_over_in_a_claim_is_told_all_the_same(
    returning: ReturningPerson, order: str
) -> None:
    broadcast = await queued(returning.people, await start(returning.people))
    await returning.people.lose(2)
    if order == "behind":
        await returning.at_once(returning.claiming(broadcast), returning.comes_back)
    else:
        await returning.at_once(returning.coming_back, lambda: claim(returning.people, broadcast))
    assert await returning.told(broadcast) == {1, 2, 3}


@pytest.mark.parametrize("order", ["behind", "before"])
async def test_who_withdraws_while_their_portion_is_written_is_passed_over_and_nobody_else(
    returning: ReturningPerson, order: str
) -> None:
    people, broadcast = returning.people, await start(returning.people)
    if order == "behind":
        await returning.at_once(returning.portion(broadcast), lambda: people.withdraw(2))
    else:
        await returning.at_once(
            lambda tx: withdraw_signature(tx, people.supporter(2), NOON),
            lambda: queued(people, broadcast),
        )
    assert await returning.told(broadcast) == {1, 3}
