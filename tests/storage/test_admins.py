"""Tests of what is stored of admins: what Telegram calls them now, and a draft of their own."""

from storage import Storage
from storage.admins import names_of_admins, save_admin_name
from tests.support.raw_sql import read_sql, write_sql
from tests.support.supporters import ADMIN, NOON, later

OTHER = ADMIN + 1
ROWS = "SELECT * FROM admin_names"


async def test_a_new_name_takes_the_place_of_the_former_one(storage: Storage) -> None:
    await storage.write(save_admin_name, ADMIN, "Marta", NOON)
    before = await read_sql(storage.database, ROWS)
    await storage.write(save_admin_name, ADMIN, "Marta", later(1))
    assert await read_sql(storage.database, ROWS) == before
    await storage.write(save_admin_name, ADMIN, "Marta Soler", later(2))
    assert await storage.read(names_of_admins, [ADMIN]) == {ADMIN: "Marta Soler"}
    await storage.write(save_admin_name, ADMIN, None, later(3))
    assert await storage.read(names_of_admins, [ADMIN]) == {}
    assert await read_sql(storage.database, ROWS) == []


async def test_who_takes_anothers_name_is_told_apart_by_the_number(storage: Storage) -> None:
    await storage.write(save_admin_name, ADMIN, "Marta Soler", NOON)
    await storage.write(save_admin_name, OTHER, "marta soler", NOON)
    assert await storage.read(names_of_admins, [OTHER]) == {OTHER: f"marta soler ({OTHER})"}
    forged = f"Marta Soler ({ADMIN})"
    await storage.write(save_admin_name, OTHER, forged, later(1))
    assert await storage.read(names_of_admins, [OTHER]) == {OTHER: f"{forged} ({OTHER})"}


async def test_a_damaged_name_is_none_and_is_stored_again(storage: Storage) -> None:
    await storage.write(save_admin_name, ADMIN, "Marta Soler", NOON)
    await write_sql(storage.database, "UPDATE admin_names SET name_sealed = :junk", junk=b"junk")
    assert await storage.read(names_of_admins, [ADMIN]) == {}
    await storage.write(save_admin_name, ADMIN, "Marta Soler", NOON)
    assert await storage.read(names_of_admins, [ADMIN]) == {ADMIN: "Marta Soler"}


MARTA, LUCY = b"m" * 32, b"l" * 32
