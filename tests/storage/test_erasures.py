"""Tests that what is due is erased in portions, and that the counts stay what they were."""

import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from storage import Storage
from storage.broadcast_types import Outcome, Tally
from storage.broadcasts import tally_of_broadcast
from storage.conversations import conversation_of
from storage.erasures import (
    DueBefore,
    DueCount,
    count_due_signatures,
    due_numbers,
    erase_leftovers,
    erase_signatures,
)
from storage.leases import take_over
from storage.person_requests import PersonNoticeKind, carry_out_request
from storage.petitions import closing_update_is_under_way, petition_state
from storage.sent_files import (
    add_sent_file,
    expire_files,
    files_due,
    give_up_files,
    make_files_due,
)
from storage.signatures import earliest_signed_at, signature_statistics
from tests.support.broadcasts import claim, record, started
from tests.support.person_codes import make_code
from tests.support.raw_sql import read_sql, write_sql
from tests.support.supporters import NOON, SLUG, Supporters, a_supporter, later, signature_of

# Everything is due, or what was signed before the third of them.
ALL = DueBefore(at_most=later(99))
FIRST_TWO = replace(ALL, at_most=later(3))
AFTER_HANDOVER = DueBefore(at_most=later(0), handed_over=later(99))
ENTRY = uuid.uuid4().bytes


@pytest.fixture
def people(storage: Storage) -> Supporters:
    return Supporters(storage.database, storage.keyring)


async def anonymous_counts(storage: Storage) -> list[tuple[str, int, int, int]]:
    """What is kept of those who were erased: language, with the name, valid, how many."""
    rows = await read_sql(storage.database, "SELECT * FROM anonymous_counts")
    keys = ("language", "with_name", "is_valid", "signatures")
    return sorted(tuple(row[key] for key in keys) for row in rows)


async def do(storage: Storage, sql: str, **values: Any) -> None:
    await write_sql(storage.database, sql, **values)


async def sign(people: Supporters, numbers: range) -> None:
    """Each signs as many seconds after noon as their number says."""
    await people.sign(numbers, updates=1)
    for number in numbers:
        await people.speak(number, "en")
        at = int(later(number).timestamp() * 1000)
        await people.change(number, "signed_at = :at", at=at)


async def left(storage: Storage, table: str) -> int:
    sql = f"SELECT COUNT(*) AS rows FROM {table}"  # noqa: S608 - a table's name
    return int((await read_sql(storage.database, sql))[0]["rows"])


async def erase(
    storage: Storage,
    due: DueBefore = ALL,
    *,
    entry: bytes = ENTRY,
    untold_too: bool = False,
    limit: int = 10,
) -> int:
    numbers = await storage.read(due_numbers, due, untold_too=untold_too, after=0, limit=limit)
    return await storage.write(erase_signatures, numbers, action="retention", entry=entry, at=NOON)


async def test_of_a_signature_only_counts_are_left(people: Supporters) -> None:
    await sign(people, range(1, 6))
    await people.change(2, "name_sealed = NULL")
    await people.change(3, "objected_at = 1")
    await people.change(4, "invalidation_id = id")
    await do(people, "UPDATE petitions SET signatures = 4, closed_at = 1, closed_signatures = 4")
    for number in (1, 5):
        await people.write(
            add_sent_file, people.supporter(number), chat_id=7, message_id=number, at=NOON
        )
    await make_code(people, people.supporter(1), NOON)
    await people.write(carry_out_request, PersonNoticeKind.SHOWN, 1, "a letter", NOON)
    before = await people.read(signature_statistics, since=later(4))
    assert await erase(people, FIRST_TWO) == 2
    assert await people.read(signature_of, people.supporter(1)) is None
    assert await people.read(signature_of, people.supporter(3)) is not None
    assert [file.message_id for file in await people.read(files_due)] == [1]
    assert await people.read(earliest_signed_at) == later(3)
    assert await erase(people) == 3
    assert await people.read(earliest_signed_at) is None
    for table in ("signatures", "consents", "conversations", "person_codes", "person_notices"):
        assert await left(people, table) == 0, table
    assert await anonymous_counts(people) == [("es", 0, 1, 2), ("es", 1, 0, 1), ("es", 1, 1, 2)]
    state = await people.read(petition_state)
    assert (state.signatures, state.closed_signatures, state.erased_at) == (4, 4, NOON)
    stats = await people.read(signature_statistics, since=later(4))
    assert (stats.total, stats.by_language) == (before.total, before.by_language)
    assert (stats.erased, stats.by_source) == (4, {})


async def test_a_run_that_was_killed_goes_on_where_it_was(people: Supporters) -> None:
    await sign(people, range(1, 6))
    assert await erase(people, limit=2) == 2
    assert await people.read(due_numbers, ALL, untold_too=False, after=3, limit=1) == [4]
    assert [await erase(people, entry=uuid.uuid4().bytes) for _ in range(2)] == [3, 0]
    assert [people for *_, people in await anonymous_counts(people)] == [5]
    assert (await people.read(petition_state)).signatures == 5


