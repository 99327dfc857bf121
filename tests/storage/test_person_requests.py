"""Tests of what a letter asks for, each deed with its code, and of all held of one person."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Executable, event

from storage import Storage
from storage.admins import add_audit, save_admin_name, store_draft
from storage.broadcast_types import BroadcastAction
from storage.consents import end_consent, named, remove_signed_name
from storage.conversations import Conversation, save_conversation
from storage.database import Database
from storage.exports import begin_export
from storage.keyring import Keyring
from storage.person_requests import (
    IN_CHAT,
    NOTICES_KEPT_FOR,
    PersonNoticeKind,
    Signer,
    carry_out_request,
    check_proof,
    count_try,
    expire_notices,
    find_signer,
    forget_codes,
    new_code,
    waiting_notices,
)
from storage.personal_data import GIVEN, Held, everything_held
from storage.petitions import Reached
from storage.sent_files import add_sent_file, files_due
from storage.signatures import mark_unreachable, mute_supporter
from storage.telegram_cache import put_cached_item
from storage.times import from_millis
from storage.transaction import Transaction, Values
from tests.support.audit_entries import AuditEntry, newest_audit_entries
from tests.support.broadcasts import order, start
from tests.support.existing import existing
from tests.support.person_codes import make_code
from tests.support.raw_sql import Statement, read_sql, write_all, write_sql
from tests.support.restores import replay
from tests.support.supporters import ADMIN, NOON, SLUG, Supporters, a_supporter, signature_of

LATER = NOON + timedelta(minutes=5)
LETTER = "verified otherwise: a letter"
CODE_ENDS_AT = NOON + timedelta(days=30)


async def signed(storage: Storage, keyring: Keyring) -> tuple[Signer, str]:
    """Ana, who signed as number 1, and the code that /mydata showed her."""
    ana = a_supporter(keyring, 1)
    await ana.come_and_sign(storage)
    made = await make_code(storage, ana.supporter, NOON)
    signer = await storage.read(find_signer, 1)
    assert made is not None
    assert signer is not None
    return signer, made[0]


async def fits(storage: Storage, *typed: str, at: datetime = LATER) -> list[bool]:
    return [await storage.write(check_proof, 1, each, at) is not None for each in typed]


async def rows_in(storage: Storage, table: str) -> int:
    return len(await read_sql(storage.database, f"SELECT 1 AS one FROM {table}"))  # noqa: S608


async def changes(storage: Storage) -> list[str]:
    rows = await read_sql(storage.database, "SELECT change FROM changes_after_export")
    return sorted(row["change"] for row in rows)


@pytest.mark.parametrize("kind", ["sqlite"])
async def test_who_asks_to_be_erased_is_taken_out_of_the_count_last(
    storage: Storage, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others who sign wait for no more than the commit."""
    _, code = await signed(storage, keyring)
    changed, change = list[str](), Transaction.change

    def noted(tx: Transaction, statement: Executable, values: Values | None = None) -> int:
        changed.append(str(statement))
        return change(tx, statement, values)

    monkeypatch.setattr(Transaction, "change", noted)
    assert await storage.write(
        carry_out_request, PersonNoticeKind.ERASED, 1, "by code", LATER, code=code
    )
    counts = [each.startswith("UPDATE petitions SET") for each in changed]
    assert counts[-3:] == [False, True, True], "also what the journal was told of"


def test_no_code_has_a_sign_that_looks_like_another() -> None:
    signs = set("".join(new_code() for _ in range(100)))
    assert signs & set("O0Q1ILS5Z2B8GU") == set()


async def test_a_code_is_read_however_it_is_typed_and_only_until_its_end(
    storage: Storage, keyring: Keyring
) -> None:
    _, code = await signed(storage, keyring)
    assert all(await fits(storage, code, code.lower(), f" {code.replace('-', '. _')} "))
    last = CODE_ENDS_AT - timedelta(seconds=1)
    assert await fits(storage, code, at=last) == [True]
    assert await fits(storage, code, at=CODE_ENDS_AT) == [False]
    assert not await storage.write(
        carry_out_request, PersonNoticeKind.RESTRICTED, 1, "by code", CODE_ENDS_AT, code=code
    )
    assert await storage.write(check_proof, 2, code, LATER) is None


