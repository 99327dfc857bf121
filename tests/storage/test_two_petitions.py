"""Tests that two petitions in one database neither see nor touch what is the other one's."""

import uuid
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Table

from bot.export.signature_list import pages_of
from storage import Storage, open_storage
from storage.admins import find_draft, last_done, names_of_admins, save_admin_name, store_draft
from storage.approvals import written_to_alone
from storage.broadcast_transitions import begin_broadcast, set_on_broadcast
from storage.broadcast_types import BroadcastAction, Outcome
from storage.broadcasts import (
    active_broadcast,
    broadcast_history,
    count_audience,
    count_signers,
    due_broadcasts,
    has_sent_broadcasts,
    listed_broadcasts,
    scheduled_broadcasts,
)
from storage.closing_texts import (
    AwaitedText,
    ClosingTextKind,
    Publication,
    all_closing_texts,
    approve_publication,
    await_closing_text,
    decline_publication,
    discard_closing_texts,
    publication_id,
    publish_closing_texts,
    published_closing_texts,
    write_closing_text,
)
from storage.consents import remove_signed_name
from storage.conversations import Conversation, conversation_of, count_unsigned, forget_left_forms
from storage.deliveries import settle_deliveries
from storage.erasures import (
    DueBefore,
    DueCount,
    count_due_signatures,
    due_numbers,
    erase_leftovers,
    erase_signatures,
)
from storage.errors import BrokenData
from storage.exports import (
    Change,
    begin_export,
    exported_lists,
    finish_export,
    signature_totals,
)
from storage.handovers import (
    active_handover,
    mark_changes_told,
    newest_handover,
    owed_changes,
    record_handover,
    undo_handover,
)
from storage.invalidations import (
    SignatureCondition,
    all_invalidations,
    find_matches,
    take_out_signatures,
    undo_invalidation,
)
from storage.keyring import Keyring
from storage.leases import take_over
from storage.person_requests import (
    PersonNoticeKind,
    carry_out_request,
    expire_notices,
    find_signer,
    forget_codes,
    waiting_notices,
)
from storage.personal_data import Held, everything_held
from storage.petitions import (
    Reached,
    close_petition,
    closing_update_is_under_way,
    mark_petition_notice_sent,
    petition_notice_at,
    petition_notice_was_sent,
    petition_state,
    reached_so_far,
    reopen_petition,
)
from storage.recalls import end_recall
from storage.restores import (
    held_restore,
    record_copy,
    record_restore,
    release_restore,
    restore_awaits_repetition,
)
from storage.seen_updates import SeenUpdate, forget_seen_updates, note_seen_update
from storage.sent_files import add_sent_file, expire_files, files_due, give_up_files
from storage.signatures import (
    earliest_signed_at,
    signature_statistics,
    signing_rate,
    withdraw_signature,
)
from storage.tables import metadata
from storage.telegram_cache import find_cached_item, put_cached_item
from tests.support.audit_entries import newest_audit_entries
from tests.support.broadcasts import (
    ME,
    claim,
    order,
    queued,
    recipients_of,
    record,
    start,
    started,
)
from tests.support.existing import existing
from tests.support.person_codes import make_code
from tests.support.raw_sql import Statement, read_sql, write_all, write_sql
from tests.support.restores import mark_restore_repeated, replay
from tests.support.supporters import ADMIN, NOON, Supporters, a_supporter, later

OTHER = "other"
MUCH_LATER = NOON + timedelta(days=9999)
ALL = DueBefore(at_most=MUCH_LATER, handed_over=MUCH_LATER)
ENTRY = uuid.uuid4().bytes
LETTER = "a letter"
ANSWER = AwaitedText("abc", ClosingTextKind.ANSWERED, "es", NOON, date(2026, 3, 1))


@pytest.fixture
async def theirs(database_url: str, keyring: Keyring) -> Any:
    opened = await open_storage(database_url, keyring, OTHER)
    yield opened
    await opened.close()


async def publish(storage: Storage, above: int | None) -> Publication:
    """An admin publishes what is left, which waits for another with more signers than this."""
    left = [each for each in await storage.read(all_closing_texts) if each.is_left]
    asked: dict[str, Any] = {"actor": ADMIN, "at": NOON, "approval_above": above}
    return existing(await storage.write(publish_closing_texts, left, **asked))


