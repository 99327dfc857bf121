"""Tests that what is due is erased in portions, and that the counts stay what they were."""

import asyncio
import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from storage import Storage
from storage.broadcast_transitions import change_broadcast
from storage.broadcast_types import BroadcastAction, Kind, Outcome, Tally
from storage.broadcasts import tally_of_broadcast
from storage.conversations import conversation_of
from storage.deliveries import lease_of, record_results, take_lease
from storage.erasures import (
    DueBefore,
    DueCount,
    count_due_signatures,
    due_numbers,
    erase_leftovers,
    erase_signatures,
)
from storage.person_requests import PersonNoticeKind, carry_out_request, verified_otherwise
from storage.petitions import closing_update_is_under_way, petition_state, reached_so_far
from storage.sent_files import add_sent_file, files_due
from storage.signature_counts import earliest_signed_at, signature_statistics
from storage.signatures import signature_of, withdraw_signature
from tests.support.audit_entries import newest_audit_entries
from tests.support.broadcasts import claim, results, start, started
from tests.support.person_codes import make_code
from tests.support.raw_sql import read_sql, write_sql
from tests.support.supporters import ADMIN, NOON, SLUG, Supporters, a_supporter, later

# Everything is due, or what was signed before the third of them.
ALL = DueBefore(at_most=later(99), handed_over=None)
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
        sql = "UPDATE signatures SET signed_at = :at WHERE number = :n"
        at = int(later(number).timestamp() * 1000)
        await write_sql(people.database, sql, at=at, n=number)


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


async def test_of_a_signature_only_counts_are_left(storage: Storage, people: Supporters) -> None:
    await sign(people, range(1, 6))
    await do(storage, "UPDATE signatures SET name_sealed = NULL WHERE number = 2")
    await do(storage, "UPDATE signatures SET objected_at = 1 WHERE number = 3")
    await do(storage, "UPDATE signatures SET invalidation_id = :id WHERE number = 4", id=b"i" * 16)
    await do(storage, "UPDATE petitions SET signatures = 4, closed_at = 1, closed_signatures = 4")
    for number in (1, 5):
        await storage.write(
            add_sent_file, people.supporter(number), chat_id=7, message_id=number, at=NOON
        )
    before = await storage.read(signature_statistics, since=later(4))
    assert await erase(storage, FIRST_TWO) == 2
    assert await storage.read(signature_of, people.supporter(1)) is None
    assert await storage.read(signature_of, people.supporter(3)) is not None
    assert [file.message_id for file in await storage.read(files_due)] == [1]
    assert await storage.read(earliest_signed_at) == later(3)
    assert await erase(storage) == 3
    assert await storage.read(earliest_signed_at) is None
    for table in ("signatures", "consents", "conversations"):
        assert await left(storage, table) == 0, table
    assert await anonymous_counts(storage) == [("es", 0, 1, 2), ("es", 1, 0, 1), ("es", 1, 1, 2)]
    state = await storage.read(petition_state)
    assert (state.signatures, state.closed_signatures, state.erased_at) == (4, 4, NOON)
    stats = await storage.read(signature_statistics, since=later(4))
    assert (stats.total, stats.by_language) == (before.total, before.by_language)
    assert (stats.erased, stats.by_source) == (4, {})


async def test_a_run_has_one_entry_in_the_audit_with_the_number_of_all_its_portions(
    storage: Storage, people: Supporters
) -> None:
    await sign(people, range(1, 6))
    due = await storage.read(due_numbers, ALL, untold_too=False, after=2, limit=2)
    assert due == [3, 4]
    assert [await erase(storage, limit=2) for _ in range(4)] == [2, 2, 1, 0]
    entries = [
        each for each in await storage.read(newest_audit_entries, 9) if each.action == "retention"
    ]
    assert [(each.detail, each.actor, each.at) for each in entries] == [("5", None, NOON)]
    assert len(await storage.read(newest_audit_entries, 9)) == len(entries)


async def test_a_run_that_was_killed_goes_on_where_it_was(
    storage: Storage, people: Supporters
) -> None:
    await sign(people, range(1, 6))
    assert await erase(storage, limit=2) == 2
    assert await erase(storage, entry=uuid.uuid4().bytes) == 3
    assert [people for *_, people in await anonymous_counts(storage)] == [5]
    assert (await storage.read(petition_state)).signatures == 5


async def test_who_can_still_be_told_waits_after_a_delivery_and_not_at_the_most(
    storage: Storage, people: Supporters
) -> None:
    await people.set_closed(True)
    await sign(people, range(1, 10))
    await people.lose(5)
    await people.mute(6)
    for number, said in ((7, "objected_at = 1"), (8, "restricted_at = 1")):
        await do(storage, f"UPDATE signatures SET {said} WHERE number = {number}")  # noqa: S608
    await do(storage, "UPDATE signatures SET invalidation_id = :id WHERE number = 9", id=b"i" * 16)
    lease = lease_of(storage.slug)
    await storage.write(take_lease, lease, "me", seconds=10**9, now=NOON)
    broadcast = await started(storage)
    sent = await claim(storage, broadcast, limit=2)
    outcome = results(sent, Outcome.DELIVERED)
    await storage.write(record_results, broadcast.id, outcome, later(2))
    assert await storage.read(closing_update_is_under_way)
    assert await storage.read(count_due_signatures, AFTER_HANDOVER) == DueCount(
        9, 0, 2, 2, later(3)
    )
    tally = await storage.read(tally_of_broadcast, broadcast.id)
    assert await erase(storage, AFTER_HANDOVER) == 7
    assert await storage.read(tally_of_broadcast, broadcast.id) == tally
    at_most = replace(ALL, at_most=later(4))
    assert await storage.read(count_due_signatures, at_most) == DueCount(1, 1, 1, 0, later(3))
    assert await erase(storage, at_most) == 1
    assert await erase(storage, AFTER_HANDOVER, untold_too=True) == 1
    # Nobody has withdrawn: two were told, and two were not.
    assert await storage.read(tally_of_broadcast, broadcast.id) == Tally(
        total=4, delivered=2, pending=2
    )
    assert await left(storage, "deliveries") == 0


