"""Tests that a draft belongs to one admin and can be read only with the key."""

from storage import Database, Drafts, Keyring
from tests.support.raw_sql import read_sql
from tests.support.supporters import NOON, SLUG

MARTA, LUCY = b"m" * 32, b"l" * 32


async def test_each_admin_has_one(database: Database, keyring: Keyring) -> None:
    drafts = Drafts(database, SLUG, keyring)
    assert await drafts.get(MARTA) is None
    await drafts.save(MARTA, "uno", NOON)
    await drafts.save(MARTA, "dos", NOON)
    await drafts.save(LUCY, "tres", NOON)
    assert (await drafts.get(MARTA), await drafts.get(LUCY)) == ("dos", "tres")
    await drafts.forget(MARTA)
    await drafts.forget(MARTA)
    assert (await drafts.get(MARTA), await drafts.get(LUCY)) == (None, "tres")


async def test_of_another_petition_it_is_another(database: Database, keyring: Keyring) -> None:
    await Drafts(database, SLUG, keyring).save(MARTA, "uno", NOON)
    assert await Drafts(database, "other", keyring).get(MARTA) is None


async def test_nothing_of_it_can_be_read_in_the_table(
    database: Database, keyring: Keyring
) -> None:
    await Drafts(database, SLUG, keyring).save(MARTA, "Gracias a todas", NOON)
    rows = await read_sql(database, "SELECT body_sealed FROM drafts")
    assert b"Gracias" not in rows[0]["body_sealed"]
