"""Tests that what the addressee has to be told of is noted with the change itself."""

from datetime import date

import pytest

from storage import Storage
from storage.consents import correct_signed_name
from storage.conversations import Conversation
from storage.errors import ConversationMoved
from storage.exports import Change
from storage.handovers import (
    NotedChange,
    changes_owed,
    exported_lists,
    owed_changes,
    record_handover,
)
from storage.keyring import Keyring
from storage.signatures import withdraw_signature
from tests.support.raw_sql import Statement, read_sql, write_all, write_sql
from tests.support.supporters import NOON, SLUG, Supporters, later


@pytest.fixture
async def people(storage: Storage, keyring: Keyring) -> Supporters:
    """Five who signed before noon."""
    people = Supporters(storage.database, keyring)
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


async def test_without_a_list_there_is_nobody_to_tell(
    storage: Storage, people: Supporters
) -> None:
    await storage.write(withdraw_signature, people.supporter(1), NOON)
    assert await _noted(storage) == []


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


async def test_of_a_number_that_was_handed_over_nothing_is_owed(
    storage: Storage, people: Supporters
) -> None:
    await people.exported(last_number=4)
    await storage.write(withdraw_signature, people.supporter(2), later(60))
    await people.set_closed(True)
    handover = await storage.write(record_handover, date(2026, 3, 2), at=later(70), without_name=4)
    assert handover is not None
    assert await storage.read(owed_changes, handover) == []


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
    for number in range(1, 7):
        await storage.write(withdraw_signature, people.supporter(number), later(120))
    # What was so from the moment on in which the list was begun may be in it otherwise.
    assert await _noted(storage) == [(5, "withdrawn"), (6, "withdrawn")]


async def test_a_name_that_is_given_later_is_noted_where_earlier_lists_lack_it(
    storage: Storage, people: Supporters
) -> None:
    await people.exported(last_number=1)
    await _set(storage, 1, "name_sealed = NULL")
    await _set(storage, 2, "name_sealed = NULL")
    for number in (1, 2):
        await people.note(number, Change.NAME_GIVEN, later(5))
    assert await _noted(storage) == [(1, "name_given")]


def _noted_change(number: int, change: Change, second: int, *, told: bool = False) -> NotedChange:
    key = f"{number}/{second}".encode()
    name = None if change in (Change.WITHDRAWN, Change.ERASED) else "Nueva"
    return NotedChange(key, number, change, later(second), NOON if told else None, name)


@pytest.mark.parametrize(
    ("changes", "owed"),
    [
        ([(Change.CORRECTED, 5), (Change.CORRECTED, 6)], Change.CORRECTED),
        ([(Change.CORRECTED, 5), (Change.WITHDRAWN, 6)], Change.WITHDRAWN),
        ([(Change.RESTRICTED, 5), (Change.CORRECTED, 6)], Change.RESTRICTED),
        ([(Change.OBJECTED, 5), (Change.RESTRICTED, 6)], Change.OBJECTED),
        ([(Change.NAME_REMOVED, 5), (Change.OBJECTED, 6)], Change.NAME_REMOVED),
        ([(Change.WITHDRAWN, 0)], Change.WITHDRAWN),  # the list may have been read before it
        (
            [(Change.CORRECTED, 5), (Change.NAME_REMOVED, 6), (Change.NAME_GIVEN, 7)],
            Change.CORRECTED,
        ),
        ([(Change.CORRECTED, -5)], None),  # the list has the new name already
        ([(Change.NAME_REMOVED, -5), (Change.CORRECTED, 6)], None),  # it has no name
        ([(Change.NAME_REMOVED, -5), (Change.NAME_GIVEN, -4), (Change.ERASED, 6)], Change.ERASED),
        ([(Change.NAME_GIVEN, 5), (Change.WITHDRAWN, 6)], None),
        ([(Change.NAME_GIVEN, 5), (Change.NAME_REMOVED, 6), (Change.WITHDRAWN, 7)], None),
        ([(Change.RESTRICTED, 5), (Change.NAME_GIVEN, 6)], None),  # as the list has it
        ([(Change.NAME_REMOVED, 5), (Change.NAME_GIVEN, 6)], Change.CORRECTED),  # or another name
        ([(Change.NAME_REMOVED, 5), (Change.WITHDRAWN, 6)], Change.WITHDRAWN),
    ],
)
def test_the_addressee_is_told_of_what_a_list_no_longer_has_right(
    changes: list[tuple[Change, int]], owed: Change | None
) -> None:
    noted = [_noted_change(7, change, second) for change, second in changes]
    assert [each.change for each in changes_owed(noted, NOON)] == ([owed] if owed else [])


def test_what_the_addressee_was_told_of_is_not_owed_again_and_a_later_change_is() -> None:
    told = [_noted_change(1, Change.CORRECTED, 5, told=True)]
    assert list(changes_owed(told, NOON)) == []
    (owed,) = changes_owed([*told, _noted_change(1, Change.RESTRICTED, 9)], NOON)
    assert (owed.change, owed.ids, owed.is_corrected) == (Change.RESTRICTED, (b"1/9",), False)


def test_who_corrects_and_then_restricts_or_objects_is_told_of_with_the_new_name() -> None:
    for change in (Change.RESTRICTED, Change.OBJECTED):
        noted = [_noted_change(1, Change.CORRECTED, 5), _noted_change(1, change, 9)]
        (owed,) = changes_owed(noted, NOON)
        assert (owed.change, owed.is_corrected, owed.corrected_name) == (change, True, "Nueva")


def test_who_has_the_name_taken_off_is_told_of_without_it() -> None:
    noted = [_noted_change(1, Change.CORRECTED, 5), _noted_change(1, Change.NAME_REMOVED, 9)]
    (owed,) = changes_owed(noted, NOON)
    assert (owed.is_corrected, owed.corrected_name, owed.changed_at) == (False, None, later(9))


def test_one_notice_covers_also_what_was_undone_before_it() -> None:
    changes = (Change.NAME_REMOVED, Change.NAME_GIVEN, Change.CORRECTED)
    noted = [_noted_change(1, change, second) for second, change in enumerate(changes, 5)]
    (owed,) = changes_owed(noted, NOON)
    assert (owed.change, owed.changed_at) == (Change.CORRECTED, later(7))
    assert owed.ids == (b"1/5", b"1/6", b"1/7")


def test_a_name_is_not_in_the_repr() -> None:
    assert "Ana" not in repr(NotedChange(b"c", 1, Change.CORRECTED, NOON, None, "Ana Ruiz"))
