"""Tests that a list has whom it may have, and that its addressee is told of what has changed."""

from datetime import date, datetime

import pytest

from bot.export.signature_list import pages_of
from storage import Storage
from storage.database import Database
from storage.errors import Unavailable
from storage.exports import (
    Change,
    ExportedList,
    NamedSignature,
    begin_export,
    exported_lists,
    finish_export,
    signature_totals,
)
from storage.handovers import (
    ChangeOwed,
    Handover,
    active_handover,
    handover_known_to,
    owed_changes,
    record_handover,
    undo_handover,
)
from storage.invalidations import take_out_signatures
from storage.journal import Deed, Entry
from storage.petitions import Reached, petition_state, reopen_petition
from storage.signatures import withdraw_signature
from tests.support.raw_sql import read_sql, write_sql
from tests.support.restores import replay
from tests.support.supporters import NOON, SLUG, Supporters, later


@pytest.fixture
async def people(storage: Storage) -> Supporters:
    """Six people who signed; the petition is open."""
    people = Supporters(storage.database, storage.keyring)
    await people.sign(range(1, 7))
    return people


async def begun(storage: Storage) -> ExportedList:
    return await storage.write(begin_export, at=NOON, detail="json encrypted")


async def named(storage: Storage) -> list[NamedSignature]:
    export = await begun(storage)
    async with storage.snapshot() as read:
        return [each async for page in pages_of(export, read) for each in page]


async def exports(database: Database) -> list[tuple[int, int, int]]:
    rows = await read_sql(database, "SELECT * FROM exports")
    return [(row["last_number"], row["with_name"], row["without_name"]) for row in rows]


WITHOUT_NAME = ("name_sealed = NULL", "restricted_at = 1", "objected_at = 1")


@pytest.mark.parametrize("without", WITHOUT_NAME)
async def test_who_may_not_be_named_is_counted_and_not_in_the_list(
    people: Supporters, without: str
) -> None:
    await people.change(2, without)
    *_, groups = await people.read(signature_totals, 6)
    assert [(each.named, each.signatures) for each in groups] == [(False, 1), (True, 5)]
    assert [each.number for each in await named(people)] == [1, 3, 4, 5, 6]


async def test_whoever_signs_or_withdraws_while_the_list_is_read_changes_nothing_in_it(
    people: Supporters,
) -> None:
    await begun(people)
    # Whoever withdraws read the clock before it, and waited.
    export = await people.write(begin_export, at=later(1), detail="json encrypted")
    await people.sign([7])
    async with people.snapshot() as read:
        *_, (group,) = await read(signature_totals, export.last_number)
        await people.withdraw(2)
        await people.sign([8])
        pages = [page async for page in pages_of(export, read)]
    assert group.signatures == 6
    assert [each.number for each in pages[0]] == [1, 2, 3, 4, 5, 6]
    await people.write(finish_export, export, with_name=6, without_name=0)
    # And the one who withdrew is owed a notice.
    (owed,) = await people.read(owed_changes, export)
    assert owed.number == 2
    assert sorted(await exports(people.database)) == [(6, 0, 0), (6, 6, 0)]


