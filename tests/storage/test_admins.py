"""Tests of what is stored of admins: what Telegram calls them now, and a draft of their own."""

from storage import Storage
from storage.admins import delete_draft, find_draft, names_of_admins, save_admin_name, store_draft
from tests.support.raw_sql import Statement, read_rows, read_sql, write_sql
from tests.support.supporters import ADMIN, NOON, later

OTHER = ADMIN + 1
ROWS = Statement("SELECT * FROM admin_names")


async def test_of_whom_nothing_is_known_there_is_no_name(storage: Storage) -> None:
    await storage.write(save_admin_name, ADMIN, "Marta Soler", NOON)
    assert await storage.read(names_of_admins, [ADMIN, OTHER]) == {ADMIN: "Marta Soler"}


async def test_a_new_name_takes_the_place_of_the_former_one(storage: Storage) -> None:
    await storage.write(save_admin_name, ADMIN, "Marta", NOON)
    before = await read_rows(storage.database, ROWS)
    await storage.write(save_admin_name, ADMIN, "Marta", later(1))
    assert await read_rows(storage.database, ROWS) == before
    await storage.write(save_admin_name, ADMIN, "Marta Soler", later(2))
    assert await storage.read(names_of_admins, [ADMIN]) == {ADMIN: "Marta Soler"}
    await storage.write(save_admin_name, ADMIN, None, later(3))
    assert await storage.read(names_of_admins, [ADMIN]) == {}
    assert await read_rows(storage.database, ROWS) == []


async def test_who_takes_anothers_name_is_told_apart_by_the_number(storage: Storage) -> None:
    await storage.write(save_admin_name, ADMIN, "Marta Soler", NOON)
    await storage.write(save_admin_name, OTHER, "marta soler", NOON)
    assert await storage.read(names_of_admins, [OTHER]) == {OTHER: f"marta soler ({OTHER})"}
    forged = f"Marta Soler ({ADMIN})"
    await storage.write(save_admin_name, OTHER, forged, later(1))
    assert await storage.read(names_of_admins, [OTHER]) == {OTHER: f"{forged} ({OTHER})"}


async def test_nobody_reads_a_name_without_the_key(storage: Storage) -> None:
    await storage.write(save_admin_name, ADMIN, "Marta Soler", NOON)
    stored = repr([dict(row) for row in await read_rows(storage.database, ROWS)])
    assert "Marta" not in stored
    assert str(ADMIN) not in stored


async def test_a_damaged_name_is_none_and_is_stored_again(storage: Storage) -> None:
    await storage.write(save_admin_name, ADMIN, "Marta Soler", NOON)
    await write_sql(storage.database, "UPDATE admin_names SET name_sealed = :junk", junk=b"junk")
    assert await storage.read(names_of_admins, [ADMIN]) == {}
    await storage.write(save_admin_name, ADMIN, "Marta Soler", NOON)
    assert await storage.read(names_of_admins, [ADMIN]) == {ADMIN: "Marta Soler"}


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
