"""Tests that a handover is recorded once, taken back, and known of each signer."""

from dataclasses import replace
from datetime import date

import pytest

from storage import Storage
from storage.exports import Change, ExportedList, exported_lists
from storage.handovers import (
    active_handover,
    handover_known_to,
    mark_changes_told,
    newest_handover,
    owed_changes,
    record_handover,
    undo_handover,
)
from storage.journal import Deed, Entry
from storage.petitions import Reached, petition_state, reopen_petition
from storage.signatures import withdraw_signature
from tests.support.audit_entries import newest_audit_entries
from tests.support.raw_sql import Statement, read_rows, read_sql, write_all, write_sql
from tests.support.restores import replay
from tests.support.supporters import NOON, SLUG, Supporters, later

DAY = date(2026, 3, 2)
MANIFEST = "0f" * 32
NAMED, COUNTED = True, False


@pytest.fixture
async def people(storage: Storage) -> Supporters:
    """Six who signed; the petition is closed at noon, and the list was written then."""
    people = Supporters(storage.database, storage.keyring)
    await people.sign(range(1, 7))
    await people.set_closed(True)
    return people


async def _listed(storage: Storage, people: Supporters, last_number: int = 6) -> ExportedList:
    await people.exported(last_number, with_name=4, without_name=2)
    return (await storage.read(exported_lists))[0]


async def test_it_is_recorded_with_what_it_held_and_taken_back(
    storage: Storage, people: Supporters
) -> None:
    storage, listed = storage, await _listed(storage, people)
    assert await storage.read(active_handover) is None
    recorded = await storage.write(
        record_handover, DAY, at=later(60), listed=listed, manifest=MANIFEST
    )
    assert recorded is not None
    assert recorded == await storage.read(active_handover)
    assert (recorded.handed_over_on, recorded.manifest) == (DAY, MANIFEST)
    assert (recorded.with_name, recorded.without_name, recorded.signatures) == (4, 2, 6)
    assert (recorded.export_id, recorded.exported_at) == (listed.id, NOON)
    (entry,) = await storage.read(newest_audit_entries, 9)
    assert (entry.action, entry.actor) == ("handover", None)
    assert entry.detail == f"2026-03-02, list {listed.id.hex()[:12]}: 4 with a name, 2 without"
    assert await storage.write(undo_handover, recorded, at=later(90)) is True
    assert await storage.write(undo_handover, recorded, at=later(91)) is False
    assert await storage.read(active_handover) is None
    newest = await storage.read(newest_handover)
    assert newest is not None
    assert newest.undone_at == later(90)
    assert [each.action for each in await storage.read(newest_audit_entries, 9)] == [
        "handover_undone",
        "handover",
    ]


async def test_a_second_one_and_one_of_an_open_petition_are_refused_without_a_trace(
    storage: Storage, people: Supporters
) -> None:
    await people.set_closed(False)
    assert await storage.write(record_handover, DAY, at=NOON, without_name=6) is None
    await people.set_closed(True)
    assert await storage.write(record_handover, DAY, at=NOON, without_name=6) is not None
    assert await storage.write(record_handover, DAY, at=NOON, without_name=5) is None
    assert len(await storage.read(newest_audit_entries, 9)) == 1
    assert storage.journal is not None
    assert len(storage.journal.read().entries) == 1


async def test_a_backup_from_before_it_gets_it_back_with_its_list_and_what_is_owed(
    storage: Storage, people: Supporters
) -> None:
    recorded = await storage.write(
        record_handover,
        DAY,
        at=later(60),
        listed=await _listed(storage, people),
        manifest=MANIFEST,
    )
    for emptying in ("DELETE FROM handovers", "DELETE FROM exports"):
        await write_sql(storage.database, emptying)
    await people.set_closed(False)  # as the backup is from before that, too
    assert storage.journal is not None
    await people.consent(2)
    (row,) = await read_sql(storage.database, "SELECT id FROM signatures WHERE number = 2")
    withdrawn = Entry(Deed.WITHDRAWAL, row["id"])
    entries = (withdrawn, *storage.journal.read().entries)
    await storage.write(replay, entries, reached=Reached(6), at=later(70))
    assert await storage.read(active_handover) == recorded
    state = await storage.read(petition_state)
    assert (state.is_closed, state.closed_at) == (True, NOON)
    assert (state.closed_signatures, state.signatures) == (6, 5)
    # The addressee still has the list with their name.
    assert recorded is not None
    owed = await storage.read(owed_changes, recorded)
    assert [(each.number, each.change) for each in owed] == [(2, Change.WITHDRAWN)]