async def fill(storage: Storage, keyring: Keyring) -> None:
    """Lets everything happen to a petition that is stored about one."""
    people = Supporters(storage.database, keyring, OTHER)
    ana = a_supporter(keyring, 1, slug=OTHER)
    await ana.come_and_sign(storage)
    await people.sign([2, 3, 4, 5])
    await people.consent(2, "signature,updates", 9)
    await people.mute(3)
    await a_supporter(keyring, 9, slug=OTHER).arrive(storage)
    await make_code(storage, ana.supporter, NOON)
    await storage.write(add_sent_file, ana.supporter, chat_id=1, message_id=5, at=NOON)
    await storage.write(add_sent_file, ana.supporter, chat_id=1, message_id=6, at=NOON)
    nobody = a_supporter(keyring, 8, slug=OTHER).supporter
    await storage.write(add_sent_file, nobody, chat_id=8, message_id=7, at=NOON)
    await storage.write(give_up_files, NOON)
    await storage.write(save_admin_name, ADMIN, "Marta", NOON)
    await storage.write(store_draft, keyring.reference(OTHER, ADMIN), "{}", NOON)
    await storage.write(await_closing_text, keyring.reference(OTHER, ADMIN), ANSWER)
    await storage.write(put_cached_item, "menu", b"d" * 32)
    await storage.write(mark_petition_notice_sent, "overdue", "since", NOON)
    await storage.write(write_closing_text, ANSWER.written(b"a" * 16, "Hola", ADMIN, NOON), None)
    await publish(storage, None)
    revision = (await storage.read(petition_state)).revision
    await storage.write(close_petition, revision=revision, actor=ADMIN, at=later(1))
    export = await storage.write(begin_export, at=later(2), detail="xlsx")
    await storage.write(finish_export, export, with_name=5, without_name=0)
    (listed,) = await storage.read(exported_lists)
    await storage.write(record_handover, date(2026, 3, 1), at=later(3), listed=listed)
    await storage.write(take_out_signatures, [4], reason="wave", condition="number", at=later(4))
    await storage.write(carry_out_request, PersonNoticeKind.RESTRICTED, 2, LETTER, later(5))
    await storage.write(take_over, ME, NOON)
    seen = SeenUpdate(keyring.reference(OTHER, 1), 7, NOON)
    await storage.write(note_seen_update, seen)
    planned = await start(storage, starts_at=later(6))
    recalled = await queued(storage, await storage.write(begin_broadcast, planned, later(6)))
    told = await claim(storage, recalled, limit=1)
    await record(storage, recalled, told, Outcome.DELIVERED, at=later(7))
    await order(storage, BroadcastAction.CANCEL, recalled, later(8))
    await started(storage, at=later(9), at_most=4)
    await start(storage, at=later(10), starts_at=later(99), needs_approval=True)
    await storage.write(record_restore, made_at=NOON, at=later(11))
    await storage.write(
        write_closing_text, ANSWER.written(b"b" * 16, "Dos", ADMIN, later(12)), None
    )
    assert (await publish(storage, 4)).published_at is None
    await write_sql(
        storage.database,
        "UPDATE closing_texts SET entry = 'closing', kind = 'closing', day = NULL"
        " WHERE petition = :petition AND number = 2",
        petition=OTHER,
    )
    await storage.write(
        write_closing_text, ANSWER.written(b"c" * 16, "Tres", ADMIN, later(13)), None
    )


def _with_petition() -> list[Table]:
    return [table for table in metadata.sorted_tables if "petition" in table.columns]


async def rows_of_theirs(storage: Storage) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for table in _with_petition():
        sql = f"SELECT * FROM {table.name} WHERE petition = '{OTHER}'"  # noqa: S608 - a table
        rows = await read_sql(storage.database, sql)
        found[table.name] = sorted(rows, key=repr)
    sql = f"SELECT * FROM petitions WHERE slug = '{OTHER}'"  # noqa: S608 - a constant
    found["petitions"] = await read_sql(storage.database, sql)
    sql = "SELECT * FROM deliveries ORDER BY broadcast_id, position"
    found["deliveries"] = await read_sql(storage.database, sql)
    return found