@pytest.mark.parametrize("kind", ["postgres"], indirect=True)
async def test_a_server_that_ends_the_connection_is_told_and_asked_for_no_other_moment(
    people: Supporters, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.exports._PAGE", 2)
    severing = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE pid <> pg_backend_pid() AND datname = current_database()
    """
    export = await begun(people)
    async with people.snapshot() as read:
        pages = pages_of(export, read)
        assert len(await anext(pages)) == 2
        await read_sql(people.database, severing)
        with pytest.raises(Unavailable):
            await anext(pages)
    assert len(await named(people)) == 6


async def test_the_newest_list_is_the_first_and_one_that_was_not_finished_is_none(
    people: Supporters,
) -> None:
    for second, names in ((9, 1), (5, 6), (8, 0), (7, 6)):
        await people.exported(6, at=later(second), without_name=names)
    known = await people.read(exported_lists)
    assert [each.exported_at for each in known] == [later(9), later(7), later(5)]


async def _noted(storage: Storage) -> list[tuple[int, str]]:
    rows = await read_sql(
        storage.database,
        "SELECT number, change FROM changes_after_export ORDER BY changed_at, number",
    )
    return [(row["number"], row["change"]) for row in rows]


async def test_who_withdraws_after_a_list_was_written_is_noted_once_with_the_moment(
    people: Supporters,
) -> None:
    await people.exported(last_number=4)
    for number in (2, 2, 5):  # the fifth signed after the list
        await people.write(withdraw_signature, people.supporter(number), later(60))
    (row,) = await read_sql(people.database, "SELECT * FROM changes_after_export")
    assert (row["petition"], row["number"], row["change"]) == (SLUG, 2, "withdrawn")
    assert row["changed_at"] == int(later(60).timestamp() * 1000)
    assert row["told_at"] is None


async def test_who_was_counted_without_a_name_is_not_told_of(people: Supporters) -> None:
    before, after = (int(later(s).timestamp() * 1000) for s in (-60, 60))
    for number, second in ((4, -60), (6, 0)):
        at = later(second)
        await people.write(take_out_signatures, [number], reason="", condition="", at=at)
    await people.change(1, "name_sealed = NULL")
    await people.change(2, f"restricted_at = {before}")
    await people.change(3, f"objected_at = {before}")
    await people.change(5, f"restricted_at = {after}, objected_at = {after}")
    await people.exported(last_number=6)
    await people.exported(last_number=6, at=later(90))  # it has the fifth without a name
    for number in range(1, 7):
        await people.write(withdraw_signature, people.supporter(number), later(120))
    # What was so from the moment on in which the list was begun may be in it otherwise.
    assert await _noted(people) == [(5, "withdrawn"), (6, "withdrawn")]


_NOTE = """
INSERT INTO changes_after_export (id, petition, number, change, changed_at)
VALUES (:id, :petition, :number, :change, :at)
"""
CORRECTED, RESTRICTED, OBJECTED = Change.CORRECTED, Change.RESTRICTED, Change.OBJECTED
WITHDRAWN, ERASED = Change.WITHDRAWN, Change.ERASED
REMOVED, GIVEN = Change.NAME_REMOVED, Change.NAME_GIVEN


async def _changes(storage: Storage, number: int, *changes: tuple[Change, int]) -> None:
    """Has changes in the database so many seconds after the list was written, or before it."""
    for change, second in changes:
        at = int(later(second).timestamp() * 1000)
        values = {"id": f"{number}/{second}".encode(), "petition": SLUG, "number": number}
        values |= {"change": change, "at": at}
        await write_sql(storage.database, _NOTE, **values)


async def _owed(storage: Storage) -> list[ChangeOwed]:
    (listed,) = await storage.read(exported_lists)
    return await storage.read(owed_changes, listed)


async def test_the_addressee_is_told_of_what_a_list_no_longer_has_right(
    people: Supporters,
) -> None:
    await people.exported(last_number=99, with_name=99)
    cases: list[tuple[list[tuple[Change, int]], Change | None]] = [
        ([(CORRECTED, 5), (CORRECTED, 6)], CORRECTED),
        ([(CORRECTED, 5), (WITHDRAWN, 6)], WITHDRAWN),
        ([(RESTRICTED, 5), (CORRECTED, 6)], RESTRICTED),
        ([(OBJECTED, 5), (RESTRICTED, 6)], OBJECTED),
        ([(REMOVED, 5), (OBJECTED, 6)], REMOVED),
        ([(WITHDRAWN, 0)], WITHDRAWN),  # the list may have been read before it
        ([(CORRECTED, 5), (REMOVED, 6), (GIVEN, 7)], CORRECTED),
        ([(CORRECTED, -5)], None),  # the list has the new name already
        ([(CORRECTED, -5), (WITHDRAWN, 6)], WITHDRAWN),
        ([(REMOVED, -5), (CORRECTED, 6)], None),  # it has no name
        ([(REMOVED, -5), (GIVEN, -4), (ERASED, 6)], ERASED),
        ([(RESTRICTED, -5), (OBJECTED, 6)], None),  # nor has it any by then
        ([(GIVEN, 5), (WITHDRAWN, 6)], None),
        ([(GIVEN, 5), (REMOVED, 6), (WITHDRAWN, 7)], None),
        ([(RESTRICTED, 5), (GIVEN, 6)], None),  # as the list has it
        ([(REMOVED, 5), (GIVEN, 6)], CORRECTED),  # or another name
        ([(REMOVED, 5), (WITHDRAWN, 6)], WITHDRAWN),
    ]
    for number, (changes, _) in enumerate(cases):
        await _changes(people, number, *changes)
    expected = {number: change for number, (_, change) in enumerate(cases) if change}
    assert {each.number: each.change for each in await _owed(people)} == expected


DAY = date(2026, 3, 2)
MANIFEST = "0f" * 32
NAMED = True


async def handed_over(people: Supporters, at: datetime, last_number: int = 6) -> Handover:
    """The petition closed and a list was written at noon, which was given to the addressee."""
    await people.set_closed(True)
    await people.exported(last_number, with_name=4, without_name=2)
    (listed,) = await people.read(exported_lists)
    recorded = await people.write(record_handover, DAY, at=at, listed=listed, manifest=MANIFEST)
    assert recorded is not None
    return recorded


async def test_a_backup_from_before_it_gets_it_back_with_its_list_and_what_is_owed(
    people: Supporters,
) -> None:
    recorded = await handed_over(people, later(60))
    for emptying in ("DELETE FROM handovers", "DELETE FROM exports"):
        await write_sql(people.database, emptying)
    await people.set_closed(False)  # as the backup is from before that, too
    await people.consent(2)
    (row,) = await read_sql(people.database, "SELECT id FROM signatures WHERE number = 2")
    withdrawn = Entry(Deed.WITHDRAWAL, row["id"])
    entries = (withdrawn, *people.journal.read().entries)
    await people.write(replay, entries, reached=Reached(6), at=later(70))
    assert await people.read(active_handover) == recorded
    state = await people.read(petition_state)
    assert (state.is_closed, state.closed_at) == (True, NOON)
    assert (state.closed_signatures, state.signatures) == (6, 5)
    # The addressee still has the list with their name.
    assert recorded is not None
    owed = await people.read(owed_changes, recorded)
    assert [(each.number, each.change) for each in owed] == [(2, Change.WITHDRAWN)]


HANDOVERS = "SELECT * FROM handovers ORDER BY recorded_at"


async def test_a_backup_from_before_them_gets_back_which_handover_counts(
    people: Supporters,
) -> None:
    """One was taken back; the next one was noted, and then the bot was killed; the last one had
    no list."""
    first = await handed_over(people, later(60))
    await people.write(undo_handover, first, at=later(70))
    (listed,) = await people.read(exported_lists)
    killed = await people.write(
        record_handover, DAY, at=later(80), listed=listed, manifest=MANIFEST
    )
    assert killed is not None
    await write_sql(people.database, "DELETE FROM handovers WHERE undone_at IS NULL")
    last = await people.write(record_handover, DAY, at=later(90), without_name=6)
    before = await read_sql(people.database, HANDOVERS)
    entries = people.journal.read().entries
    for emptying in ("DELETE FROM handovers", "DELETE FROM exports"):
        await write_sql(people.database, emptying)
    for _ in range(2):
        await people.write(replay, entries, reached=Reached(6), at=later(99))
        assert await people.read(active_handover) == last
    rows = await read_sql(people.database, HANDOVERS)
    assert [row for row in rows if row["id"] != killed.id] == before
    (row,) = (row for row in rows if row["id"] == killed.id)
    assert row["undone_at"] == int(later(90).timestamp() * 1000)


async def test_a_copy_is_closed_by_no_handover_that_was_taken_back_nor_a_second_time(
    people: Supporters,
) -> None:
    recorded = await handed_over(people, later(60))
    closed = await people.read(petition_state)
    await people.write(replay, people.journal.read().entries, reached=Reached(6), at=later(70))
    assert await people.read(petition_state) == closed
    await people.write(undo_handover, recorded, at=later(80))
    await people.set_closed(False)
    await people.write(replay, people.journal.read().entries, reached=Reached(6), at=later(90))
    assert not (await people.read(petition_state)).is_closed


async def test_a_petition_that_was_handed_over_is_not_reopened_until_that_is_undone(
    people: Supporters,
) -> None:
    await people.set_closed(True)
    recorded = await people.write(record_handover, DAY, at=NOON, without_name=6)
    assert recorded is not None
    assert await people.write(record_handover, DAY, at=NOON, without_name=5) is None
    assert len(people.journal.read().entries) == 1
    revision = (await people.read(petition_state)).revision
    assert await people.write(reopen_petition, revision=revision, actor=9, at=NOON) is None
    for is_done in (True, False):
        assert await people.write(undo_handover, recorded, at=NOON) is is_done
    assert await people.write(reopen_petition, revision=revision, actor=9, at=NOON) is not None


async def inclusions(people: Supporters) -> list[bool | None]:
    known = [await people.read(handover_known_to, people.supporter(n)) for n in range(1, 7)]
    return [None if each is None else each.with_their_name for each in known]


async def test_what_was_invalidated_after_the_list_stands_in_it(people: Supporters) -> None:
    await handed_over(people, later(9), 5)
    for second, numbers in ((-60, [1]), (0, [4]), (5, [5]), (60, [2, 3, 6])):
        at = later(second)
        await people.write(take_out_signatures, numbers, reason="", condition="", at=at)
    assert await inclusions(people) == [None, NAMED, NAMED, NAMED, NAMED, None]


async def test_who_might_not_be_named_then_is_told_of_a_list_without_the_name(
    people: Supporters,
) -> None:
    """What was so before any list was noted nowhere."""
    for number, without in enumerate(WITHOUT_NAME, 1):
        await people.change(number, without)
    await handed_over(people, later(9))
    assert await inclusions(people) == [False, False, False, NAMED, NAMED, NAMED]
