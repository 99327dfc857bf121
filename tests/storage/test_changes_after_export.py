"""Tests that what the addressee has to be told of is noted with the change itself."""

import pytest

from storage import Storage
from storage.consents import correct_signed_name
from storage.conversations import Conversation
from storage.errors import ConversationMoved
from storage.exports import Change, exported_lists
from storage.handovers import ChangeOwed, owed_changes
from storage.signatures import withdraw_signature
from tests.support.raw_sql import Statement, read_sql, write_all, write_sql
from tests.support.supporters import NOON, SLUG, Supporters, later


@pytest.fixture
async def people(storage: Storage) -> Supporters:
    """Five who signed before noon."""
    people = Supporters(storage.database, storage.keyring)
    await people.sign(range(1, 6))
    return people


async def _set(storage: Storage, number: int, assignment: str) -> None:
    sql = f"UPDATE signatures SET {assignment} WHERE number = :n"  # noqa: S608 - of this file
    await write_sql(storage.database, sql, n=number)


async def _noted(storage: Storage) -> list[tuple[int, str]]:
    rows = await read_sql(
        storage.database,
        "SELECT number, change FROM changes_after_export ORDER BY changed_at, number",
    )
    return [(row["number"], row["change"]) for row in rows]


async def test_who_withdraws_after_a_list_was_written_is_noted_once_with_the_moment(
    storage: Storage, people: Supporters
) -> None:
    await people.exported(last_number=4)
    for number in (2, 2, 5):  # the fifth signed after the list
        await storage.write(withdraw_signature, people.supporter(number), later(60))
    (row,) = await read_sql(storage.database, "SELECT * FROM changes_after_export")
    assert (row["petition"], row["number"], row["change"]) == (SLUG, 2, "withdrawn")
    assert row["changed_at"] == int(later(60).timestamp() * 1000)
    assert row["told_at"] is None


async def test_who_asked_before_a_list_was_begun_and_was_carried_out_after_it_is_told_of(
    storage: Storage, people: Supporters
) -> None:
    # The list has the name, so the change is one after it, whatever the clock said before.
    await people.exported(last_number=4, at=later(-90))
    await people.exported(last_number=4)
    await storage.write(withdraw_signature, people.supporter(2), later(-1))
    (row,) = await read_sql(storage.database, "SELECT * FROM changes_after_export")
    assert row["changed_at"] == int(NOON.timestamp() * 1000)


async def test_of_each_list_is_owed_what_changed_in_it_by_number(
    storage: Storage, people: Supporters
) -> None:
    await people.exported(last_number=2, with_name=2)
    await people.exported(last_number=4, at=later(1), with_name=4)
    for second, number in enumerate((4, 2, 1), 60):
        await storage.write(withdraw_signature, people.supporter(number), later(second))
    lists = await storage.read(exported_lists)
    owed = [await storage.read(owed_changes, each) for each in lists]
    assert [[each.number for each in changes] for changes in owed] == [[1, 2, 4], [1, 2]]


async def test_a_corrected_name_is_noted_if_the_correction_counts(
    storage: Storage, people: Supporters
) -> None:
    await people.exported(last_number=5)
    await people.consent(3)
    await people.speak(3, "es")
    supporter = people.supporter(3)
    after = Conversation(supporter, stage="my_data", version=2)
    with pytest.raises(ConversationMoved):
        await storage.write(correct_signed_name, after, 7, later(1), "Otra")
    assert await _noted(storage) == []
    await storage.write(correct_signed_name, after, 1, later(1), "Otra")
    assert await _noted(storage) == [(3, "corrected")]