async def test_who_can_still_be_told_waits_after_a_delivery_and_not_at_the_most(
    people: Supporters,
) -> None:
    await people.set_closed(True)
    await sign(people, range(1, 10))
    await people.lose(5)
    await people.mute(6)
    for number, said in ((7, "objected_at = 1"), (8, "restricted_at = 1")):
        await people.change(number, said)
    await people.change(9, "invalidation_id = id")
    await people.write(take_over, "me", NOON)
    broadcast = await started(people)
    sent = await claim(people, broadcast, limit=2)
    await record(people, broadcast, sent, Outcome.DELIVERED)
    assert await people.read(closing_update_is_under_way)
    assert await people.read(count_due_signatures, AFTER_HANDOVER) == DueCount(
        9, 0, 2, 2, later(3)
    )
    tally = await people.read(tally_of_broadcast, broadcast.id)
    assert await erase(people, AFTER_HANDOVER) == 7
    assert await people.read(tally_of_broadcast, broadcast.id) == tally
    at_most = replace(ALL, at_most=later(4))
    assert await people.read(count_due_signatures, at_most) == DueCount(1, 1, 1, 0, later(3))
    assert await erase(people, at_most) == 1
    assert await erase(people, AFTER_HANDOVER, untold_too=True) == 1
    # Nobody has withdrawn: two were told, and two were not.
    assert await people.read(tally_of_broadcast, broadcast.id) == Tally(
        total=4, delivered=2, pending=2
    )
    assert await left(people, "deliveries") == 0


async def test_while_people_can_sign_an_old_button_stays_harmless(people: Supporters) -> None:
    await sign(people, range(1, 2))
    await do(people, "UPDATE conversations SET source = 'web'")
    assert await erase(people) == 1
    found = await people.read(conversation_of, people.supporter(1))
    assert found is not None
    assert (found.stage, found.version, found.source, found.language) == ("home", 2, None, "en")


async def test_of_a_petition_that_ended_long_ago_nothing_personal_is_left(
    people: Supporters,
) -> None:
    await sign(people, range(1, 2))
    for number in (2, 3):
        await people.speak(number, "en")  # they withdrew, or never signed
    change = """
    INSERT INTO changes_after_export (id, petition, number, change, changed_at, told_at)
    VALUES (:id, :petition, 7, 'withdrawn', :at, CAST(:told AS BIGINT))
    """
    old, new = (int(later(seconds).timestamp() * 1000) for seconds in (1, 500))
    for key, at, told in ((b"a", old, None), (b"b", new, None), (b"c", new, new)):
        await do(people, change, id=key * 16, petition=SLUG, at=at, told=told)
    due = DueBefore(at_most=later(99), handed_over=later(999))
    assert await people.write(erase_leftovers, due, limit=9) == 0  # it is open
    assert await left(people, "changes_after_export") == 1
    await people.set_closed_at(due.at_most)
    assert await people.write(erase_leftovers, due, limit=9) == 0  # not yet long ago
    await people.set_closed_at(later(0))
    late = int(due.at_most.timestamp() * 1000)
    await do(
        people,
        "UPDATE conversations SET updated_at = :at WHERE supporter = :person",
        at=late,
        person=people.supporter(3),
    )
    assert await people.write(erase_leftovers, due, limit=1) == 1
    assert await people.write(erase_leftovers, due, limit=9) == 1
    assert await left(people, "conversations") == 1  # somebody who came lately
    after = replace(due, at_most=due.at_most + timedelta(seconds=1))
    assert await people.write(erase_leftovers, after, limit=9) == 1


MONTH = timedelta(days=30)


async def sent(storage: Storage, supporter: bytes, message_id: int) -> None:
    await storage.write(add_sent_file, supporter, chat_id=7, message_id=message_id, at=NOON)


async def test_without_a_signature_it_is_due_after_its_time(storage: Storage) -> None:
    ana, ben = a_supporter(storage.keyring, 1), a_supporter(storage.keyring, 2)
    await ana.come_and_sign(storage)
    for each in (ana, ben):
        await sent(storage, each.supporter, 5)
    await storage.write(expire_files, NOON - MONTH)
    assert await storage.read(files_due) == []
    await storage.write(expire_files, NOON)
    assert [file.supporter for file in await storage.read(files_due)] == [ben.supporter]
    for seconds, user_id in ((-1, 3), (-3, 4), (-2, 5)):
        at, luz = NOON + timedelta(seconds=seconds), a_supporter(storage.keyring, user_id)
        await storage.write(add_sent_file, luz.supporter, chat_id=7, message_id=user_id, at=at)
    await storage.write(expire_files, NOON)
    assert [each.message_id for each in await storage.read(files_due)] == [4, 5, 3, 5]


async def test_one_that_cannot_be_removed_is_tried_for_thirty_days_and_then_no_row_is_left(
    storage: Storage,
) -> None:
    ana = a_supporter(storage.keyring, 1)
    await sent(storage, ana.supporter, 5)
    assert await storage.write(give_up_files, NOON + 99 * MONTH) == 0  # it is not due
    for days in (0, 10, 29):
        await storage.write(make_files_due, ana.supporter)
        assert await storage.write(give_up_files, NOON + timedelta(days=days)) == 0
    await storage.write(expire_files, NOON)  # what was tried is tried no longer for that
    assert await storage.write(give_up_files, NOON + MONTH) == 1
    assert await storage.read(files_due) == []
