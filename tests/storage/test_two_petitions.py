"""Tests that two petitions in one database neither see nor touch what is the other one's."""

import uuid
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Table

from storage import (
    AwaitedText,
    BroadcastAction,
    Change,
    ClosingTextKind,
    Conversation,
    DueBefore,
    DueCount,
    Keyring,
    Outcome,
    Proof,
    Reached,
    SignatureCondition,
    SignOutcome,
    Storage,
    open_storage,
    verified_otherwise,
)
from storage.journal_replay import replay
from storage.tables import metadata
from tests.support.broadcasts import ME, claim, queued, results, start, started
from tests.support.raw_sql import Statement, read_rows, read_sql, write_all, write_sql
from tests.support.supporters import ADMIN, NOON, Supporters, a_supporter, later

OTHER = "other"
MUCH_LATER = NOON + timedelta(days=9999)
ALL = DueBefore(at_most=MUCH_LATER, handed_over=MUCH_LATER)
ENTRY = uuid.uuid4().bytes
LETTER: Proof = verified_otherwise("a letter")
ANSWER = AwaitedText("abc", ClosingTextKind.ANSWERED, "es", NOON, date(2026, 3, 1))


@pytest.fixture
async def theirs(database_url: str, keyring: Keyring) -> Any:
    opened = await open_storage(database_url, keyring, OTHER)
    yield opened
    await opened.close()


