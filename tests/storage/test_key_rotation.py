"""Tests that an exchange of the key loses nothing, wherever it is killed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from storage import Storage, key_rotation, open_storage
from storage.admins import save_admin_name, store_draft
from storage.database import Database
from storage.invalidations import take_out_signatures
from storage.key_rotation import outdated_values, petitions_with_key, reseal
from storage.keyring import Keyring, add_encryption_key, remove_older_encryption_keys
from storage.person_requests import PersonNoticeKind, carry_out_request
from storage.tables import SIGNATURES, metadata
from tests.storage.test_nothing_in_the_clear import ADMIN, CHAT, live
from tests.support.broadcasts import start
from tests.support.raw_sql import Statement, read_sql, write_all, write_sql
from tests.support.supporters import NOON, Supporters

# Every table with encrypted columns, and the column that its values are bound to.
SEALED = {
    table.name: [each.name for each in table.columns if each.name.endswith("_sealed")]
    for table in metadata.sorted_tables
}
BOUND_TO = {
    "conversations": "supporter",
    "sent_files": "supporter",
    "drafts": "admin",
    "admin_names": "admin",
}


@pytest.fixture
async def lived(storage: Storage, keyring: Keyring) -> Storage:
    """A petition with something in every encrypted column."""
    await live(storage, keyring)
    admin = keyring.reference("andry", ADMIN)
    await storage.write(store_draft, admin, "Gracias", NOON)
    await storage.write(save_admin_name, ADMIN, "Marta", NOON)
    await storage.write(carry_out_request, PersonNoticeKind.SHOWN, 1, "a letter", NOON)
    await start(storage, source_chat=CHAT, progress=(CHAT, 5))
    await storage.write(take_out_signatures, [1], reason="Una ola", condition="x", at=NOON)
    return storage


@pytest.fixture
def fresh(lived: Storage, keyring: Keyring) -> Keyring:
    """An exchange that has begun: the new key is in the file."""
    return exchanged(keyring)


def exchanged(keyring: Keyring) -> Keyring:
    add_encryption_key(keyring.path)
    return Keyring.load(keyring.path)


def only_newest(keyring: Keyring) -> Keyring:
    """Reads the file as a bot does that starts once the older key is out of it."""
    remove_older_encryption_keys(keyring.path, Keyring.load(keyring.path).newest)
    return Keyring.load(keyring.path)


async def opened(database: Database, keyring: Keyring) -> dict[str, list[str]]:
    """What is in every encrypted column; raises if one value cannot be decrypted."""
    found: dict[str, list[str]] = {}
    for table, columns in SEALED.items():
        rows = await read_sql(database, f"SELECT * FROM {table}")  # noqa: S608
        for column in columns:
            found[f"{table}.{column}"] = sorted(
                keyring.open(
                    row[column], table=table, column=column, row=row[BOUND_TO.get(table, "id")]
                )
                for row in rows
                if row[column] is not None
            )
    return found


async def test_everything_opens_with_the_new_key_alone(
    lived: Storage, keyring: Keyring, fresh: Keyring
) -> None:
    await Supporters(lived.database, keyring).sign([2])
    without = Statement("UPDATE signatures SET name_sealed = NULL WHERE number = 2")
    await write_all(lived.database, without)
    before = await opened(lived.database, keyring)
    assert [column for column, values in before.items() if not values] == []
    told: list[int] = []
    done, damaged = await reseal(lived, fresh, told.append)
    assert (done, damaged) == (sum(map(len, before.values())), {})
    assert told[-1] == done
    assert await opened(lived.database, only_newest(keyring)) == before
    assert await lived.read(outdated_values, fresh) == 0


@pytest.mark.parametrize("kind", ["sqlite"])
async def test_killed_after_any_portion_it_goes_on_and_does_nothing_twice(
    lived: Storage, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(Exception):
        pass

    monkeypatch.setattr(key_rotation, "PORTION", 1)
    await Supporters(lived.database, keyring).sign(range(2, 8))
    before = await opened(lived.database, keyring)
    fresh = exchanged(keyring)
    total, left = await lived.read(outdated_values, fresh), 0

    def kill(values: int) -> None:
        raise Killed

    for done in range(1, total):
        with pytest.raises(Killed):
            await reseal(lived, fresh, kill)
        left = await lived.read(outdated_values, fresh)
        assert left <= total - done
        if left == 0:
            break
    assert left == 0
    assert await opened(lived.database, only_newest(keyring)) == before


async def test_what_another_command_writes_meanwhile_is_not_overwritten(
    lived: Storage, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the first row one name is corrected, with the older key, and one is erased."""
    monkeypatch.setattr(key_rotation, "PORTION", 1)
    await Supporters(lived.database, keyring).sign([2, 3])
    fresh = exchanged(keyring)
    write = lived.write
    sql = "UPDATE signatures SET name_sealed = :name WHERE id = :id"
    rows = await read_sql(lived.database, "SELECT id FROM signatures ORDER BY id")
    done, erased, waiting = (row["id"] for row in rows)

    async def write_before_they_do(work: Callable[..., Any], *args: Any, **values: Any) -> Any:
        found = await write(work, *args, **values)
        if args and args[0] is SIGNATURES and not args[-1]:
            for key in (done, waiting):
                fresh = keyring.seal("Zoe", table="signatures", column="name_sealed", row=key)
                await write_sql(lived.database, sql, name=fresh, id=key)
            erase = "DELETE FROM signatures WHERE id = :id"
            await write_sql(lived.database, erase, id=erased)
        return found

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(lived, "write", write_before_they_do)
        await reseal(lived, fresh, int)
    # The older key stays, and the next run ends it.
    assert await lived.read(outdated_values, fresh) == 1
    await reseal(lived, fresh, int)
    names = (await opened(lived.database, only_newest(keyring)))["signatures.name_sealed"]
    assert names == ["Zoe", "Zoe"]


async def test_another_petition_with_a_key_of_its_own_is_left_alone(
    lived: Storage, fresh: Keyring, database_url: str, tmp_path: Path
) -> None:
    other = Keyring.generate(tmp_path / "other.key")
    theirs = await open_storage(database_url, other, "other")
    await theirs.write(save_admin_name, ADMIN, "Jordi", NOON)
    rows = "SELECT name_sealed FROM admin_names WHERE petition = 'other'"
    before = await read_sql(lived.database, rows)
    assert await lived.read(petitions_with_key, fresh) == ["andry"]
    _, damaged = await reseal(lived, fresh, int)
    assert damaged == {}
    assert await read_sql(lived.database, rows) == before
    await theirs.close()


async def test_what_cannot_be_decrypted_is_counted_and_stays(
    lived: Storage, fresh: Keyring, keyring: Keyring
) -> None:
    rows = await read_sql(lived.database, "SELECT name_sealed FROM signatures")
    whole = rows[0]["name_sealed"]
    damaged = whole[:-1] + bytes([whole[-1] ^ 1])
    sql = "UPDATE signatures SET name_sealed = :damaged"
    await write_sql(lived.database, sql, damaged=damaged)
    for _ in range(2):  # run again, it is all that is left, and the older key still stays
        _, broken = await reseal(lived, fresh, int)
        assert broken == {"signatures.name_sealed": 1}
    rows = await read_sql(lived.database, "SELECT name_sealed FROM signatures")
    assert rows[0]["name_sealed"] == damaged
