"""Tests that many people at once, and a process that is killed, lose and repeat no signature."""

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Iterable
from pathlib import Path
from typing import TypeVar

import pytest

from storage import Storage, open_storage
from storage.conversations import conversation_of
from storage.errors import ConversationMoved
from storage.keyring import Keyring
from storage.petitions import close_petition, petition_state, reached_so_far
from storage.signatures import withdraw_signature
from tests.support.audit_entries import newest_audit_entries
from tests.support.raw_sql import read_sql
from tests.support.supporters import NOON, Supporter, a_supporter, signature_of

T = TypeVar("T")


@pytest.fixture
async def other(database_url: str, keyring: Keyring) -> AsyncIterator[Storage]:
    """The same petition, opened a second time."""
    opened = await open_storage(database_url, keyring, "andry")
    yield opened
    await opened.close()


async def outcomes(attempts: Iterable[Awaitable[T]]) -> list[T | BaseException]:
    return await asyncio.gather(*attempts, return_exceptions=True)


async def crowd(storage: Storage, keyring: Keyring, size: int) -> list[Supporter]:
    """So many people at the consent."""
    people = [a_supporter(keyring, user_id, f"N{user_id}") for user_id in range(1, size + 1)]
    await asyncio.gather(*[each.arrive(storage) for each in people])
    return people


async def assert_whole(storage: Storage) -> int:
    """Counter, rows and consents agree, and numbers are given once; returns the count."""
    rows = await read_sql(
        storage.database,
        "SELECT p.signatures, p.last_number,"
        " (SELECT COUNT(*) FROM signatures) AS signed,"
        " (SELECT COUNT(*) FROM consents) AS consented,"
        " (SELECT COUNT(DISTINCT number) FROM signatures) AS numbers"
        " FROM petitions p",
    )
    count = int(rows[0]["signatures"])
    assert rows[0]["signed"] == count
    assert rows[0]["consented"] == count
    assert rows[0]["numbers"] == count
    assert rows[0]["last_number"] >= count
    return count


async def test_two_hundred_people_at_once_get_the_numbers_one_to_two_hundred(
    storage: Storage, other: Storage
) -> None:
    people = await crowd(storage, storage.keyring, 200)
    signed = await asyncio.gather(
        *[each.sign((storage, other)[i % 2]) for i, each in enumerate(people)]
    )
    assert {*signed} == {True}
    assert await assert_whole(storage) == (await storage.read(reached_so_far)).number == 200


async def test_one_person_two_hundred_times_at_once_signs_once(
    storage: Storage, other: Storage
) -> None:
    (ana,) = await crowd(storage, storage.keyring, 1)
    results = await outcomes(ana.sign((storage, other)[i % 2]) for i in range(200))
    moved = sum(isinstance(each, ConversationMoved) for each in results)
    assert (results.count(True), moved) == (1, 199)
    assert await assert_whole(storage) == 1


async def test_whoever_is_thanked_while_the_petition_closes_is_in_the_final_count(
    storage: Storage, other: Storage
) -> None:
    people = await crowd(storage, storage.keyring, 100)
    signing = [each.sign((storage, other)[i % 2]) for i, each in enumerate(people)]

    async def close() -> int | None:
        await asyncio.sleep(0.005)
        state = await other.write(close_petition, revision=0, actor=9, at=NOON)
        assert state is not None
        return state.closed_signatures

    *results, count = await asyncio.gather(*signing, close())
    kinds = Counter(results)
    assert kinds[True] == count
    assert kinds[True] + kinds[False] == 100
    assert await assert_whole(storage) == count


async def test_of_two_admins_who_close_at_once_one_does(storage: Storage, other: Storage) -> None:
    states = await asyncio.gather(
        *[
            each.write(close_petition, revision=0, actor=9, at=NOON)
            for each in (storage, other) * 5
        ]
    )
    assert sum(state is not None for state in states) == 1
    assert [entry.action for entry in await storage.read(newest_audit_entries, 10)] == ["close"]


async def test_signing_and_withdrawing_at_once_keep_the_count(
    storage: Storage, other: Storage
) -> None:
    people = await crowd(storage, storage.keyring, 40)
    work: list[Awaitable[object]] = []
    for each in people:
        work += [
            each.sign(storage),
            other.write(withdraw_signature, each.supporter, NOON),
            storage.write(withdraw_signature, each.supporter, NOON),
        ]
    for result in await outcomes(work):  # a withdrawal moves on what a tap had read
        assert isinstance(result, bool | ConversationMoved)
    left = await assert_whole(storage)
    found = [await storage.read(signature_of, each.supporter) for each in people]
    assert sum(each is not None for each in found) == left


PEOPLE = 400

SIGN_AND_TELL = """
import asyncio, sys
from pathlib import Path
from storage import open_storage
from storage.keyring import Keyring
from tests.support.supporters import a_supporter

async def main(url, key_file, people):
    keyring = Keyring.load(Path(key_file))
    storage = await open_storage(url, keyring, "andry")

    async def sign(user_id):
        someone = a_supporter(keyring, user_id)
        outcome = await someone.sign(storage, was=0)
        assert outcome is True
        print(user_id, flush=True)

    waiting = iter(range(1, int(people) + 1))

    async def sign_on():
        for user_id in waiting:
            await sign(user_id)

    await asyncio.gather(*[sign_on() for _ in range(20)])

asyncio.run(main(*sys.argv[1:]))
"""


async def test_everyone_told_before_the_kill_is_stored_and_counted(
    database_url: str, tmp_path: Path
) -> None:
    key_file = tmp_path / "petition.key"
    keyring = Keyring.generate(key_file)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        SIGN_AND_TELL,
        database_url,
        str(key_file),
        str(PEOPLE),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    told = [int(await process.stdout.readline()) for _ in range(60)]
    process.kill()
    rest, _ = await process.communicate()
    # A line cut short by the kill told nobody anything.
    told += [int(line) for line in rest.split(b"\n")[:-1]]
    assert len(told) < PEOPLE

    storage = await open_storage(database_url, keyring, "andry")
    try:
        for user_id in told:
            supporter = a_supporter(keyring, user_id).supporter
            assert await storage.read(signature_of, supporter) is not None
            conversation = await storage.read(conversation_of, supporter)
            assert conversation is not None
            assert conversation.stage == "thanks"
        rows = await read_sql(
            storage.database,
            "SELECT (SELECT COUNT(*) FROM signatures) AS signed,"
            " (SELECT COUNT(*) FROM consents) AS consented",
        )
        count = (await storage.read(petition_state)).signatures
        assert dict(rows[0]) == {"signed": count, "consented": count}
        assert count >= len(told)
    finally:
        await storage.close()