async def fill(storage: Storage, keyring: Keyring) -> None:
    """Lets everything happen to a petition that is stored about one."""
    people = Supporters(storage.database, keyring, OTHER)
    ana = a_supporter(keyring, 1, slug=OTHER)
    await ana.arrive(storage)
    await ana.sign(storage)
    await people.sign([2, 3, 4, 5])
    await people.consent(2, "signature,updates", 9)
    await people.mute(3)
    await a_supporter(keyring, 9, slug=OTHER).arrive(storage)
    await storage.person_codes.make(ana.supporter, NOON)
    await storage.sent_files.add(ana.supporter, chat_id=1, message_id=5, at=NOON)
    await storage.sent_files.add(ana.supporter, chat_id=1, message_id=6, at=NOON)
    nobody = a_supporter(keyring, 8, slug=OTHER).supporter
    await storage.sent_files.add(nobody, chat_id=8, message_id=7, at=NOON)
    await storage.sent_files.give_up(NOON)
    await storage.admin_names.save(ADMIN, "Marta", NOON)
    await storage.drafts.save(keyring.reference(OTHER, ADMIN), "{}", NOON)
    await storage.closing_texts.await_text(keyring.reference(OTHER, ADMIN), ANSWER)
    await storage.telegram_cache.put("menu", b"d" * 32)
    await storage.petitions.mark_notice_sent("overdue", "since", NOON)
    await storage.closing_texts.write(b"a" * 16, None, ANSWER, "Hola", actor=ADMIN, at=NOON)
    await storage.closing_texts.publish(
        await storage.closing_texts.history(), actor=ADMIN, at=NOON, approval_above=None
    )
    revision = (await storage.petitions.state()).revision
    await storage.petitions.close(revision=revision, actor=ADMIN, at=later(1))
    export = await storage.exports.begin(at=later(2), detail="xlsx")
    await storage.exports.finish(export, with_name=5, without_name=0)
    (listed,) = await storage.handovers.exports()
    await storage.handovers.record(date(2026, 3, 1), at=later(3), listed=listed)
    await storage.invalidations.take_out([4], reason="wave", condition="number", at=later(4))
    signer = await storage.person_requests.of(people.supporter(2))
    assert signer is not None
    await storage.person_requests.restrict(signer, LETTER, later(5))
    await storage.leases.take(f"broadcast/{OTHER}", ME, seconds=10**9, now=NOON)
    planned = await start(storage.broadcasts, starts_at=later(6))
    recalled = await queued(storage.broadcasts, await storage.broadcasts.begin(planned, later(6)))
    told = await claim(storage.broadcasts, recalled, limit=1)
    await storage.broadcasts.deliveries.record(
        recalled.id, results(told, Outcome.DELIVERED), later(7)
    )
    await storage.broadcasts.change(BroadcastAction.CANCEL, recalled.id, ADMIN, later(8))
    await started(storage.broadcasts, at=later(9), at_most=4)
    await start(storage.broadcasts, at=later(10), starts_at=later(99), needs_approval=True)
    await storage.restores.record(made_at=NOON, at=later(11))
    await storage.closing_texts.write(b"b" * 16, None, ANSWER, "Dos", actor=ADMIN, at=later(12))
    waits = await storage.closing_texts.publish(
        [each for each in await storage.closing_texts.history() if each.is_left],
        actor=ADMIN,
        at=later(12),
        approval_above=4,
    )
    assert waits is not None
    assert waits.published_at is None
    await write_sql(
        storage.database,
        "UPDATE closing_texts SET entry = 'closing', kind = 'closing', day = NULL"
        " WHERE petition = :petition AND number = 2",
        petition=OTHER,
    )
    await storage.closing_texts.write(b"c" * 16, None, ANSWER, "Tres", actor=ADMIN, at=later(13))


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
    assert await storage.audit.entries(99) == []
    assert await storage.restores.release(actor=ADMIN, at=NOON)
    assert not await storage.restores.release(actor=ADMIN, at=later(1))
    assert await storage.restores.held() is None
    assert await storage.audit.last("close") is None
    assert await storage.broadcasts.listed() == []
    assert await storage.broadcasts.history() == []
    assert await storage.broadcasts.scheduled() == []
    assert await storage.broadcasts.due(MUCH_LATER) == []
    assert await storage.broadcasts.active() is None
    assert await storage.broadcasts.audience() == {}
    assert not await storage.broadcasts.has_sent(ADMIN)
    assert await storage.broadcasts.written_to_alone(ADMIN, later(60)) == 0
    assert (await storage.broadcasts.signers()).muted == 0
    assert (await storage.broadcasts.signers()).written_to == 0
    assert await storage.closing_texts.history() == []
    assert await storage.closing_texts.published() == []
    assert await storage.handovers.exports() == []
    assert await storage.handovers.active() is None
    assert await storage.handovers.newest() is None
    assert await storage.invalidations.entries() == []
    assert (await storage.invalidations.find(SignatureCondition())).numbers == []
    assert not await storage.erasures.is_sending()
    assert await storage.erasures.first_signed_at() is None
    assert await storage.erasures.count(ALL) == DueCount(0, 0, 0, 0, None)
    assert await storage.erasures.due_numbers(ALL, untold_too=True, after=0, limit=9) == []
    assert await storage.person_requests.find(1) is None
    assert await storage.person_notices.waiting() == []
    assert await storage.sent_files.due() == []
    assert (await theirs.petitions.reached()).number == 5
    assert (await storage.signatures.stats(NOON)).total == 0
    assert (await storage.signatures.rate(NOON)).signed == 0
    assert await storage.conversations.unsigned() == 0
    assert await storage.telegram_cache.get("menu") is None
    assert not await storage.petitions.notice_was_sent("overdue", "since")
    assert await storage.petitions.first_notice_at("overdue", "since") is None
    held = await storage.personal_data.of(ADMIN)
    assert [(each["action"], each["at"]) for each in held.deeds] == [("release", NOON)]
    assert (held.broadcasts, held.closing_texts, held.publications) == ((), (), ())
    await storage.admin_names.save(ADMIN, "Marta", NOON)
    assert await storage.admin_names.of([ADMIN]) == {ADMIN: "Marta"}
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
    changed = Statement("SELECT 1 FROM changes_after_export WHERE petition = 'andry'")
    assert await read_rows(storage.database, changed) == []


