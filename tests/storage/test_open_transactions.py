"""Tests that two open transactions on PostgreSQL together miss no recipient."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from storage import Broadcast, Broadcasts, Database, Signatures, Statement
from storage.delivery_claims import ClaimScope, claim_statements
from storage.enqueue import portion_statements
from storage.postgres_sql import translate
from storage.returning_supporters import returned_statements
from storage.signing import withdraw_statements
from tests.support.broadcasts import ME, claim, queued, start
from tests.support.supporters import SLUG, Supporters, later

_IS_WAITING = """
SELECT 1 FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock'
"""

AT = 1_000_000_000_000


@pytest.fixture(params=["postgres"])
def kind(request: pytest.FixtureRequest) -> str:
    """SQLite has one writer, so nothing of this can happen there."""
    return str(request.param)


@asynccontextmanager
async def uncommitted(url: str, statements: Sequence[Statement]) -> AsyncIterator[None]:
    """A transaction that has done all this when the block begins, and is committed at its end."""
    connection: Any = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        async with connection.transaction():
            for statement in statements:
                sql, names = translate(statement.sql)
                await connection.fetch(sql, *[statement.values[name] for name in names])
            yield
    finally:
        await connection.close()


async def ended_or_waiting(task: asyncio.Task[Any], database: Database) -> None:
    """Until it is done, or waits for somebody else's lock."""
    async with asyncio.timeout(10):
        while not task.done() and not await database.read(Statement(_IS_WAITING)):  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.01)


Doing = Callable[[], Awaitable[object]]


class Scene:
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

    def post(self, broadcast: Broadcast) -> ClaimScope:
        return ClaimScope(SLUG, broadcast.id, broadcast.topic, False, self.broadcasts.lease, ME)

    def portion(self, broadcast: Broadcast) -> tuple[Statement, ...]:
        return portion_statements(self.post(broadcast), broadcast, after=0, upto=3, at=AT)

    def claiming(self, broadcast: Broadcast) -> tuple[Statement, ...]:
        token = uuid.uuid4().bytes
        return claim_statements(self.post(broadcast), claim=token, limit=10, after=0, at=AT)

    def coming_back(self) -> tuple[Statement, ...]:
        return returned_statements(SLUG, self.people.supporter(2), later(2))

    async def comes_back(self) -> object:
        return await self.signatures.mark_reachable(self.people.supporter(2), later(2))

    async def at_once(self, first: Sequence[Statement], then: Doing) -> None:
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
async def scene(
    database_url: str,
    database: Database,
    broadcasts: Broadcasts,
    people: Supporters,
    signatures: Signatures,
) -> Scene:
    await people.sign([1, 2, 3])
    return Scene(database_url, database, broadcasts, people, signatures)


class TestBack:
    """Who comes back while the worker passes over them is told all the same."""

    async def test_behind_their_portion(self, scene: Scene) -> None:
        await scene.people.lose(2)
        broadcast = await start(scene.broadcasts)
        await scene.at_once(scene.portion(broadcast), scene.comes_back)
        assert await scene.told(broadcast) == {1, 2, 3}

    async def test_before_their_portion(self, scene: Scene) -> None:
        await scene.people.lose(2)
        broadcast = await start(scene.broadcasts)
        portion = scene.portion(broadcast)
        await scene.at_once(scene.coming_back(), lambda: scene.database.write(*portion))
        assert await scene.told(broadcast) == {1, 2, 3}

    async def test_before_it_begins(self, scene: Scene) -> None:
        await scene.people.lose(2)
        begun: list[Broadcast] = []

        async def begin() -> None:
            begun.append(await start(scene.broadcasts))
            await queued(scene.broadcasts, begun[0])

        await scene.at_once(scene.coming_back(), begin)
        assert await scene.told(begun[0]) == {1, 2, 3}

    async def test_behind_their_claim(self, scene: Scene) -> None:
        broadcast = await queued(scene.broadcasts, await start(scene.broadcasts))
        await scene.people.lose(2)
        await scene.at_once(scene.claiming(broadcast), scene.comes_back)
        assert await scene.told(broadcast) == {1, 2, 3}

    async def test_before_their_claim(self, scene: Scene) -> None:
        broadcast = await queued(scene.broadcasts, await start(scene.broadcasts))
        await scene.people.lose(2)
        claiming = scene.claiming(broadcast)
        await scene.at_once(scene.coming_back(), lambda: scene.database.write(*claiming))
        assert await scene.told(broadcast) == {1, 2, 3}


class TestGone:
    """Who withdraws while their portion is written is passed over, and nobody else."""

    async def test_before_their_portion(self, scene: Scene) -> None:
        broadcast = await start(scene.broadcasts)
        withdrawing = withdraw_statements(SLUG, scene.people.supporter(2), None)
        portion = scene.portion(broadcast)
        await scene.at_once(withdrawing, lambda: scene.database.write(*portion))
        assert await scene.told(broadcast) == {1, 3}

    async def test_behind_their_portion(self, scene: Scene) -> None:
        broadcast = await start(scene.broadcasts)
        await scene.at_once(scene.portion(broadcast), lambda: scene.people.withdraw(2))
        assert await scene.told(broadcast) == {1, 3}
