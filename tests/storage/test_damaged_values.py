"""Tests that a damaged encrypted value loses its own content, and affects nobody else."""

import pytest

from storage import Storage
from storage.admins import find_draft, store_draft
from storage.broadcast_transitions import interrupt_broadcast
from storage.broadcast_types import StopReason
from storage.broadcasts import (
    broadcast_history,
    broadcast_with,
    due_broadcasts,
    tally_of_broadcast,
)
from storage.conversations import Conversation, conversation_of, save_conversation
from storage.database import Database
from storage.errors import BrokenData
from storage.keyring import Keyring
from storage.personal_data import everything_held
from storage.signatures import signature_of, withdraw_signature
from tests.support.broadcasts import claim, start, started
from tests.support.raw_sql import write_sql
from tests.support.supporters import ADMIN, NOON, Supporters, a_supporter, later

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
    storage: Storage, damaged: list[str | None]
) -> None:
    ana = a_supporter(storage.keyring, 7, "Ana")
    await ana.arrive(storage)
    await ana.sign(storage)
    whole = await storage.read(signature_of, ana.supporter)
    assert whole is not None
    assert not whole.is_damaged
    await damage(storage.database, "signatures", "name_sealed")
    found = await storage.read(signature_of, ana.supporter)
    assert found is not None
    assert (found.is_damaged, found.with_name, found.name) == (True, True, "")
    assert found.number == whole.number
    assert damaged == ["signatures.name_sealed"]
    assert await storage.write(withdraw_signature, ana.supporter, NOON)


async def test_a_conversation_is_there_without_the_name_that_was_typed(
    storage: Storage, people: Supporters, damaged: list[str | None]
) -> None:
    supporter = b"s" * 32
    typed = Conversation(supporter, stage="consent", name="Ana", version=1)
    await storage.write(save_conversation, typed, was=None, at=NOON)
    assert (await storage.read(conversation_of, supporter)) == typed
    await damage(storage.database, "conversations", "name_sealed")
    found = await storage.read(conversation_of, supporter)
    assert found is not None
    assert (found.is_damaged, found.name, found.stage) == (True, None, "consent")
    assert damaged == ["conversations.name_sealed"]
    await storage.write(save_conversation, Conversation(supporter, version=2), was=1, at=NOON)
    again = await storage.read(conversation_of, supporter)
    assert again is not None
    assert not again.is_damaged


async def test_a_draft_is_begun_anew(
    storage: Storage, people: Supporters, damaged: list[str | None]
) -> None:
    assert await storage.read(find_draft, b"m" * 32) is None
    assert damaged == []
    await storage.write(store_draft, b"m" * 32, "uno", NOON)
    await damage(storage.database, "drafts", "body_sealed")
    assert await storage.read(find_draft, b"m" * 32) is None
    assert damaged == ["drafts.body_sealed"]
    await storage.write(store_draft, b"m" * 32, "dos", NOON)
    assert await storage.read(find_draft, b"m" * 32) == "dos"


@pytest.mark.parametrize("column", ["author", "confirmed_by", "source_chat"])
async def test_of_a_broadcast_whose_orders_cannot_be_read_nothing_goes_out(
    storage: Storage,
    people: Supporters,
    damaged: list[str | None],
    column: str,
) -> None:
    await people.sign([1])
    whole = await started(storage, source_chat=ADMIN)
    assert not whole.is_damaged
    await damage(storage.database, "broadcasts", f"{column}_sealed")
    found = await storage.read(broadcast_with, whole.id)
    assert found is not None
    assert found.is_damaged
    with pytest.raises(BrokenData):
        await claim(storage, found)
    assert (await storage.read(tally_of_broadcast, found.id)).pending == 1
    assert set(damaged) == {f"broadcasts.{column}_sealed"}


async def test_a_broadcast_of_which_only_the_watcher_is_lost_goes_out(
    storage: Storage, people: Supporters
) -> None:
    await people.sign([1])
    whole = await started(storage, progress=(ADMIN, 17))
    await damage(storage.database, "broadcasts", "progress_chat_sealed")
    found = await storage.read(broadcast_with, whole.id)
    assert found is not None
    assert (found.is_damaged, found.progress_chat) == (False, None)
    assert len(await claim(storage, found)) == 1


async def test_a_damaged_broadcast_hides_no_other(storage: Storage, people: Supporters) -> None:
    first = await started(storage)
    await storage.write(interrupt_broadcast, first.id, StopReason.CONTENT, later(1))
    await start(storage, topic="another", at=later(2))
    await damage(storage.database, "broadcasts", "confirmed_by_sealed", "state = 'stopped'")
    assert [each.is_damaged for each in await storage.read(broadcast_history)] == [False, True]
    assert False in [each.is_damaged for each in await storage.read(due_broadcasts, later(3))]


async def test_another_persons_damage_keeps_nobody_from_their_own_data(
    storage: Storage, people: Supporters
) -> None:
    await people.sign([1])
    await started(storage)
    await damage(storage.database, "broadcasts", "author_sealed")
    await damage(storage.database, "audit", "actor_sealed")
    held = await storage.read(everything_held, 1001)
    assert held.signature is not None
    await damage(storage.database, "signatures", "name_sealed")
    held = await storage.read(everything_held, 1001)
    assert held.signature is not None
    assert held.signature["name"] is None
