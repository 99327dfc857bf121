"""Tests that all personal data of one person is read, and nothing of anybody else's."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from storage import Storage
from storage.admins import save_admin_name, store_draft
from storage.audit import add_audit
from storage.broadcast_transitions import change_broadcast, finish_broadcast
from storage.broadcast_types import BroadcastAction, Kind, Outcome
from storage.closing_texts import (
    AwaitedText,
    ClosingTextKind,
    all_closing_texts,
    publish_closing_texts,
    write_closing_text,
)
from storage.consents import add_signed_name, end_consent, remove_signed_name
from storage.conversations import Conversation, save_conversation
from storage.database import Database
from storage.deliveries import record_results, take_lease
from storage.exports import begin_export
from storage.keyring import Keyring
from storage.personal_data import GIVEN, Held, everything_held
from storage.sent_files import add_sent_file
from storage.signatures import mark_unreachable, mute_supporter
from storage.telegram_cache import put_cached_item
from storage.times import from_millis
from tests.support.broadcasts import ME, claim, results, start, started
from tests.support.raw_sql import read_sql, write_sql
from tests.support.supporters import ADMIN, NOON, SLUG, Supporter, Supporters, a_supporter, later

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


async def whole_row(storage: Storage, ana: Supporter) -> None:
    """Ana's conversation with something in every column."""
    await storage.write(
        save_conversation,
        replace(
            ana.conversation(stage="help"),
            page=2,
            return_stage="consent",
            language="en",
            news=True,
            updates=True,
            with_name=False,
            form_started_at=NOON,
            notice="ab" * 8,
            source="luz",
            message_id=5,
            picture_id=4,
            name_message_ids=(6, 7),
            screen_digest=b"s" * 32,
        ),
        was=None,
        at=NOON,
    )


async def test_of_a_stranger_nothing_is_held(storage: Storage) -> None:
    assert await storage.read(everything_held, 1) == Held()


async def test_the_conversation_is_given_whole(storage: Storage, keyring: Keyring) -> None:
    ana, luz = a_supporter(keyring, 1), a_supporter(keyring, 2, "Luz Paz")
    await whole_row(storage, ana)
    await luz.arrive(storage)
    await storage.write(add_sent_file, luz.supporter, chat_id=2, message_id=5, at=NOON)
    held = await storage.read(everything_held, 1)
    row = next(
        r
        for r in await stored(storage.database, "conversations")
        if r["supporter"] == ana.supporter
    )
    same("conversations", row, held.conversation)
    assert held.conversation is not None
    assert held.conversation["name"] == "Ana Ruiz"
    assert replace(held, conversation=None) == Held()


async def test_the_signature_and_its_consent_are_given_whole(
    storage: Storage, keyring: Keyring
) -> None:
    ana, luz = a_supporter(keyring, 1), a_supporter(keyring, 2, "Luz Paz")
    for someone in (luz, ana):
        await someone.arrive(storage)
        await someone.sign(storage, source="radio")
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


async def test_what_is_asked_for_or_happens_again_is_so_since_the_first_time(
    storage: Storage, keyring: Keyring
) -> None:
    ana = a_supporter(keyring, 1)
    await ana.arrive(storage)
    await ana.sign(storage)

    async def moments() -> tuple[object, ...]:
        held = await storage.read(everything_held, ana.user_id)
        assert held.signature is not None
        row, consent = held.signature, held.consents[0]
        ended = (consent["news_ended_at"], consent["updates_ended_at"])
        return row["muted_at"], row["unreachable_at"], *ended

    first, again, later = (NOON + timedelta(seconds=each) for each in (1, 2, 3))
    for at in (first, again):
        await storage.write(mute_supporter, ana.supporter, at)
        await storage.write(mark_unreachable, ana.supporter, at)
        await storage.write(end_consent, ana.supporter, "news", at)
        await storage.write(end_consent, ana.supporter, "updates", at)
        assert await moments() == (first, first, first, first)
    await storage.write(mute_supporter, ana.supporter, None)
    await storage.write(mute_supporter, ana.supporter, later)
    assert await moments() == (later, first, first, first)


async def test_what_was_sent_is_given_with_what_it_was(
    database: Database, storage: Storage, people: Supporters
) -> None:
    await people.sign([1, 2])
    broadcast = await started(storage)
    taken = await claim(storage, broadcast)
    outcome = [replace(each, messages=(8, 9)) for each in results(taken, Outcome.DELIVERED)]
    await storage.write(record_results, broadcast.id, outcome, NOON)
    await write_sql(database, "UPDATE deliveries SET recall_outcome = 'deleted'")
    (given,) = (await storage.read(everything_held, 1001)).deliveries
    row = next(r for r in await stored(database, "deliveries") if r["position"] == 1)
    same("deliveries", row, given)
    assert (given["kind"], given["message_ids"]) == ("closing", [8, 9])
    assert given["updated_at"] == NOON


