"""Tests that admins are called what Telegram calls them now, and never by another's name alone."""

import pytest

from storage import AdminNames, Database, Keyring
from tests.support.raw_sql import Statement, read_rows, write_sql
from tests.support.supporters import ADMIN, NOON, SLUG, later

OTHER = ADMIN + 1
ROWS = Statement("SELECT * FROM admin_names")


@pytest.fixture
def names(database: Database, keyring: Keyring) -> AdminNames:
    return AdminNames(database, SLUG, keyring)


async def test_of_whom_nothing_is_known_there_is_no_name(names: AdminNames) -> None:
    await names.save(ADMIN, "Marta Soler", NOON)
    assert await names.of([ADMIN, OTHER]) == {ADMIN: "Marta Soler"}


async def test_a_new_name_takes_the_place_of_the_former_one(
    names: AdminNames, database: Database
) -> None:
    await names.save(ADMIN, "Marta", NOON)
    before = await read_rows(database, ROWS)
    await names.save(ADMIN, "Marta", later(1))
    assert await read_rows(database, ROWS) == before
    await names.save(ADMIN, "Marta Soler", later(2))
    assert await names.of([ADMIN]) == {ADMIN: "Marta Soler"}
    await names.save(ADMIN, None, later(3))
    assert await names.of([ADMIN]) == {}
    assert await read_rows(database, ROWS) == []


async def test_who_takes_anothers_name_is_told_apart_by_the_number(names: AdminNames) -> None:
    await names.save(ADMIN, "Marta Soler", NOON)
    await names.save(OTHER, "marta soler", NOON)
    assert await names.of([OTHER]) == {OTHER: f"marta soler ({OTHER})"}
    forged = f"Marta Soler ({ADMIN})"
    await names.save(OTHER, forged, later(1))
    assert await names.of([OTHER]) == {OTHER: f"{forged} ({OTHER})"}


async def test_nobody_reads_a_name_without_the_key(names: AdminNames, database: Database) -> None:
    await names.save(ADMIN, "Marta Soler", NOON)
    stored = repr([dict(row) for row in await read_rows(database, ROWS)])
    assert "Marta" not in stored
    assert str(ADMIN) not in stored


async def test_a_damaged_name_is_none_and_is_stored_again(
    names: AdminNames, database: Database
) -> None:
    await names.save(ADMIN, "Marta Soler", NOON)
    await write_sql(database, "UPDATE admin_names SET name_sealed = :junk", junk=b"junk")
    assert await names.of([ADMIN]) == {}
    await names.save(ADMIN, "Marta Soler", NOON)
    assert await names.of([ADMIN]) == {ADMIN: "Marta Soler"}
