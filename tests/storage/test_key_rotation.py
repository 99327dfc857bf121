"""Tests that an exchange of the key loses nothing, wherever it is killed and whoever writes."""

import asyncio
from pathlib import Path

import asyncpg
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storage import (
    Keyring,
    PersonNoticeKind,
    Statement,
    Storage,
    acquire_process_lock,
    key_rotation,
    open_storage,
)
from storage.database import Database, Row
from storage.key_file import add_encryption_key, remove_older_encryption_keys
from storage.key_rotation import KeyNotTakenUp, KeyRotation
from storage.keyring import _associated_data
from storage.tables import metadata
from tests.storage.test_nothing_in_the_clear import ADMIN, CHAT, live
from tests.support.broadcasts import start
from tests.support.supporters import NOON, Supporters, a_supporter

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
    await storage.drafts.save(admin, "Gracias", NOON)
    await storage.admin_names.save(ADMIN, "Marta", NOON)
    person = a_supporter(keyring, CHAT)
    told = (person.supporter, CHAT, "es", PersonNoticeKind.SHOWN, NOON)
    await storage.database.write(storage.person_notices.adding(*told)[1])
    await start(storage.broadcasts, source_chat=CHAT, progress=(CHAT, 5))
    await storage.invalidations.take_out([1], reason="Una ola", condition="x", at=NOON)
    return storage


@pytest.fixture
async def exchange(lived: Storage, keyring: Keyring, database_url: str) -> KeyRotation:
    """An exchange that has begun: the new key is in the file."""
    return exchanged(lived.database, keyring, database_url)


def exchanged(database: Database, keyring: Keyring, url: str) -> KeyRotation:
    add_encryption_key(keyring.path)
    return KeyRotation(database, url, Keyring.load(keyring.path), sleep=at_once)


async def at_once(seconds: float) -> None:
    """Waits for nothing."""


def only_newest(keyring: Keyring) -> Keyring:
    """Reads the file as a bot does that starts once the older key is out of it."""
    remove_older_encryption_keys(keyring.path, Keyring.load(keyring.path).newest)
    return Keyring.load(keyring.path)


async def opened(database: Database, keyring: Keyring) -> dict[str, list[str]]:
    """What is in every encrypted column; raises if one value cannot be decrypted."""
    found: dict[str, list[str]] = {}
    for table, columns in SEALED.items():
        rows = await database.read(Statement(f"SELECT * FROM {table}"))  # noqa: S608
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
    lived: Storage, keyring: Keyring, exchange: KeyRotation
) -> None:
    before = await opened(lived.database, keyring)
    assert [column for column, values in before.items() if not values] == []
    told: list[int] = []
    done = await exchange.complete(told.append)
    assert (done.values, done.damaged) == (sum(map(len, before.values())), {})
    assert told[-1] == done.values
    assert await opened(lived.database, only_newest(keyring)) == before
    assert await exchange.outdated() == 0