async def test_a_code_serves_once(storage: Storage, keyring: Keyring) -> None:
    signer, code = await signed(storage, keyring)
    await storage.write(add_sent_file, signer.supporter, chat_id=1, message_id=5, at=NOON)
    await storage.write(begin_export, at=NOON, detail="xlsx")
    assert not await storage.write(
        carry_out_request, PersonNoticeKind.CORRECTED, 1, "by code", LATER, "Eva", code="AAAA-3333"
    )
    assert await storage.write(check_proof, 1, "AAAA-3333", LATER) is None
    assert await storage.write(check_proof, 1, code, LATER) == signer
    assert await storage.write(
        carry_out_request, PersonNoticeKind.CORRECTED, 1, "by code", LATER, "Ana Sol", code=code
    )
    assert [each.message_id for each in await storage.read(files_due)] == [5]
    assert await changes(storage) == ["corrected"]
    known = existing((await storage.read(everything_held, 1)).letter_code)
    assert (known["used_at"], known["ends_at"]) == (LATER, CODE_ENDS_AT)
    assert await fits(storage, code) == [False]
    assert not await storage.write(
        carry_out_request, PersonNoticeKind.ERASED, 1, "by code", LATER, code=code
    )
    assert not await storage.write(
        carry_out_request, PersonNoticeKind.RESTRICTED, 1, "by code", LATER, code=code
    )
    assert await rows_in(storage, "signatures") == 1
    noted = storage.journal.read().entries
    (consent,) = (await storage.read(everything_held, 1)).consents
    sol = named(consent["signature_id"], consent["id"], "Ana Sol")
    assert noted == (sol,), "what was refused is not"
    assert (await storage.read(newest_audit_entries, 9))[:-1] == [
        AuditEntry(LATER, None, "person_corrected", "by code")
    ]
    (waiting,) = await storage.read(waiting_notices)
    assert (waiting.kind, waiting.language, waiting.chat) == ("corrected", "es", 1)
    found = existing(await storage.read(find_signer, 1))
    assert (found.name, found.restricted_at) == ("Ana Sol", None)
    made = existing(await make_code(storage, signer.supporter, LATER))
    assert await fits(storage, made[0]) == [True]
    # In a backup from before, that is brought up to date, she has her name. The code in it may
    # have been used since, and the sentence been sent.
    former = Statement("UPDATE signatures SET name_sealed = :former", {"former": b"former"})
    await write_all(storage.database, former)
    await storage.write(replay, noted, reached=Reached(1), at=LATER)
    restored = existing(await storage.read(find_signer, 1))
    assert restored.name == "Ana Sol"
    assert await fits(storage, made[0]) == [False]
    assert await storage.read(waiting_notices) == []


