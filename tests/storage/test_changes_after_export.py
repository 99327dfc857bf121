"""Tests that what the addressee has to be told of is noted with the change itself."""

import pytest

from storage import Storage
from storage.exports import Change, exported_lists
from storage.handovers import ChangeOwed, owed_changes
from storage.invalidations import take_out_signatures
from storage.signatures import withdraw_signature
from tests.support.raw_sql import read_sql, write_sql
from tests.support.supporters import SLUG, Supporters, later


@pytest.fixture
async def people(storage: Storage) -> Supporters:
    """Five who signed before noon."""
    people = Supporters(storage.database, storage.keyring)
    await people.sign(range(1, 6))
    return people


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
    await people.sign([6])
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