async def test_killed_after_any_portion_it_goes_on_and_does_nothing_twice(
    lived: Storage, keyring: Keyring, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(Exception):
        pass

    monkeypatch.setattr(key_rotation, "PORTION", 1)
    await Supporters(lived.database, keyring).sign(range(2, 8))
    before = await opened(lived.database, keyring)
    rotation = exchanged(lived.database, keyring, database_url)
    total, left = await rotation.outdated(), 0

    def kill(values: int) -> None:
        raise Killed

    for done in range(1, total):
        with pytest.raises(Killed):
            await rotation.reseal(kill)
        left = await rotation.outdated()
        assert left <= total - done
        if left == 0:
            break
    assert left == 0
    assert await opened(lived.database, only_newest(keyring)) == before


@pytest.mark.parametrize("kind", ["postgres"], indirect=True)
async def test_it_waits_for_nobody_who_has_locked_the_petition(
    exchange: KeyRotation, database_url: str
) -> None:
    """It holds rows that somebody who signs may need next, and each would wait for the other."""
    signer = await asyncpg.connect(database_url.replace("+asyncpg", ""))
    async with signer.transaction():
        await signer.fetch("SELECT slug FROM petitions FOR UPDATE")
        async with asyncio.timeout(5):
            await exchange.reseal(int)
    await signer.close()
    assert await exchange.outdated() == 0


async def test_what_is_written_meanwhile_is_not_overwritten_and_is_encrypted_anew_too(
    lived: Storage, keyring: Keyring, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the rows were read two correct their names, one with the older key, and one leaves."""
    people = Supporters(lived.database, keyring)
    await people.sign([2, 3, 4])
    late = Keyring.load(keyring.path)
    late.path = Path("elsewhere")  # it sees no change
    rotation = exchanged(lived.database, keyring, database_url)
    read, sql = lived.database.read, "UPDATE signatures SET name_sealed = :name WHERE id = :id"

    async def read_before_they_write(statement: Statement) -> list[Row]:
        rows = await read(statement)
        if "chat_sealed FROM signatures" in statement.sql and len(rows) == 4:
            for row, using, name in zip(rows, (late, keyring), ("Zoe", "Zita"), strict=False):
                fresh = using.seal(name, table="signatures", column="name_sealed", row=row["id"])
                await lived.database.write(Statement(sql, {"name": fresh, "id": row["id"]}))
            erase = "DELETE FROM signatures WHERE id = :id"
            await lived.database.write(Statement(erase, {"id": rows[2]["id"]}))
        return rows

    monkeypatch.setattr(lived.database, "read", read_before_they_write)
    await rotation.complete(lambda _: None)
    names = (await opened(lived.database, only_newest(keyring)))["signatures.name_sealed"]
    assert len(names) == 3
    assert {"Zoe", "Zita"} <= set(names)


async def test_a_bot_that_runs_takes_up_the_new_key_by_itself(
    lived: Storage, keyring: Keyring, exchange: KeyRotation, database_url: str
) -> None:
    async with acquire_process_lock(database_url, "intake/andry"):
        waits: list[float] = []

        async def look(seconds: float) -> None:
            waits.append(seconds)
            await lived.note_key()

        rotation = KeyRotation(
            lived.database, database_url, Keyring.load(keyring.path), sleep=look
        )
        await rotation.until_taken_up()
        assert len(waits) == 1
    sent = await lived.drafts.get(keyring.reference("andry", ADMIN))
    await exchange.complete(lambda _: None)
    assert await lived.drafts.get(keyring.reference("andry", ADMIN)) == sent
    await lived.drafts.save(keyring.reference("andry", ADMIN), "Otra", NOON)
    assert "Otra" in (await opened(lived.database, only_newest(keyring)))["drafts.body_sealed"]


async def test_nothing_is_changed_while_a_bot_uses_another_copy_of_the_file(
    lived: Storage, exchange: KeyRotation, keyring: Keyring, database_url: str
) -> None:
    now = [0.0]

    async def wait(seconds: float) -> None:
        now[0] += seconds

    rotation = KeyRotation(
        lived.database,
        database_url,
        Keyring.load(keyring.path),
        sleep=wait,
        clock=lambda: now[0],
    )
    async with acquire_process_lock(database_url, "intake/andry"):
        with pytest.raises(KeyNotTakenUp, match="andry has not taken up the new key"):
            await rotation.until_taken_up()
    await rotation.until_taken_up()


async def test_another_petition_with_a_key_of_its_own_is_left_alone(
    lived: Storage, exchange: KeyRotation, database_url: str, tmp_path: Path
) -> None:
    other = Keyring.generate(tmp_path / "other.key")
    theirs = await open_storage(database_url, other, "other")
    await theirs.note_key()
    await theirs.admin_names.save(ADMIN, "Jordi", NOON)
    rows = "SELECT name_sealed FROM admin_names WHERE petition = 'other'"
    before = await lived.database.read(Statement(rows))
    async with acquire_process_lock(database_url, "intake/other"):
        await exchange.until_taken_up()
    done = await exchange.complete(lambda _: None)
    assert done.damaged == {}
    assert await lived.database.read(Statement(rows)) == before
    await theirs.close()


async def test_what_cannot_be_decrypted_is_counted_and_stays(
    lived: Storage, exchange: KeyRotation, keyring: Keyring
) -> None:
    rows = await lived.database.read(Statement("SELECT name_sealed FROM signatures"))
    damaged = rows[0]["name_sealed"][:-1] + b"\x00"
    sql = "UPDATE signatures SET name_sealed = :damaged"
    await lived.database.write(Statement(sql, {"damaged": damaged}))
    done = await exchange.complete(lambda _: None)
    assert done.damaged == {"signatures.name_sealed": 1}
    rows = await lived.database.read(Statement("SELECT name_sealed FROM signatures"))
    assert rows[0]["name_sealed"] == damaged


async def test_names_that_were_never_padded_are_padded_by_the_way(
    storage: Storage, keyring: Keyring, database_url: str
) -> None:
    await Supporters(storage.database, keyring).sign([1])
    rows = await storage.database.read(Statement("SELECT id FROM signatures"))
    key = AESGCM(b"k" * 32)
    place = _associated_data("signatures", "name_sealed", rows[0]["id"])
    former = b"\x01\x00\x01\x02\x03" + b"n" * 12 + key.encrypt(b"n" * 12, b"Ana", place)
    sql = "UPDATE signatures SET name_sealed = :former"
    await storage.database.write(Statement(sql, {"former": former}))
    line = "encryption 00010203 " + "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=\n"
    keyring.path.write_text(keyring.path.read_text() + line)
    rotation = exchanged(storage.database, keyring, database_url)
    await rotation.complete(lambda _: None)
    assert (await opened(storage.database, only_newest(keyring)))["signatures.name_sealed"] == [
        "Ana"
    ]