async def test_restricting_and_objecting_last_until_they_are_lifted(
    storage: Storage, keyring: Keyring
) -> None:
    signer, code = await signed(storage, keyring)
    await storage.write(begin_export, at=NOON, detail="xlsx")
    in_english = replace(a_supporter(keyring, 1).conversation(), language="en")
    await storage.write(save_conversation, in_english, was=2, at=NOON)
    again = LATER + timedelta(days=1)
    for asked, proof, at, is_done, held in (
        (PersonNoticeKind.RESTRICTED, "by code", LATER, True, (LATER, None)),
        (PersonNoticeKind.RESTRICTED, IN_CHAT, again, False, (LATER, None)),
        (PersonNoticeKind.OBJECTED, IN_CHAT, LATER, True, (LATER, LATER)),
        (PersonNoticeKind.OBJECTED, IN_CHAT, again, False, (LATER, LATER)),
        (PersonNoticeKind.LIFTED, IN_CHAT, LATER, True, (None, None)),
        (PersonNoticeKind.LIFTED, IN_CHAT, again, False, (None, None)),
        (PersonNoticeKind.OBJECTED, LETTER, again, True, (None, again)),
        (PersonNoticeKind.LIFTED, LETTER, again + timedelta(seconds=1), True, (None, None)),
        (PersonNoticeKind.OBJECTED, IN_CHAT, again, True, (None, again)),
        (PersonNoticeKind.RESTRICTED, IN_CHAT, again, True, (again, again)),
    ):
        shown = code if proof == "by code" else None
        done = await storage.write(carry_out_request, asked, 1, proof, at, code=shown)
        assert done is is_done, (asked, proof)
        found = existing(await storage.read(signature_of, signer.supporter))
        assert found.with_name, "the name stays"
        assert (found.restricted_at, found.objected_at) == held
        assert found.is_only_stored is any(held)
    told = [(each.kind, each.language) for each in await storage.read(waiting_notices)]
    assert told == [("restricted", "en"), ("objected", "en"), ("lifted", "en")], (
        "what is done in the chat is seen there"
    )
    noted = ["name_given"] * 2 + ["objected"] * 3 + ["restricted"] * 2
    assert await changes(storage) == noted
    known = [(each.action, each.detail) for each in await storage.read(newest_audit_entries, 9)]
    assert sorted(known)[1:] == [
        ("person_lifted", "in the chat"),
        ("person_lifted", LETTER),
        ("person_objected", "in the chat"),
        ("person_objected", "in the chat"),
        ("person_objected", LETTER),
        ("person_restricted", "by code"),
        ("person_restricted", "in the chat"),
    ]
    await write_sql(storage.database, "UPDATE signatures SET name_sealed = NULL")
    assert await storage.write(carry_out_request, PersonNoticeKind.LIFTED, 1, IN_CHAT, again)
    assert await storage.write(carry_out_request, PersonNoticeKind.OBJECTED, 1, IN_CHAT, again)
    assert await changes(storage) == noted, "nobody was given a name that could be told of"
    damaged = Statement("UPDATE signatures SET chat_sealed = :junk", {"junk": b"junk" * 20})
    await write_all(storage.database, damaged)
    assert await storage.write(carry_out_request, PersonNoticeKind.LIFTED, 1, LETTER, again)
    assert len(await storage.read(waiting_notices)) == len(told), "nobody knows the chat"


async def test_a_sentence_is_tried_twice_at_most_and_forgotten_after_a_week(
    storage: Storage, keyring: Keyring
) -> None:
    _, code = await signed(storage, keyring)
    await storage.write(carry_out_request, PersonNoticeKind.SHOWN, 1, "by code", LATER, code=code)
    (waiting,) = await storage.read(waiting_notices)
    assert await storage.write(count_try, waiting)
    await storage.write(count_try, waiting, -1)
    assert await storage.write(count_try, waiting)
    assert (await storage.read(waiting_notices))[0].attempts == 1
    assert timedelta(days=7) == NOTICES_KEPT_FOR
    await storage.write(expire_notices, LATER - timedelta(milliseconds=1))
    assert len(await storage.read(waiting_notices)) == 1
    await storage.write(expire_notices, LATER)
    assert await storage.read(waiting_notices) == []
    assert not await storage.write(count_try, waiting)
    jordi = a_supporter(keyring, 2)
    await jordi.come_and_sign(storage)
    await make_code(storage, jordi.supporter, LATER)
    for at, left in ((CODE_ENDS_AT - timedelta(milliseconds=1), 2), (CODE_ENDS_AT, 1)):
        await storage.write(forget_codes, at)
        assert await rows_in(storage, "person_codes") == left


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
        explain = "EXPLAIN QUERY PLAN" if is_sqlite else "EXPLAIN"
        return str(tx.connection.exec_driver_sql(f"{explain} {statement}", values).all())

    def others_ask(tx: Transaction) -> None:
        for _ in range(300):
            add_audit(tx, "data_shown", at=NOON)
        if tx.connection.dialect.name != "sqlite":
            tx.connection.exec_driver_sql("ANALYZE audit")

    await storage.write(others_ask)
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
    theirs = existing((await storage.read(everything_held, 2)).signature)
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