async def test_nothing_of_the_other_petition_is_read(
    storage: Storage, theirs: Storage, keyring: Keyring
) -> None:
    await fill(theirs, keyring)
    # Who reads what is sealed of theirs finds it damaged, and so would one with another key.
    damaged = list[BrokenData]()
    keyring.on_damage = damaged.append
    for column in (each for table in _with_petition() for each in table.c):
        if column.name.endswith("_sealed"):
            where = f"petition = '{OTHER}' AND {column.name} IS NOT NULL"
            sql = f"UPDATE {column.table.name} SET {column.name} = :junk WHERE {where}"  # noqa: S608
            await write_sql(theirs.database, sql, junk=b"junk")
    assert await storage.read(newest_audit_entries, 99) == []
    assert await storage.write(release_restore, actor=ADMIN, at=NOON)
    assert not await storage.write(release_restore, actor=ADMIN, at=later(1))
    assert await storage.read(held_restore) is None
    assert await storage.read(last_done, "close") is None
    assert await storage.read(listed_broadcasts) == []
    assert await storage.read(broadcast_history) == []
    assert await storage.read(scheduled_broadcasts) == []
    assert await storage.read(due_broadcasts, MUCH_LATER) == []
    assert await storage.read(active_broadcast) is None
    assert await storage.read(count_audience) == {}
    assert not await storage.read(has_sent_broadcasts, ADMIN)
    assert await storage.read(written_to_alone, ADMIN, later(60)) == 0
    assert (await storage.read(count_signers)).muted == 0
    assert (await storage.read(count_signers)).written_to == 0
    assert await storage.read(all_closing_texts) == []
    assert await storage.read(published_closing_texts) == []
    assert await storage.read(exported_lists) == []
    assert await storage.read(active_handover) is None
    assert await storage.read(newest_handover) is None
    assert await storage.read(all_invalidations) == []
    assert (await storage.read(find_matches, SignatureCondition())).numbers == []
    assert not await storage.read(closing_update_is_under_way)
    assert await storage.read(earliest_signed_at) is None
    assert await storage.read(count_due_signatures, ALL) == DueCount(0, 0, 0, 0, None)
    assert await storage.read(due_numbers, ALL, untold_too=True, after=0, limit=9) == []
    assert await storage.read(find_signer, 1) is None
    assert await storage.read(waiting_notices) == []
    assert await storage.read(files_due) == []
    assert (await theirs.read(reached_so_far)).number == 5
    assert (await storage.read(signature_statistics, NOON)).total == 0
    assert (await storage.read(signing_rate, NOON)).signed == 0
    assert await storage.read(count_unsigned) == 0
    assert await storage.read(find_cached_item, "menu") is None
    assert await storage.read(find_draft, keyring.reference(OTHER, ADMIN)) is None
    assert not await storage.read(petition_notice_was_sent, "overdue", "since")
    assert await storage.read(petition_notice_at, "overdue", "since") is None
    assert await storage.read(everything_held, 1) == Held()
    held = await storage.read(everything_held, ADMIN)
    assert [(each["action"], each["at"]) for each in held.as_admin["deeds"]] == [("release", NOON)]
    parts = ("broadcasts", "closing_texts", "publications")
    assert [held.as_admin[each] for each in parts] == [()] * 3
    await storage.write(save_admin_name, ADMIN, "Marta", NOON)
    assert await storage.read(names_of_admins, [ADMIN]) == {ADMIN: "Marta"}
    # Their list has nobody of ours of whose changes somebody must be told.
    ours = Supporters(storage.database, keyring)
    await ours.sign([1, 2])
    await ours.withdraw(1)
    for only_given in (None, b"name"):
        set_to = Statement(
            "UPDATE signatures SET name_sealed = :name WHERE petition = 'andry'",
            {"name": only_given},
        )
        await write_all(storage.database, set_to)
        await ours.note(2, Change.NAME_GIVEN, NOON)
    changed = "SELECT 1 FROM changes_after_export WHERE petition = 'andry'"
    assert await read_sql(storage.database, changed) == []
    assert damaged == []