async def test_nothing_of_the_other_petition_is_changed(
    storage: Storage, theirs: Storage, keyring: Keyring
) -> None:
    await fill(theirs, keyring)
    before = await rows_of_theirs(theirs)
    empty = [table for table, rows in before.items() if not rows]
    assert empty == ["anonymous_counts"]  # nothing changes those of a petition but its erasures
    broadcasts = await theirs.broadcasts.history()
    (invalidation,) = await theirs.invalidations.entries()
    handover = await theirs.handovers.active()
    assert handover is not None
    for each in broadcasts:
        await storage.broadcasts.change(BroadcastAction.CANCEL, each.id, ADMIN, MUCH_LATER)
        await storage.broadcasts.change(BroadcastAction.RECALL, each.id, ADMIN, NOON)
        await storage.broadcasts.change(BroadcastAction.APPROVE, each.id, ADMIN + 1, NOON)
        await storage.broadcasts.note(each.id, reported_at=NOON)
        await storage.broadcasts.note(each.id, progress_chat=1, progress_message_id=2)
        await storage.broadcasts.note(each.id, cancel_requested_at=NOON)
        await storage.recalls.end(each.id, NOON)
    await storage.broadcasts.deliveries.settle(MUCH_LATER)
    for user_id in (1, 2, 3):
        someone = a_supporter(keyring, user_id)
        await someone.arrive(storage)
        await someone.sign(storage)
    owed = await theirs.changes_after_export.owed(handover)
    assert [(each.change, len(each.ids)) for each in owed] == [(Change.RESTRICTED, 1)]
    await storage.person_codes.make(someone.supporter, NOON)
    taken, people = await storage.invalidations.take_out([2], reason="", condition="", at=NOON)
    assert people == 1
    assert await storage.invalidations.undo(taken, NOON) == 1
    assert await storage.signatures.withdraw(a_supporter(keyring, 1).supporter, NOON)
    numbers = await storage.erasures.due_numbers(ALL, untold_too=True, after=0, limit=1)
    assert await storage.erasures.erase(numbers, action="retention", entry=ENTRY, at=NOON) == 1
    emptied = await storage.conversations.get(a_supporter(keyring, 2).supporter)
    assert emptied is not None  # people can still sign, unlike the other one's
    await storage.erasures.erase_what_is_left(ALL, limit=9)
    assert await storage.conversations.get(someone.supporter) is not None
    await storage.conversations.forget_forms(MUCH_LATER, limit=9)
    await storage.person_codes.forget(MUCH_LATER)
    await storage.person_notices.expire(MUCH_LATER)
    await storage.sent_files.expire(MUCH_LATER)
    await storage.sent_files.give_up(MUCH_LATER)
    await storage.restores.release(actor=ADMIN, at=MUCH_LATER)
    await storage.restores.mark_repeated(at=MUCH_LATER, lost=9)
    assert not await storage.restores.awaits_repetition()
    await storage.closing_texts.discard(actor=ADMIN, at=NOON)
    (waits,) = {
        each.publication.id
        for each in await theirs.closing_texts.history()
        if each.publication is not None and each.publication.published_at is None
    }
    await storage.closing_texts.approve(waits, actor=ADMIN + 1, at=NOON)
    await storage.closing_texts.decline(waits, actor=ADMIN, at=NOON)
    await storage.closing_texts.ask_again(0, NOON)
    await storage.admin_names.save(ADMIN, "Marta", NOON)
    await storage.admin_names.save(ADMIN, None, NOON)
    await storage.changes_after_export.mark_told(owed, at=NOON)
    assert await storage.invalidations.undo(invalidation.id, NOON) == 0
    assert not await storage.handovers.undo(handover, at=NOON)
    revision = (await storage.petitions.state()).revision
    await storage.petitions.close(revision=revision, actor=ADMIN, at=NOON)
    await replay(storage.database, keyring, "andry", (), reached=Reached(99, 99), at=NOON)
    assert await rows_of_theirs(theirs) == before