async def test_one_that_was_taken_back_stays_so_in_a_backup_from_before_that(
    storage: Storage, people: Supporters
) -> None:
    recorded = await storage.write(record_handover, DAY, at=later(60), without_name=6)
    assert recorded is not None
    assert await storage.write(undo_handover, recorded, at=later(90))
    await write_sql(storage.database, "UPDATE handovers SET undone_at = NULL")
    assert storage.journal is not None
    entries = storage.journal.read().entries
    await storage.write(replay, entries, reached=Reached(6), at=later(99))
    assert await storage.read(active_handover) is None
    await people.set_closed(False)
    await storage.write(replay, entries, reached=Reached(6), at=later(99))
    assert not (await storage.read(petition_state)).is_closed


async def test_a_restriction_that_is_lifted_again_in_a_backup_hides_no_name_that_was_removed(
    storage: Storage, people: Supporters
) -> None:
    listed = await _listed(storage, people)
    recorded = await storage.write(
        record_handover, DAY, at=later(60), listed=listed, manifest=MANIFEST
    )
    assert recorded is not None
    await people.consent(2)
    await people.note(2, Change.NAME_REMOVED, later(61))
    await write_sql(
        storage.database,
        "UPDATE signatures SET name_sealed = NULL, restricted_at = 1 WHERE number = 2",
    )
    (row,) = await read_sql(storage.database, "SELECT id FROM signatures WHERE number = 2")
    lifted = (Entry.since(Deed.RESTRICTED, row["id"], None),)
    await storage.write(replay, lifted, reached=Reached(6), at=later(70))
    still = "SELECT number FROM signatures WHERE restricted_at IS NOT NULL"
    assert await read_sql(storage.database, still) == []
    owed = await storage.read(owed_changes, recorded)
    assert [(each.number, each.change) for each in owed] == [(2, Change.NAME_REMOVED)]


async def test_a_petition_that_was_handed_over_is_not_reopened_until_that_is_undone(
    storage: Storage, people: Supporters
) -> None:
    recorded = await storage.write(record_handover, DAY, at=NOON, without_name=6)
    assert recorded is not None
    revision = (await storage.read(petition_state)).revision
    assert await storage.write(reopen_petition, revision=revision, actor=9, at=NOON) is None
    await storage.write(undo_handover, recorded, at=NOON)
    assert await storage.write(reopen_petition, revision=revision, actor=9, at=NOON) is not None


async def test_how_each_was_handed_over_is_known_from_when_the_list_was_written(
    storage: Storage, people: Supporters
) -> None:
    listed = await _listed(storage, people, last_number=5)
    before, after = (int(later(s).timestamp() * 1000) for s in (-60, 60))
    for number, assignment in (
        (1, "name_sealed = NULL"),
        (2, f"restricted_at = {before}"),
        (3, f"restricted_at = {after}, objected_at = {after}"),
        (5, f"objected_at = {before}"),
    ):
        sql = f"UPDATE signatures SET {assignment} WHERE number = :n"  # noqa: S608 - of this test
        await write_sql(storage.database, sql, n=number)
    await people.note(4, Change.NAME_REMOVED, later(60))
    await write_sql(storage.database, "UPDATE signatures SET name_sealed = NULL WHERE number = 4")
    # The third thought better of it twice: the list has the name.
    await people.note(3, Change.NAME_REMOVED, later(60))
    await people.note(3, Change.NAME_GIVEN, later(120))
    recorded = await storage.write(
        record_handover, DAY, at=later(99), listed=listed, manifest=MANIFEST
    )
    assert recorded is not None
    # The sixth signed after the list.
    assert await _inclusions(storage, people) == [COUNTED, COUNTED, NAMED, NAMED, COUNTED, None]
    # The name came back too when a restriction or an objection was lifted.
    for first in (Change.RESTRICTED, Change.OBJECTED):
        sql = (
            "UPDATE changes_after_export SET change = :first WHERE number = 3 AND change <> :back"
        )
        values = {"first": first, "back": Change.NAME_GIVEN}
        await write_sql(storage.database, sql, **values)
        assert (await _inclusions(storage, people))[2] == NAMED, first
    await storage.write(undo_handover, recorded, at=later(100))
    assert await storage.read(handover_known_to, people.supporter(3)) is None
    number_alone = await storage.write(record_handover, DAY, at=later(101), without_name=6)
    assert number_alone == await storage.read(active_handover), "it includes all who had signed"
    assert await _inclusions(storage, people) == [COUNTED] * 6


