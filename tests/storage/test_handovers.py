"""Tests that a handover is recorded once, taken back, and known of each signer."""

from datetime import date, datetime

import pytest

from storage import Storage
from storage.exports import Change, exported_lists
from storage.handovers import (
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
from tests.support.raw_sql import read_sql, write_sql
from tests.support.restores import replay
from tests.support.supporters import NOON, Supporters, later

DAY = date(2026, 3, 2)
MANIFEST = "0f" * 32
NAMED = True


@pytest.fixture
async def people(storage: Storage) -> Supporters:
    """Six who signed; the petition is closed at noon, and the list was written then."""
    people = Supporters(storage.database, storage.keyring)
    await people.sign(range(1, 7))
    await people.set_closed(True)
    return people


async def _handed_over(people: Supporters, at: datetime, last_number: int = 6) -> Handover:
    """A list up to a number was written at noon, and given to the addressee."""
    await people.exported(last_number, with_name=4, without_name=2)
    (listed,) = await people.read(exported_lists)
    recorded = await people.write(record_handover, DAY, at=at, listed=listed, manifest=MANIFEST)
    assert recorded is not None
    return recorded


async def test_a_backup_from_before_it_gets_it_back_with_its_list_and_what_is_owed(
    people: Supporters,
) -> None:
    recorded = await _handed_over(people, later(60))
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


async def test_a_petition_that_was_handed_over_is_not_reopened_until_that_is_undone(
    people: Supporters,
) -> None:
    recorded = await people.write(record_handover, DAY, at=NOON, without_name=6)
    assert recorded is not None
    assert await people.write(record_handover, DAY, at=NOON, without_name=5) is None
    assert len(people.journal.read().entries) == 1
    revision = (await people.read(petition_state)).revision
    assert await people.write(reopen_petition, revision=revision, actor=9, at=NOON) is None
    for is_done in (True, False):
        assert await people.write(undo_handover, recorded, at=NOON) is is_done
    assert await people.write(reopen_petition, revision=revision, actor=9, at=NOON) is not None


async def _inclusions(people: Supporters) -> list[bool | None]:
    known = [await people.read(handover_known_to, people.supporter(n)) for n in range(1, 7)]
    return [None if each is None else each.with_their_name for each in known]


async def test_what_was_invalidated_after_the_list_stands_in_it(people: Supporters) -> None:
    await _handed_over(people, later(9), 5)
    for second, numbers in ((-60, [1]), (60, [2, 3, 6])):
        at = later(second)
        await people.write(take_out_signatures, numbers, reason="", condition="", at=at)
    assert await _inclusions(people) == [None, NAMED, NAMED, NAMED, NAMED, None]