async def test_nothing_of_the_other_petition_is_in_the_way(
    storage: Storage, theirs: Storage, keyring: Keyring
) -> None:
    await fill(theirs, keyring)
    await storage.restores.release(actor=ADMIN, at=NOON)
    ana = a_supporter(keyring, 1)
    await ana.arrive(storage)
    assert await ana.sign(storage) is SignOutcome.SIGNED
    after = Conversation(ana.supporter, stage="my_data", version=3)
    assert await storage.signatures.remove_name(ana.supporter, after, 2, NOON)
    await storage.closing_texts.write(b"o" * 16, None, ANSWER, "Uno", actor=ADMIN, at=NOON)
    (version,) = await storage.closing_texts.history()
    assert version.number == 1
    published = await storage.closing_texts.publish(
        [version], actor=ADMIN, at=NOON, approval_above=1
    )
    assert published is not None
    assert published.published_at == NOON
    await storage.closing_texts.ask_again(1, NOON)
    assert len(await storage.closing_texts.published()) == 1
    over = Statement("UPDATE broadcasts SET state = 'finished' WHERE state = 'cancelled'")
    await write_all(theirs.database, over)
    await storage.closing_texts.ask_again(0, NOON)
    assert await storage.closing_texts.published() == []
    revision = (await storage.petitions.state()).revision
    closed = await storage.petitions.close(revision=revision, actor=ADMIN, at=NOON)
    assert closed is not None
    assert (closed.closed_signatures, closed.revision) == (1, revision + 1)
    reopened = await storage.petitions.reopen(revision=revision + 1, actor=ADMIN, at=NOON)
    assert reopened is not None
    await storage.petitions.close(revision=revision + 2, actor=ADMIN, at=NOON)
    alone = {"approval_above": 1, "at_most": 1, "expected": 1}
    planned = await start(storage.broadcasts, starts_at=later(20))
    assert await storage.broadcasts.due(later(20)) == [planned]
    begun = await storage.broadcasts.begin(planned, later(20), at_most=1)
    assert begun.is_running
    await storage.leases.take("broadcast/andry", ME, seconds=10**9, now=NOON)
    assert (await queued(storage.broadcasts, begun)).total == 1
    await storage.broadcasts.change(BroadcastAction.CANCEL, begun.id, ADMIN, later(21))
    too_early = await start(storage.broadcasts, starts_at=later(21))
    people = Supporters(storage.database, keyring)
    await people.set_closed(False)
    assert (await storage.broadcasts.begin(too_early, later(21))).state == "stopped"
    await people.set_closed(True)
    at_once = await started(storage.broadcasts, at=later(22), **alone)
    assert (at_once.is_running, at_once.total) == (True, 1)
    last = Statement(
        "SELECT DISTINCT petition, last_signature_number AS number FROM broadcasts"
        " WHERE last_signature_number IS NOT NULL ORDER BY petition"
    )
    assert await read_rows(storage.database, last) == [
        {"petition": "andry", "number": 1},
        {"petition": OTHER, "number": 5},
    ]
    assert await storage.handovers.record(date(2026, 3, 2), at=later(23)) is not None


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
    assert await storage.handovers.record(date(2026, 3, 1), at=before) is None  # it is open
    export = await storage.exports.begin(at=before, detail="xlsx")
    assert export.last_number == 5
    async with storage.exports.read(export) as listed:
        assert (await listed.counts()).anonymous == 0
        assert sum(each.signatures for each in await listed.groups()) == 5
        pages = [each.number for page in [page async for page in listed.pages()] for each in page]
        assert pages == [1, 2, 3, 4, 5]
    await storage.exports.finish(export, with_name=5, without_name=0)
    assert (await storage.signatures.stats(NOON)).erased == 0
    entries = theirs.journal.read().entries
    assert await replay(storage.database, keyring, OTHER, entries, reached=Reached(), at=NOON)
    assert await theirs.petitions.close(revision=0, actor=ADMIN, at=NOON) is None
    assert not (await storage.petitions.state()).is_closed
    assert await start(storage.broadcasts) is None
    await storage.petitions.close(revision=0, actor=ADMIN, at=before)
    await storage.restores.release(actor=ADMIN, at=NOON)
    handover = await storage.handovers.record(date(2026, 3, 2), at=before, listed=export)
    assert handover is not None
    assert await storage.handovers.invalidated_since(handover) == 0
    assert await storage.changes_after_export.owed(handover) == []
