"""Tests that what the addressee has to be told of is noted with the change itself."""

from datetime import datetime

import pytest

from storage import Conversation, ConversationMoved, Keyring, Statement, Storage, Value
from storage.changes_after_export import Change, note_change
from storage.ids import rising_id
from tests.support.supporters import NOON, SLUG, Supporters, later

_EXPORT = """
INSERT INTO exports (id, petition, exported_at, last_number, with_name, without_name)
VALUES (:id, :petition, :at, :last_number, 0, 0)
"""


@pytest.fixture
async def people(storage: Storage, keyring: Keyring) -> Supporters:
    """Five who signed before noon."""
    people = Supporters(storage.database, keyring)
    await people.sign(range(1, 6))
    return people


async def _export(storage: Storage, at: datetime = NOON, last_number: int = 5) -> None:
    millis = int(at.timestamp() * 1000)
    values: dict[str, Value] = {"id": rising_id(at), "petition": SLUG, "at": millis}
    values["last_number"] = last_number
    await storage.database.write(Statement(_EXPORT, values))


async def _set(storage: Storage, number: int, assignment: str) -> None:
    sql = f"UPDATE signatures SET {assignment} WHERE number = :n"  # noqa: S608 - of this file
    await storage.database.write(Statement(sql, {"n": number}))


async def _noted(storage: Storage) -> list[tuple[int, str]]:
    rows = await storage.database.read(
        Statement("SELECT number, change FROM changes_after_export ORDER BY changed_at, number")
    )
    return [(row["number"], row["change"]) for row in rows]


async def test_who_withdraws_after_a_list_was_written_is_noted_once_with_the_moment(
    storage: Storage, people: Supporters
) -> None:
    await _export(storage, last_number=4)
    for number in (2, 2, 5):  # the fifth signed after the list
        await storage.signatures.withdraw(people.supporter(number), later(60))
    (row,) = await storage.database.read(Statement("SELECT * FROM changes_after_export"))
    assert (row["petition"], row["number"], row["change"]) == (SLUG, 2, "withdrawn")
    assert row["changed_at"] == int(later(60).timestamp() * 1000)
    assert row["told_at"] is None


async def test_without_a_list_there_is_nobody_to_tell(
    storage: Storage, people: Supporters
) -> None:
    await storage.signatures.withdraw(people.supporter(1), NOON)
    assert await _noted(storage) == []


async def test_a_corrected_name_is_noted_if_the_correction_counts(
    storage: Storage, people: Supporters
) -> None:
    await _export(storage)
    await people.consent(3)
    await people.speak(3, "es")
    supporter = people.supporter(3)
    after = Conversation(supporter, stage="my_data", version=2)
    with pytest.raises(ConversationMoved):
        await storage.signatures.correct_name(supporter, "Otra", after, 7, later(1))
    assert await _noted(storage) == []
    await storage.signatures.correct_name(supporter, "Otra", after, 1, later(1))
    assert await _noted(storage) == [(3, "corrected")]


async def test_who_was_counted_without_a_name_is_not_told_of(
    storage: Storage, people: Supporters
) -> None:
    before, after = (int(later(s).timestamp() * 1000) for s in (-60, 60))
    await storage.database.write(
        Statement(
            "INSERT INTO invalidations (id, petition, reason, condition, signatures,"
            " invalidated_at) VALUES (:id, :petition, '', '', 1, :at)",
            {"id": b"i" * 16, "petition": SLUG, "at": before},
        )
    )
    await _set(storage, 1, "with_name = 0")
    await _set(storage, 2, f"restricted_at = {before}")
    await _set(storage, 3, f"objected_at = {before}")
    await storage.database.write(
        Statement(
            "UPDATE signatures SET invalidation_id = :id WHERE number = 4", {"id": b"i" * 16}
        )
    )
    await _set(storage, 5, f"restricted_at = {after}, objected_at = {after}")
    await _export(storage)
    for number in range(1, 6):
        await storage.signatures.withdraw(people.supporter(number), later(120))
    assert await _noted(storage) == [(5, "withdrawn")]


async def test_a_name_that_is_given_later_is_noted_where_earlier_lists_lack_it(
    storage: Storage, people: Supporters
) -> None:
    await _export(storage, last_number=1)
    await _set(storage, 1, "with_name = 0")
    await _set(storage, 2, "with_name = 0")
    for number in (1, 2):
        await storage.database.write(
            note_change(SLUG, people.supporter(number), Change.NAME_GIVEN, later(5))
        )
    assert await _noted(storage) == [(1, "name_given")]