async def test_beside_a_broadcast_and_withdrawals_everybody_is_counted_once(
    storage: Storage, people: Supporters
) -> None:
    await people.set_closed(True)
    await sign(people, range(1, 61))
    await storage.write(take_lease, lease_of(storage.slug), "me", seconds=10**9, now=NOON)
    broadcast = await started(storage)
    at_most = replace(ALL, at_most=later(40))

    async def send() -> None:
        while sent := await claim(storage, broadcast, limit=5):
            outcome = results(sent, Outcome.UNREACHABLE)
            await storage.write(record_results, broadcast.id, outcome, later(2))

    async def purge() -> None:
        while await erase(storage, at_most, limit=3):
            pass

    async def withdraw() -> None:
        for number in range(5, 60, 10):
            await storage.write(withdraw_signature, people.supporter(number), NOON)

    async with asyncio.timeout(30):
        await asyncio.gather(send(), purge(), withdraw())
    erased = sum(people for *_, people in await anonymous_counts(storage))
    state = await storage.read(petition_state)
    assert state.signatures == erased + await left(storage, "signatures")
    assert (await storage.read(tally_of_broadcast, broadcast.id)).total == 60
    assert await left(storage, "deliveries") == await left(storage, "signatures") == 19


async def test_while_people_can_sign_an_old_button_stays_harmless(
    storage: Storage, people: Supporters
) -> None:
    await sign(people, range(1, 2))
    assert await erase(storage) == 1
    found = await storage.read(conversation_of, people.supporter(1))
    assert found is not None
    assert (found.stage, found.version, found.source, found.language) == ("home", 2, None, "en")


async def test_who_signs_again_is_somebody_new(storage: Storage, people: Supporters) -> None:
    ana = a_supporter(storage.keyring, 7)
    await ana.arrive(storage)
    await ana.sign(storage)
    assert await erase(storage) == 1
    found = await storage.read(conversation_of, ana.supporter)
    assert found is not None
    await ana.sign(storage, was=found.version)
    state = await storage.read(petition_state)
    assert (state.signatures, (await storage.read(reached_so_far)).number) == (2, 2)


async def test_of_a_petition_that_ended_long_ago_nothing_personal_is_left(
    storage: Storage, people: Supporters
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
        await do(storage, change, id=key * 16, petition=SLUG, at=at, told=told)
    due = DueBefore(at_most=later(99), handed_over=later(999))
    assert await storage.write(erase_leftovers, due, limit=9) == 0  # it is open
    assert await left(storage, "changes_after_export") == 1
    await people.set_closed_at(due.at_most)
    assert await storage.write(erase_leftovers, due, limit=9) == 0  # not yet long ago
    await people.set_closed_at(later(0))
    late = int(due.at_most.timestamp() * 1000)
    await do(
        storage,
        "UPDATE conversations SET updated_at = :at WHERE supporter = :person",
        at=late,
        person=people.supporter(3),
    )
    assert await storage.write(erase_leftovers, due, limit=1) == 1
    assert await storage.write(erase_leftovers, due, limit=9) == 1
    assert await left(storage, "conversations") == 1  # somebody who came lately
    after = replace(due, at_most=due.at_most + timedelta(seconds=1))
    assert await storage.write(erase_leftovers, after, limit=9) == 1


async def test_what_is_signed_at_the_last_moment_is_kept(
    storage: Storage, people: Supporters
) -> None:
    await sign(people, range(3, 4))
    for due in (FIRST_TWO, DueBefore(at_most=later(0), handed_over=later(3))):
        assert (await storage.read(count_due_signatures, due)).total == 0
        assert await erase(storage, due) == 0


async def test_a_code_and_a_sentence_that_waits_go_with_the_signature(
    storage: Storage, people: Supporters
) -> None:
    await sign(people, range(1, 2))
    await make_code(storage, people.supporter(1), NOON)
    await storage.write(
        carry_out_request,
        PersonNoticeKind.RESTRICTED,
        1,
        verified_otherwise("a letter"),
        NOON,
    )
    assert await erase(storage) == 1
    for table in ("person_codes", "person_notices"):
        assert await left(storage, table) == 0, table


async def test_only_a_closing_update_is_waited_for(storage: Storage, people: Supporters) -> None:
    await people.set_closed(True)
    await sign(people, range(1, 2))
    update = await start(storage, kind=Kind.UPDATE)
    assert not await storage.read(closing_update_is_under_way)
    await storage.write(change_broadcast, BroadcastAction.CANCEL, update.id, ADMIN, NOON)
    closing = await start(storage)
    await storage.write(change_broadcast, BroadcastAction.PAUSE, closing.id, ADMIN, NOON)
    assert await storage.read(closing_update_is_under_way)
