"""Tests that a draft belongs to one admin and can be read only with the key."""

from storage import Storage
from storage.admins import delete_draft, find_draft, store_draft
from tests.support.raw_sql import read_sql
from tests.support.supporters import NOON

MARTA, LUCY = b"m" * 32, b"l" * 32


async def test_each_admin_has_one(storage: Storage) -> None:
    assert await storage.read(find_draft, MARTA) is None
    await storage.write(store_draft, MARTA, "uno", NOON)
    await storage.write(store_draft, MARTA, "dos", NOON)
    await storage.write(store_draft, LUCY, "tres", NOON)
    assert (await storage.read(find_draft, MARTA), await storage.read(find_draft, LUCY)) == (
        "dos",
        "tres",
    )
    await storage.write(delete_draft, MARTA)
    await storage.write(delete_draft, MARTA)
    assert (await storage.read(find_draft, MARTA), await storage.read(find_draft, LUCY)) == (
        None,
        "tres",
    )


async def test_of_another_petition_it_is_another(storage: Storage) -> None:
    await storage.write(store_draft, MARTA, "uno", NOON)
    assert (
        await Storage(storage.database, storage.keyring, "other").read(find_draft, MARTA) is None
    )


async def test_nothing_of_it_can_be_read_in_the_table(storage: Storage) -> None:
    await storage.write(store_draft, MARTA, "Gracias a todas", NOON)
    rows = await read_sql(storage.database, "SELECT body_sealed FROM drafts")
    assert b"Gracias" not in rows[0]["body_sealed"]