async def test_nothing_of_the_other_petition_is_changed(
    storage: Storage, theirs: Storage, keyring: Keyring
) -> None:
    await fill(theirs, keyring)
    before = await rows_of_theirs(theirs)
    empty = [table for table, rows in before.items() if not rows]
    assert empty == ["anonymous_counts"]  # nothing changes those of a petition but its erasures
    broadcasts = await theirs.read(broadcast_history)
    (invalidation,) = await theirs.read(all_invalidations)
    handover = existing(await theirs.read(active_handover))
    for each in broadcasts:
        await order(storage, BroadcastAction.CANCEL, each, MUCH_LATER)
        await order(storage, BroadcastAction.RECALL, each, NOON)
        await order(storage, BroadcastAction.APPROVE, each, NOON, actor=ADMIN + 1)
        await storage.write(set_on_broadcast, each.id, reported_at=NOON)
        await storage.write(set_on_broadcast, each.id, progress_chat=1, progress_message_id=2)
        await storage.write(set_on_broadcast, each.id, cancel_requested_at=NOON)
        await storage.write(end_recall, each.id, NOON)
    await storage.write(settle_deliveries, MUCH_LATER)
    for user_id in (1, 2, 3):
        someone = a_supporter(keyring, user_id)
        await someone.come_and_sign(storage)
    owed = await theirs.read(owed_changes, handover)
    assert [(each.change, len(each.ids)) for each in owed] == [(Change.RESTRICTED, 1)]
    await make_code(storage, someone.supporter, NOON)
    taken, people = await storage.write(take_out_signatures, [2], reason="", condition="", at=NOON)
    assert people == 1
    assert await storage.write(undo_invalidation, taken, NOON) == 1
    assert await storage.write(withdraw_signature, a_supporter(keyring, 1).supporter, NOON)
    numbers = await storage.read(due_numbers, ALL, untold_too=True, after=0, limit=1)
    assert (
        await storage.write(erase_signatures, numbers, action="retention", entry=ENTRY, at=NOON)
        == 1
    )
    emptied = await storage.read(conversation_of, a_supporter(keyring, 2).supporter)
    assert emptied is not None  # people can still sign, unlike the other one's
    await storage.write(erase_leftovers, ALL, limit=9)
    assert await storage.read(conversation_of, someone.supporter) is not None
    await storage.write(forget_left_forms, MUCH_LATER, limit=9)
    await storage.write(forget_seen_updates, MUCH_LATER, limit=9)
    await storage.write(forget_codes, MUCH_LATER)
    await storage.write(expire_notices, MUCH_LATER)
    await storage.write(expire_files, MUCH_LATER)
    await storage.write(give_up_files, MUCH_LATER)
    await storage.write(release_restore, actor=ADMIN, at=MUCH_LATER)
    await storage.write(record_copy, MUCH_LATER)
    assert await storage.read(held_restore) is not None
    await storage.write(mark_restore_repeated, at=MUCH_LATER, lost=9)
    assert not await storage.read(restore_awaits_repetition)
    await storage.write(write_closing_text, ANSWER.written(b"o" * 16, "Uno", ADMIN, NOON), None)
    for whose in (theirs, storage):
        left = [each for each in await whose.read(all_closing_texts) if each.is_left]
        shown, is_own = publication_id(left), whose is storage
        assert is_own == await storage.write(discard_closing_texts, shown, actor=ADMIN, at=NOON)
    (waits,) = {
        each.publication.id
        for each in await theirs.read(all_closing_texts)
        if each.publication is not None and each.publication.published_at is None
    }
    await storage.write(approve_publication, waits, actor=ADMIN + 1, at=NOON)
    await storage.write(decline_publication, waits, actor=ADMIN, at=NOON)
    await storage.write(save_admin_name, ADMIN, "Marta", NOON)
    await storage.write(save_admin_name, ADMIN, None, NOON)
    await storage.write(mark_changes_told, owed, at=NOON)
    assert await storage.write(undo_invalidation, invalidation.id, NOON) == 0
    assert not await storage.write(undo_handover, handover, at=NOON)
    revision = (await storage.read(petition_state)).revision
    await storage.write(close_petition, revision=revision, actor=ADMIN, at=NOON)
    await storage.write(
        reopen_petition, revision=revision + 1, actor=ADMIN, at=NOON, approval_above=0
    )
    assert not (await storage.read(petition_state)).is_closed
    await storage.write(replay, (), reached=Reached(99, 99), at=NOON)
    assert await rows_of_theirs(theirs) == before