async def test_who_was_counted_without_a_name_is_not_told_of(
    storage: Storage, people: Supporters
) -> None:
    before, at_once, after = (int(later(s).timestamp() * 1000) for s in (-60, 0, 60))
    await people.sign([6])
    for number, (key, at) in {4: (b"i" * 16, before), 6: (b"j" * 16, at_once)}.items():
        await write_all(
            storage.database,
            Statement(
                "INSERT INTO invalidations (id, petition, reason_sealed, condition_sealed,"
                " signatures, invalidated_at) VALUES (:id, :petition, :id, :id, 1, :at)",
                {"id": key, "petition": SLUG, "at": at},
            ),
            Statement(
                "UPDATE signatures SET invalidation_id = :id WHERE number = :n",
                {"id": key, "n": number},
            ),
        )
    await _set(storage, 1, "name_sealed = NULL")
    await _set(storage, 2, f"restricted_at = {before}")
    await _set(storage, 3, f"objected_at = {before}")
    await _set(storage, 5, f"restricted_at = {after}, objected_at = {after}")
    await people.exported(last_number=6)
    await people.exported(last_number=6, at=later(90))  # it has the fifth without a name
    for number in range(1, 7):
        await storage.write(withdraw_signature, people.supporter(number), later(120))
    # What was so from the moment on in which the list was begun may be in it otherwise.
    assert await _noted(storage) == [(5, "withdrawn"), (6, "withdrawn")]


_NOTE = """
INSERT INTO changes_after_export (id, petition, number, change, changed_at, told_at)
VALUES (:id, :petition, :number, :change, :at, :told)
"""
CORRECTED, RESTRICTED, OBJECTED = Change.CORRECTED, Change.RESTRICTED, Change.OBJECTED
WITHDRAWN, ERASED = Change.WITHDRAWN, Change.ERASED
REMOVED, GIVEN = Change.NAME_REMOVED, Change.NAME_GIVEN


async def _changes(
    storage: Storage, number: int, *changes: tuple[Change, int], told: bool = False
) -> None:
    """Has changes in the database so many seconds after the list was written, or before it."""
    for change, second in changes:
        at = int(later(second).timestamp() * 1000)
        values = {"id": f"{number}/{second}".encode(), "petition": SLUG, "number": number}
        values |= {"change": change, "at": at, "told": at if told else None}
        await write_sql(storage.database, _NOTE, **values)


async def _owed(storage: Storage) -> list[ChangeOwed]:
    (listed,) = await storage.read(exported_lists)
    return await storage.read(owed_changes, listed)


async def test_the_addressee_is_told_of_what_a_list_no_longer_has_right(
    storage: Storage, people: Supporters
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
        await _changes(storage, number, *changes)
    expected = {number: change for number, (_, change) in enumerate(cases) if change}
    assert {each.number: each.change for each in await _owed(storage)} == expected


async def test_what_the_addressee_was_told_of_is_not_owed_again_and_a_later_change_is(
    storage: Storage, people: Supporters
) -> None:
    await people.exported(last_number=5, with_name=5)
    await _changes(storage, 1, (CORRECTED, 5), told=True)
    assert await _owed(storage) == []
    await _changes(storage, 1, (RESTRICTED, 9))
    (owed,) = await _owed(storage)
    assert (owed.change, owed.ids, owed.corrected_name) == (RESTRICTED, (b"1/9",), None)


async def test_who_corrects_and_then_restricts_or_objects_is_told_of_with_the_new_name(
    storage: Storage, people: Supporters
) -> None:
    await people.exported(last_number=5, with_name=5)
    for number, change in ((1, RESTRICTED), (2, OBJECTED)):
        await _changes(storage, number, (CORRECTED, 5), (change, 9))
    first, second = await _owed(storage)
    assert (first.change, first.corrected_name) == (RESTRICTED, "Persona 1")
    assert (second.change, second.corrected_name) == (OBJECTED, "Persona 2")
    assert "Persona" not in repr(first)


async def test_who_has_the_name_taken_off_is_told_of_without_it(
    storage: Storage, people: Supporters
) -> None:
    await people.exported(last_number=5, with_name=5)
    await _changes(storage, 1, (CORRECTED, 5), (REMOVED, 9))
    (owed,) = await _owed(storage)
    assert (owed.corrected_name, owed.changed_at) == (None, later(9))


async def test_one_notice_covers_also_what_was_undone_before_it(
    storage: Storage, people: Supporters
) -> None:
    await people.exported(last_number=5, with_name=5)
    await _changes(storage, 1, (REMOVED, 5), (GIVEN, 6), (CORRECTED, 7))
    (owed,) = await _owed(storage)
    assert (owed.change, owed.changed_at) == (CORRECTED, later(7))
    assert owed.ids == (b"1/5", b"1/6", b"1/7")
