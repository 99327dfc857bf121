"""Tests that a signature, its consent and the count are stored, and withdrawn, as one."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Iterable
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

import pytest

from storage import Storage, open_storage
from storage.conversations import Conversation, conversation_of, save_conversation
from storage.errors import ConversationMoved
from storage.keyring import Keyring
from storage.petitions import close_petition, reached_so_far
from storage.signatures import Stats, signature_statistics, withdraw_signature
from tests.support.audit_entries import newest_audit_entries
from tests.support.existing import existing
from tests.support.raw_sql import read_sql, write_sql
from tests.support.supporters import NOON, WORDS, Supporter, a_supporter, signature_of


async def test_the_consent_keeps_the_exact_words_once(storage: Storage) -> None:
    for user_id in (1, 2):
        someone = a_supporter(storage.keyring, user_id)
        await someone.sign(storage, was=0, language="en", notice="What becomes of it.")
    texts = await read_sql(storage.database, "SELECT text FROM consent_texts ORDER BY text")
    assert [each["text"] for each in texts] == ["What becomes of it.", WORDS]
    consents = await read_sql(storage.database, "SELECT purposes, language FROM consents")
    assert consents == [{"purposes": "signature,news", "language": "en"}] * 2


async def test_withdrawing_erases_signature_consent_and_draft(storage: Storage) -> None:
    ana = a_supporter(storage.keyring, 1)
    await ana.come_and_sign(storage, source="web")
    filled_in = replace(
        ana.conversation(version=3),
        language="en",
        page=2,
        return_stage="help",
        news=True,
        updates=True,
        with_name=False,
        form_started_at=NOON,
        notice="ab" * 8,
        source="web",
        message_id=5,
        picture_id=4,
        name_message_ids=(6, 7),
        screen_digest=b"s" * 32,
    )
    await storage.write(save_conversation, filled_in, was=2, at=NOON)
    assert await storage.write(withdraw_signature, ana.supporter, NOON) is True
    assert await storage.read(signature_of, ana.supporter) is None
    assert await read_sql(storage.database, "SELECT id FROM consents") == []
    conversation = await storage.read(conversation_of, ana.supporter)
    assert conversation == Conversation(
        ana.supporter, stage="withdrawn", version=4, language="en", message_id=5
    )
    changed = "SELECT updated_at FROM conversations"
    assert await read_sql(storage.database, changed) == [{"updated_at": 0}]
    assert await storage.write(withdraw_signature, ana.supporter, NOON) is False
    conversation = existing(await storage.read(conversation_of, ana.supporter))
    assert (conversation.stage, conversation.version) == ("withdrawn", 5)


async def test_the_statistics_add_up(storage: Storage) -> None:
    for user_id, (language, source) in enumerate(
        [("es", None), ("es", "web"), ("en", "web"), ("es", "web"), ("es", None), ("es", None)],
        start=1,
    ):
        someone = a_supporter(storage.keyring, user_id)
        await someone.come_and_sign(storage, language=language, source=source)
    for user_id, column in (
        (1, "name_sealed = NULL"),
        (3, "restricted_at = 1"),
        (5, "invalidation_id = id, unreachable_at = 1"),
        (6, "unreachable_at = 1"),
    ):
        await write_sql(
            storage.database,
            f"UPDATE signatures SET {column} WHERE number = {user_id}",  # noqa: S608 - of this test
        )
    erased = "INSERT INTO anonymous_counts VALUES ('andry', 'es', :with_name, :is_valid, :n)"
    for with_name, is_valid, n in ((1, 1, 10), (0, 1, 20), (1, 0, 40)):
        values = {"with_name": with_name, "is_valid": is_valid, "n": n}
        await write_sql(storage.database, erased, **values)
    assert await storage.read(signature_statistics, since=NOON) == Stats(
        total=35,
        today=5,
        by_language={"es": 34, "en": 1},
        by_source={"web": 3, None: 2},
        unreachable=1,
        with_name=13,
        erased=30,
        invalidated=41,
    )
    later = await storage.read(signature_statistics, since=NOON + timedelta(milliseconds=1))
    assert later.today == 0


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
        state = existing(await other.write(close_petition, revision=0, actor=9, at=NOON))
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