async def test_nothing_of_the_other_petition_is_in_the_way(
    storage: Storage, theirs: Storage, keyring: Keyring
) -> None:
    await fill(theirs, keyring)
    await storage.write(release_restore, actor=ADMIN, at=NOON)
    ana = a_supporter(keyring, 1)
    assert await ana.come_and_sign(storage) is True
    after = Conversation(ana.supporter, stage="my_data", version=3)
    assert await storage.write(remove_signed_name, after, 2, NOON)
    await storage.write(write_closing_text, ANSWER.written(b"o" * 16, "Uno", ADMIN, NOON), None)
    (version,) = await storage.read(all_closing_texts)
    assert version.number == 1
    waits = await publish(storage, 0)
    await storage.write(decline_publication, waits.id, actor=ADMIN, at=NOON)
    (version,) = await storage.read(all_closing_texts)
    assert version.is_left, "theirs is newer"
    assert (await publish(storage, None)).published_at == NOON
    assert len(await storage.read(published_closing_texts)) == 1
    revision = (await storage.read(petition_state)).revision
    closed = existing(await storage.write(close_petition, revision=revision, actor=ADMIN, at=NOON))
    assert (closed.closed_signatures, closed.revision) == (1, revision + 1)
    reopened = await storage.write(reopen_petition, revision=revision + 1, actor=ADMIN, at=NOON)
    assert reopened is not None
    await storage.write(close_petition, revision=revision + 2, actor=ADMIN, at=NOON)
    alone = {"approval_above": 1, "at_most": 1, "expected": 1}
    planned = await start(storage, starts_at=later(20))
    assert await storage.read(due_broadcasts, later(20)) == [planned]
    begun = await storage.write(begin_broadcast, planned, later(20), at_most=1)
    assert begun.is_running
    await storage.write(take_over, ME, NOON)
    assert await recipients_of(storage, await queued(storage, begun)) == 1
    await order(storage, BroadcastAction.CANCEL, begun, later(21))
    at_once = await started(storage, at=later(22), **alone)
    assert (at_once.is_running, await recipients_of(storage, at_once)) == (True, 1)
    last = (
        "SELECT DISTINCT petition, last_signature_number AS number FROM broadcasts"
        " WHERE last_signature_number IS NOT NULL ORDER BY petition"
    )
    assert await read_sql(storage.database, last) == [
        {"petition": "andry", "number": 1},
        {"petition": OTHER, "number": 5},
    ]
    assert await storage.write(record_handover, date(2026, 3, 2), at=later(23)) is not None


async def test_whoever_receives_the_list_is_told_nothing_of_the_other_petition(
    storage: Storage, theirs: Storage, keyring: Keyring
) -> None:
    await fill(theirs, keyring)
    counted = Statement(
        "INSERT INTO anonymous_counts (petition, language, with_name, is_valid, signatures)"
        " VALUES (:petition, 'es', 1, 1, 7)",
        {"petition": OTHER},
    )
    await write_all(theirs.database, counted)
    await Supporters(storage.database, keyring).sign(range(1, 6))
    before = later(-60)
    assert await storage.write(record_handover, date(2026, 3, 1), at=before) is None  # it is open
    export = await storage.write(begin_export, at=before, detail="xlsx")
    assert export.last_number == 5
    async with storage.snapshot() as read:
        _, anonymous, groups = await read(signature_totals, export.last_number)
        assert (anonymous, sum(each.signatures for each in groups)) == (0, 5)
        listed = [each.number async for page in pages_of(export, read) for each in page]
        assert listed == [1, 2, 3, 4, 5]
    await storage.write(finish_export, export, with_name=5, without_name=0)
    assert (await storage.read(signature_statistics, NOON)).erased == 0
    entries = theirs.journal.read().entries
    assert await theirs.write(replay, entries, reached=Reached(), at=NOON)
    assert await theirs.write(close_petition, revision=0, actor=ADMIN, at=NOON) is None
    assert not (await storage.read(petition_state)).is_closed
    assert await start(storage) is None
    await storage.write(close_petition, revision=0, actor=ADMIN, at=before)
    await storage.write(release_restore, actor=ADMIN, at=NOON)
    handover = await storage.write(record_handover, date(2026, 3, 2), at=before, listed=export)
    assert handover is not None
    assert await storage.read(owed_changes, handover) == []
