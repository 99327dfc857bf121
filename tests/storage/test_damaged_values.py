"""Tests that a damaged encrypted value loses its own content, and affects nobody else."""

import pytest

from storage import (
    Broadcasts,
    BrokenData,
    Conversation,
    Conversations,
    Database,
    Drafts,
    Keyring,
    PersonalData,
    Storage,
)
from storage.broadcast_types import StopReason
from tests.support.broadcasts import claim, start, started
from tests.support.raw_sql import write_sql
from tests.support.supporters import ADMIN, NOON, SLUG, Supporters, a_supporter, later

GARBAGE = b"\x01 garbage that has the length of a sealed value"


async def damage(database: Database, table: str, column: str, where: str = "1 = 1") -> None:
    sql = f"UPDATE {table} SET {column} = :value WHERE {where}"  # noqa: S608 - of these tests
    await write_sql(database, sql, value=GARBAGE)


@pytest.fixture
def damaged(keyring: Keyring) -> list[str | None]:
    """The columns in which damage was met."""
    met: list[str | None] = []
    keyring.tell_damage_to(lambda error: met.append(error.column))
    return met


async def test_a_signature_is_there_without_its_name(
    storage: Storage, keyring: Keyring, damaged: list[str | None]
) -> None:
    ana = a_supporter(keyring, 7, "Ana")
    await ana.arrive(storage)
    await ana.sign(storage)
    whole = await storage.signatures.get(ana.supporter)
    assert whole is not None
    assert not whole.is_damaged
    await damage(storage.database, "signatures", "name_sealed")
    found = await storage.signatures.get(ana.supporter)
    assert found is not None
    assert (found.is_damaged, found.with_name, found.name) == (True, True, "")
    assert found.number == whole.number
    assert damaged == ["signatures.name_sealed"]
    assert await storage.signatures.withdraw(ana.supporter, NOON)


async def test_a_conversation_is_there_without_the_name_that_was_typed(
    database: Database, keyring: Keyring, people: Supporters, damaged: list[str | None]
) -> None:
    conversations, supporter = Conversations(database, SLUG, keyring), b"s" * 32
    typed = Conversation(supporter, stage="consent", name="Ana", version=1)
    await conversations.save(typed, was=None, at=NOON)
    assert (await conversations.get(supporter)) == typed
    await damage(database, "conversations", "name_sealed")
    found = await conversations.get(supporter)
    assert found is not None
    assert (found.is_damaged, found.name, found.stage) == (True, None, "consent")
    assert damaged == ["conversations.name_sealed"]
    await conversations.save(Conversation(supporter, version=2), was=1, at=NOON)
    again = await conversations.get(supporter)
    assert again is not None
    assert not again.is_damaged


async def test_a_draft_is_begun_anew(
    database: Database, keyring: Keyring, people: Supporters, damaged: list[str | None]
) -> None:
    drafts = Drafts(database, SLUG, keyring)
    assert await drafts.get(b"m" * 32) is None
    assert damaged == []
    await drafts.save(b"m" * 32, "uno", NOON)
    await damage(database, "drafts", "body_sealed")
    assert await drafts.get(b"m" * 32) is None
    assert damaged == ["drafts.body_sealed"]
    await drafts.save(b"m" * 32, "dos", NOON)
    assert await drafts.get(b"m" * 32) == "dos"


@pytest.mark.parametrize("column", ["author", "confirmed_by", "source_chat"])
async def test_of_a_broadcast_whose_orders_cannot_be_read_nothing_goes_out(
    database: Database,
    broadcasts: Broadcasts,
    people: Supporters,
    damaged: list[str | None],
    column: str,
) -> None:
    await people.sign([1])
    whole = await started(broadcasts, source_chat=ADMIN)
    assert not whole.is_damaged
    await damage(database, "broadcasts", f"{column}_sealed")
    found = await broadcasts.get(whole.id)
    assert found is not None
    assert found.is_damaged
    with pytest.raises(BrokenData):
        await claim(broadcasts, found)
    assert (await broadcasts.tally(found.id)).pending == 1
    assert set(damaged) == {f"broadcasts.{column}_sealed"}


async def test_a_broadcast_of_which_only_the_watcher_is_lost_goes_out(
    database: Database, broadcasts: Broadcasts, people: Supporters
) -> None:
    await people.sign([1])
    whole = await started(broadcasts, progress=(ADMIN, 17))
    await damage(database, "broadcasts", "progress_chat_sealed")
    found = await broadcasts.get(whole.id)
    assert found is not None
    assert (found.is_damaged, found.progress_chat) == (False, None)
    assert len(await claim(broadcasts, found)) == 1


async def test_a_damaged_broadcast_hides_no_other(
    database: Database, broadcasts: Broadcasts, people: Supporters
) -> None:
    first = await started(broadcasts)
    await broadcasts.interrupt(first.id, StopReason.CONTENT, later(1))
    await start(broadcasts, topic="another", at=later(2))
    await damage(database, "broadcasts", "confirmed_by_sealed", "state = 'stopped'")
    assert [each.is_damaged for each in await broadcasts.history()] == [False, True]
    assert False in [each.is_damaged for each in await broadcasts.due(later(3))]


async def test_another_persons_damage_keeps_nobody_from_their_own_data(
    database: Database, keyring: Keyring, broadcasts: Broadcasts, people: Supporters
) -> None:
    await people.sign([1])
    await started(broadcasts)
    await damage(database, "broadcasts", "author_sealed")
    await damage(database, "audit", "actor_sealed")
    held = await PersonalData(database, SLUG, keyring).of(1001)
    assert held.signature is not None
    await damage(database, "signatures", "name_sealed")
    held = await PersonalData(database, SLUG, keyring).of(1001)
    assert held.signature is not None
    assert held.signature["name"] is None