async def _inclusions(storage: Storage, people: Supporters) -> list[bool | None]:
    known = [await storage.read(handover_known_to, people.supporter(n)) for n in range(1, 7)]
    return [None if each is None else each.with_their_name for each in known]


async def test_what_was_invalidated_after_the_list_stands_in_it(
    storage: Storage, people: Supporters
) -> None:
    listed = await _listed(storage, people, last_number=5)
    recorded = await storage.write(
        record_handover, DAY, at=later(9), listed=listed, manifest=MANIFEST
    )
    assert recorded is not None
    for second, numbers in ((-60, "(1)"), (60, "(2, 3, 6)")):
        key = bytes([second % 256]) * 16
        await write_all(
            storage.database,
            Statement(
                "INSERT INTO invalidations (id, petition, reason_sealed, condition_sealed,"
                " signatures, invalidated_at) VALUES (:id, :petition, :id, :id, 1, :at)",
                {"id": key, "petition": SLUG, "at": int(later(second).timestamp() * 1000)},
            ),
            Statement(
                f"UPDATE signatures SET invalidation_id = :id WHERE number IN {numbers}",  # noqa: S608 - of this test
                {"id": key},
            ),
        )
    assert await _inclusions(storage, people) == [None, NAMED, NAMED, NAMED, NAMED, None]


async def test_what_is_owed_is_marked_as_told_and_nothing_later(
    storage: Storage, people: Supporters
) -> None:
    listed = await _listed(storage, people)
    recorded = await storage.write(
        record_handover, DAY, at=later(1), listed=listed, manifest=MANIFEST
    )
    assert recorded is not None
    for number in (2, 6):
        await storage.write(withdraw_signature, people.supporter(number), later(number))
    shown = await storage.read(owed_changes, recorded)
    assert [(each.number, each.change.value) for each in shown] == [
        (2, "withdrawn"),
        (6, "withdrawn"),
    ]
    await storage.write(withdraw_signature, people.supporter(3), later(3))
    long = [replace(each, ids=(*[bytes(16)] * 1_000, *each.ids)) for each in shown]
    await storage.write(mark_changes_told, long, at=later(9))
    assert [each.number for each in await storage.read(owed_changes, recorded)] == [3]
    newest = (await storage.read(newest_audit_entries, 1))[0]
    assert (newest.action, newest.detail) == ("notices_told", "2 signatures")
    await storage.write(mark_changes_told, shown, at=later(10))
    rows = Statement("SELECT told_at FROM changes_after_export WHERE told_at IS NOT NULL")
    told = {row["told_at"] for row in await read_rows(storage.database, rows)}
    assert told == {int(later(9).timestamp() * 1000)}


async def test_the_newest_handover_is_that_which_was_recorded_last(
    storage: Storage, people: Supporters
) -> None:
    for second, day in ((60, DAY), (70, date(2026, 3, 1))):
        recorded = await storage.write(record_handover, day, at=later(second), without_name=6)
        assert recorded is not None
        assert await storage.write(undo_handover, recorded, at=later(second + 1))
    newest = await storage.read(newest_handover)
    assert newest is not None
    assert newest.handed_over_on == date(2026, 3, 1)
    # Whatever the clock says, the one that counts is the newest.
    counts = await storage.write(record_handover, DAY, at=later(1), without_name=6)
    assert counts is not None
    assert counts == await storage.read(active_handover) == await storage.read(newest_handover)
    assert await storage.write(undo_handover, counts, at=later(80))
    details = [each.detail for each in await storage.read(newest_audit_entries, 9)][1:]
    assert (details[0], details[2]) == ("2026-03-01", "2026-03-02")