async def test_what_happened_is_given_in_the_order_of_its_time(
    storage: Storage, keyring: Keyring
) -> None:
    ana = a_supporter(keyring, 1)
    await ana.arrive(storage)
    await ana.sign(storage)
    consent = replace(ana.signature().consent, with_name=True)
    await storage.write(begin_export, at=NOON, detail="xlsx")
    without, again = (Conversation(ana.supporter, stage="my_data", version=n) for n in (3, 4))
    await storage.write(remove_signed_name, without, 2, later(1))
    assert await storage.write(add_signed_name, again, 3, later(2), "Ana Ruiz", consent)
    await storage.write(take_lease, f"broadcast/{SLUG}", ME, seconds=10**9, now=NOON)
    for n in (1, 2):
        await storage.write(add_sent_file, ana.supporter, chat_id=1, message_id=n, at=later(n))
        news = {"kind": Kind.NEWS, "topic": f"news{n}"}
        sent = await started(storage, actor=1, at=later(10 * n), **news)
        taken = await claim(storage, sent, at=later(10 * n + 1))
        await storage.write(
            record_results, sent.id, results(taken, Outcome.DELIVERED), later(10 * n + 2)
        )
        await storage.write(finish_broadcast, sent.id, later(10 * n + 3))
        text = AwaitedText("entry", ClosingTextKind.ANSWERED, "es", NOON, date(2026, 3, n))
        version = text.written(bytes([n]) * 16, "Sí", 1, later(n))
        await storage.write(write_closing_text, version, None)
        await storage.write(
            publish_closing_texts,
            [each for each in await storage.read(all_closing_texts) if each.is_left],
            actor=1,
            at=later(n),
            approval_above=None,
        )
    for table, name, column in (
        ("consents", "consents", "given_at"),
        ("deliveries", "deliveries", "updated_at"),
        ("sent_files", "files", "sent_at"),
        ("changes_after_export", "changes", "changed_at"),
        ("broadcasts", "broadcasts", "created_at"),
        ("audit", "deeds", "at"),
        ("closing_texts", "closing_texts", "written_at"),
        ("closing_publications", "publications", "requested_at"),
    ):
        turned_round = f"UPDATE {table} SET {column} = 4000000000000 - {column}"  # noqa: S608 - ours
        for _ in range(2):
            held = await storage.read(everything_held, 1)
            rows = held.as_admin[name] if name in held.as_admin else getattr(held, name)
            moments = [row[column] for row in rows]
            assert len(moments) >= 2, name
            assert moments == sorted(moments), name
            await write_sql(storage.database, turned_round)


async def test_an_admins_part_is_given_and_no_other_admins(
    database: Database, keyring: Keyring, storage: Storage, people: Supporters
) -> None:
    await people.sign([1])
    broadcast = await start(
        storage,
        starts_at=NOON + timedelta(hours=1),
        source_chat=ADMIN,
        progress=(ADMIN, 77),
        needs_approval=True,
    )
    await storage.write(change_broadcast, BroadcastAction.APPROVE, broadcast.id, OTHER_ADMIN, NOON)
    for admin in (ADMIN, OTHER_ADMIN):
        reference = keyring.reference(SLUG, admin)
        await storage.write(store_draft, reference, f'{{"of": {admin}}}', NOON)
        await storage.write(save_admin_name, admin, f"Admin {admin}", NOON)
        await storage.write(put_cached_item, f"9:menu:{reference.hex()}", b"d" * 32)
    held, reference = await storage.read(everything_held, ADMIN), keyring.reference(SLUG, ADMIN)
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
        *("author", "source_chat", "progress_chat"),
    }
    assert "confirmed_by" not in mine
    assert {deed["actor"] for deed in held.as_admin["deeds"]} == {ADMIN}
    (theirs,) = (await storage.read(everything_held, OTHER_ADMIN)).as_admin["broadcasts"]
    assert theirs["confirmed_by"] == OTHER_ADMIN
    assert not {"author", "source_chat", "progress_chat"} & theirs.keys()
    deeds = [r for r in await stored(database, "audit") if r["actor_sealed"]]
    assert len(deeds) == len(held.as_admin["deeds"]) + len(
        (await storage.read(everything_held, OTHER_ADMIN)).as_admin["deeds"]
    )
    same(
        "audit",
        next(r for r in deeds if r["id"] == held.as_admin["deeds"][0]["id"]),
        held.as_admin["deeds"][0],
    )
    assert await storage.read(everything_held, ADMIN + 2) == Held()


async def test_of_another_petition_nothing_is_given(
    database: Database, keyring: Keyring, people: Supporters
) -> None:
    await people.sign([1])
    assert await Storage(database, keyring, "another").read(everything_held, 1001) == Held()


async def test_what_is_damaged_keeps_nobody_from_the_rest(
    storage: Storage, keyring: Keyring
) -> None:
    ana, marta = a_supporter(keyring, 1), a_supporter(keyring, ADMIN)
    await ana.arrive(storage)
    await ana.sign(storage)
    for number in (1, 2):
        await storage.write(add_audit, f"deed{number}", actor=ADMIN, at=NOON)
    await storage.write(store_draft, marta.supporter, "{}", NOON)
    for damaged in (
        "UPDATE audit SET actor_sealed = :junk WHERE action = 'deed1'",
        "UPDATE drafts SET body_sealed = :junk",
        "UPDATE signatures SET name_sealed = :junk",
    ):
        await write_sql(storage.database, damaged, junk=b"junk" * 20)
    held = await storage.read(everything_held, 1)
    assert held.signature is not None
    assert (held.signature["name"], held.signature["chat"]) == (None, 1)
    assert held.signature["with_name"] is True
    held = await storage.read(everything_held, ADMIN)
    assert [deed["action"] for deed in held.as_admin["deeds"]] == ["deed2"]
    assert held.as_admin["draft"] is not None
    assert held.as_admin["draft"]["body"] is None
