"""A process that was replaced writes nothing for an update that another has gone past."""

from datetime import timedelta

import pytest

from storage import Storage
from storage.database import postgres_adapter
from storage.errors import Unavailable, UpdateOutdated
from storage.leases import NOW
from storage.postgres import PostgresDatabase
from storage.seen_updates import (
    SeenUpdate,
    end_update,
    forget_seen_updates,
    handling_update,
    take_update,
)
from storage.telegram_cache import find_cached_item, put_cached_item
from tests.support.supporters import NOON, Supporters

pytestmark = pytest.mark.parametrize("kind", ["postgres"], indirect=True)


async def writes(storage: Storage, number: int, days: float = 0.0) -> None:
    """Writes something while an update of Ana's is handled."""
    update = SeenUpdate(b"a" * 16, number, NOON + timedelta(days=days))
    with handling_update(update):
        await storage.write(put_cached_item, f"{number}", b"")


async def test_what_comes_late_is_refused_and_what_comes_again_is_not(people: Supporters) -> None:
    await writes(people, 8)
    with pytest.raises(UpdateOutdated):
        await writes(people, 7)
    assert await people.read(find_cached_item, "7") is None
    await writes(people, 8)
    await writes(people, 9)
    await people.write(put_cached_item, "of no update", b"")


async def test_after_a_day_telegram_may_begin_with_any_number(people: Supporters) -> None:
    await writes(people, 8)
    await writes(people, 7, days=1.1)
    with pytest.raises(UpdateOutdated):
        await writes(people, 6, days=1.2)
    assert await people.write(forget_seen_updates, NOON + timedelta(days=2), limit=9) == 0
    assert await people.write(forget_seen_updates, NOON + timedelta(days=3), limit=9) == 1
    await writes(people, 1, days=1.2)


async def replica(storage: Storage, name: str, seconds: float) -> None:
    """Has a replica live for so many seconds more, by the server's clock."""
    async with postgres_adapter().connected(url_of(storage)) as connection:
        await connection.execute(
            f"INSERT INTO leases (name, holder, expires_at) VALUES ($1, '', {NOW} + $2)"  # noqa: S608
            " ON CONFLICT (name) DO UPDATE SET expires_at = excluded.expires_at",
            name,
            round(1000 * seconds),
        )


def url_of(storage: Storage) -> str:
    assert isinstance(storage.database, PostgresDatabase)
    return storage.database._dsn


def by(name: str, number: int) -> SeenUpdate:
    return SeenUpdate(b"a" * 16, number, NOON, name)


async def test_one_that_comes_twice_is_handled_once(people: Supporters) -> None:
    await replica(people, "one", 60)
    await replica(people, "two", 60)
    assert await people.write(take_update, by("one", 8))
    with pytest.raises(Unavailable):
        await people.write(take_update, by("two", 8))
    assert await people.write(take_update, by("one", 8))  # tried again
    await people.write(end_update, by("one", 8))
    for name in ("one", "two"):
        assert not await people.write(take_update, by(name, 8))
        assert not await people.write(take_update, by(name, 7))
    assert await people.write(take_update, by("two", 9))


async def test_what_died_halfway_is_handled_by_another_and_its_rest_is_refused(
    people: Supporters,
) -> None:
    await replica(people, "one", 60)
    await replica(people, "two", 60)
    assert await people.write(take_update, by("one", 8))
    assert await people.write(take_update, SeenUpdate(b"b" * 16, 9, NOON, "two"))
    await replica(people, "one", -1)
    assert await people.write(take_update, by("two", 8))
    with handling_update(by("one", 8)), pytest.raises(UpdateOutdated):
        await people.write(put_cached_item, "woken", b"")
    await people.write(end_update, by("one", 8))  # it is not its own any more
    with handling_update(by("two", 8)):
        await people.write(put_cached_item, "here", b"")
    await people.write(end_update, by("two", 8))
    assert not await people.write(take_update, by("one", 8))
