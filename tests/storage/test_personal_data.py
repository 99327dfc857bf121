"""Tests that all personal data of one person is read, and nothing of anybody else's."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import event

from storage import Storage
from storage.admins import save_admin_name, store_draft
from storage.broadcast_types import BroadcastAction
from storage.consents import end_consent, remove_signed_name
from storage.conversations import Conversation
from storage.database import Database
from storage.keyring import Keyring
from storage.personal_data import GIVEN, Held, everything_held
from storage.signatures import mark_unreachable, mute_supporter
from storage.telegram_cache import put_cached_item
from storage.times import from_millis
from storage.transaction import Transaction
from tests.support.broadcasts import order, start
from tests.support.raw_sql import read_sql, write_sql
from tests.support.supporters import ADMIN, NOON, SLUG, Supporters, a_supporter

OTHER_ADMIN = ADMIN + 1

_EVERYTHING = """
UPDATE signatures SET form_seconds = 40, restricted_at = 1, objected_at = 2, invalidation_id = id,
  kept_version = '2'
WHERE supporter = :supporter
"""


def readable(column: str, value: Any) -> Any:
    """What a stored value is to the person, told apart from how the program reads it."""
    if value is None:
        return None
    if column in ("name_message_ids", "message_ids"):
        return json.loads(value)
    if column == "at" or column.endswith("_at"):
        return from_millis(value)
    return value


async def stored(database: Database, table: str) -> list[dict[str, Any]]:
    return await read_sql(database, f"SELECT * FROM {table}")  # noqa: S608 - ours


def same(table: str, row: Mapping[str, Any], given: Mapping[str, Any] | None) -> None:
    """Nothing of the row is missing in what is given, and nothing is changed."""
    assert given is not None
    for column in GIVEN[table]:
        if not column.endswith("_sealed"):
            assert row[column] is not None, f"{table}.{column} shows nothing"
            assert given[column] == readable(column, row[column]), column


async def test_what_others_asked_for_is_not_read_for_it(storage: Storage) -> None:
    """A million people may see their data, which the audit notes each time."""
    said: list[tuple[str, Any]] = []

    def plan(tx: Transaction) -> str:
        def note(*about: Any) -> None:
            said.append((about[2], about[3]))

        event.listen(tx.connection, "before_cursor_execute", note)
        everything_held(tx, ADMIN)
        event.remove(tx.connection, "before_cursor_execute", note)
        (statement, values), *_ = (each for each in said if "FROM audit" in each[0])
        is_sqlite = tx.connection.dialect.name == "sqlite"
        if not is_sqlite:  # it would read a small table whole
            tx.connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        explain = "EXPLAIN QUERY PLAN" if is_sqlite else "EXPLAIN"
        return str(tx.connection.exec_driver_sql(f"{explain} {statement}", values).all())

    assert "audit_of_admins" in await storage.read(plan)


async def test_the_signature_and_its_consent_are_given_whole(
    storage: Storage, keyring: Keyring
) -> None:
    ana, luz = a_supporter(keyring, 1), a_supporter(keyring, 2, "Luz Paz")
    for someone in (luz, ana):
        await someone.come_and_sign(storage, source="radio")
    await storage.write(mark_unreachable, ana.supporter, NOON + timedelta(seconds=1))
    await storage.write(mute_supporter, ana.supporter, NOON + timedelta(seconds=2))
    await storage.write(end_consent, ana.supporter, "news", NOON + timedelta(seconds=3))
    await storage.write(end_consent, ana.supporter, "updates", NOON + timedelta(seconds=4))
    after = Conversation(ana.supporter, stage="my_data", version=3)
    await storage.write(remove_signed_name, after, 2, NOON + timedelta(seconds=5))
    await write_sql(storage.database, _EVERYTHING, supporter=ana.supporter)
    held = await storage.read(everything_held, 1)
    assert held.signature is not None
    row = next(
        r for r in await stored(storage.database, "signatures") if r["supporter"] == ana.supporter
    )
    same("signatures", row, held.signature)
    assert (held.signature["name"], held.signature["chat"]) == (None, 1)
    assert held.signature["with_name"] is False
    theirs = (await storage.read(everything_held, 2)).signature
    assert theirs is not None
    assert theirs["name"] == "Luz Paz"
    (given,) = held.consents
    consent = next(
        r for r in await stored(storage.database, "consents") if r["signature_id"] == row["id"]
    )
    same("consents", consent, given)
    same("consent_texts", (await stored(storage.database, "consent_texts"))[0], given)
    assert given["channel"] == "telegram"


async def test_an_admins_part_is_given_and_no_other_admins(
    database: Database, keyring: Keyring, people: Supporters
) -> None:
    await people.sign([1])
    broadcast = await start(
        people,
        starts_at=NOON + timedelta(hours=1),
        source_chat=ADMIN,
        progress=(ADMIN, 77),
        needs_approval=True,
    )
    await order(people, BroadcastAction.APPROVE, broadcast, NOON, actor=OTHER_ADMIN)
    for admin in (ADMIN, OTHER_ADMIN):
        reference = keyring.reference(SLUG, admin)
        await people.write(store_draft, reference, f'{{"of": {admin}}}', NOON)
        await people.write(save_admin_name, admin, f"Admin {admin}", NOON)
        await people.write(put_cached_item, f"9:menu:{reference.hex()}", b"d" * 32)
    held, reference = await people.read(everything_held, ADMIN), keyring.reference(SLUG, ADMIN)
    assert held.as_admin["draft"] is not None
    assert json.loads(held.as_admin["draft"]["body"]) == {"of": ADMIN}
    same(
        "drafts",
        next(r for r in await stored(database, "drafts") if r["admin"] == reference),
        held.as_admin["draft"],
    )
    assert held.as_admin["name"] is not None
    assert held.as_admin["name"]["name"] == f"Admin {ADMIN}"
    row = next(r for r in await stored(database, "admin_names") if r["admin"] == reference)
    same("admin_names", row, held.as_admin["name"])
    assert [menu["key"] for menu in held.as_admin["menus"]] == [f"9:menu:{reference.hex()}"]
    (mine,) = held.as_admin["broadcasts"]
    same("broadcasts", (await stored(database, "broadcasts"))[0], mine)
    assert {name for name, value in mine.items() if value == ADMIN} == {
        *("author", "source_chat", "progress_chat")
    }
    assert "confirmed_by" not in mine
    assert {deed["actor"] for deed in held.as_admin["deeds"]} == {ADMIN}
    (theirs,) = (await people.read(everything_held, OTHER_ADMIN)).as_admin["broadcasts"]
    assert theirs["confirmed_by"] == OTHER_ADMIN
    assert not {"author", "source_chat", "progress_chat"} & theirs.keys()
    deeds = [r for r in await stored(database, "audit") if r["actor_sealed"]]
    assert len(deeds) == len(held.as_admin["deeds"]) + len(
        (await people.read(everything_held, OTHER_ADMIN)).as_admin["deeds"]
    )
    same(
        "audit",
        next(r for r in deeds if r["id"] == held.as_admin["deeds"][0]["id"]),
        held.as_admin["deeds"][0],
    )
    assert await people.read(everything_held, ADMIN + 2) == Held()


async def test_of_another_petition_nothing_is_given(
    database: Database, keyring: Keyring, people: Supporters
) -> None:
    await people.sign([1])
    assert await Storage(database, keyring, "another").read(everything_held, 1001) == Held()
