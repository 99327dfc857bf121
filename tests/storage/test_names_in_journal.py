"""Tests that a name leaves the journal with its signature or its choice, and no other with it."""

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from storage import Storage
from storage.consents import add_signed_name, change_own, correct_signed_name, remove_signed_name
from storage.conversations import Conversation
from storage.errors import ConversationMoved
from storage.ids import rising_id
from storage.journal import TAKEN_OFF, Deed, Entry, _LockedFile, last_entries
from storage.keyring import Keyring
from storage.person_requests import signer_of
from storage.signatures import forget_former_names, mute_supporter, withdraw_signature
from tests.support.supporters import NOON, a_supporter

SLUG = "andry"


def withdrawals(count: int) -> list[Entry]:
    return [Entry(Deed.WITHDRAWAL, rising_id(NOON)) for _ in range(count)]


def meanwhile(storage: Storage, patch: pytest.MonkeyPatch, deed: Callable[[], Any]) -> None:
    """Lets a deed be done once, right before the transaction of the next one."""
    kind = type(storage.database._database)
    write = kind.write

    async def after_it(self: Any, *args: Any, **kwargs: Any) -> Any:
        patch.setattr(kind, "write", write)
        await deed()
        return await write(self, *args, **kwargs)

    patch.setattr(kind, "write", after_it)


async def test_what_is_being_decided_of_one_person_is_left_alone_by_what_another_asks_for(
    storage: Storage, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Jon takes his name off while the database refuses to take off Ana's."""
    people = [a_supporter(keyring, 1), a_supporter(keyring, 2, "Jon Gil")]
    afters = []
    for each in people:
        await each.sign(storage, was=0)
        after = Conversation(each.supporter, stage="my_data", version=2)
        await storage.write(change_own, correct_signed_name, after, 1, NOON, f"{each.name} Mas")
        afters.append(replace(after, version=3))
    held = last_entries(storage.journal.read().entries)
    meanwhile(
        storage,
        monkeypatch,
        lambda: storage.write(change_own, remove_signed_name, afters[1], 2, NOON),
    )
    with pytest.raises(ConversationMoved):
        await storage.write(change_own, remove_signed_name, afters[0], 1, NOON)
    of_jon = Entry(Deed.WITH_NAME, held[1].subject, TAKEN_OFF)
    assert last_entries(storage.journal.read().entries) == [held[0], of_jon]


async def test_who_withdraws_leaves_no_name_in_it_and_nobody_waits_long_for_that(
    storage: Storage, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [a_supporter(keyring, number) for number in range(1, 9)]
    for each in people:
        await each.sign(storage, was=0)
        after = Conversation(each.supporter, stage="my_data", version=2)
        await storage.write(change_own, correct_signed_name, after, 1, NOON, "Ana Gil")
    storage.journal.append(withdrawals(200))
    blocks, read = list[int](), os.pread

    def reading(handle: int, length: int, place: int) -> bytes:
        blocks.append(place)
        return read(handle, length, place)

    monkeypatch.setattr(os, "pread", reading)
    await storage.write(mute_supporter, people[1].supporter, NOON)
    assert len(blocks) < 10, "nothing is looked for"
    await storage.write(withdraw_signature, people[0].supporter, NOON)
    assert len(blocks) < 240, "each block is read once"
    blocks.clear()
    nobody = [storage.journal.forget_names({rising_id(NOON)}) for _ in people]
    await asyncio.gather(*nobody)
    assert len(blocks) < 3 * 240, "and not for everybody"
    for each in people[1:]:
        await storage.write(withdraw_signature, each.supporter, NOON)
    entries = storage.journal.read().entries
    assert [each.value for each in entries if each.has_name] == []
    assert len(entries) == 217, "they were written over in their places"


async def test_a_name_that_is_refused_while_the_others_are_looked_for_leaves_the_former_one(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    signature, journal = rising_id(NOON), storage.journal
    former, refused = (Entry(Deed.WITH_NAME, signature, f"consent {n}") for n in ("Ana", "Eva"))
    journal.append([former, refused])
    unlocked = _LockedFile.unlocked

    @contextmanager
    def meanwhile(file: _LockedFile) -> Iterator[None]:
        with unlocked(file):
            yield
            journal.append([replace(refused, refused=True)])

    monkeypatch.setattr(_LockedFile, "unlocked", meanwhile)
    await journal.forget_names({signature})
    assert last_entries(journal.read().entries) == [former]


async def test_a_former_name_goes_from_it_at_the_start_unless_its_owner_gives_one_meanwhile(
    storage: Storage, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a hundred who had signed without a name, and had corrected the one that was stored."""
    people = [a_supporter(keyring, number) for number in range(1, 101)]
    ids = []
    for each in people:
        await each.sign(storage, was=0, with_name=each is people[1])
        signer = await storage.read(signer_of, each.supporter)
        assert signer is not None
        ids.append(signer.id)
    storage.journal.append([Entry(Deed.NAME, each, "Ana Gil") for each in ids])
    jon, consent = people[0], people[0].signature().consent
    after = Conversation(jon.supporter, stage="my_data", version=2)
    given = (add_signed_name, after, 1, NOON, "Jon", consent)
    meanwhile(storage, monkeypatch, lambda: storage.write(change_own, *given))
    await forget_former_names(storage)
    entries = storage.journal.read().entries
    assert {each.subject for each in entries if each.has_name} == {*ids[:2]}
    of_ana = [each for each in entries if each.subject == ids[1]]
    assert of_ana == [Entry(Deed.NAME, ids[1], "Ana Gil")], "hers is stored"
    held = {each.subject: each.value for each in last_entries(entries)}
    assert held.pop(ids[0]).endswith(" Jon")
    assert held.pop(ids[1]) == "Ana Gil"
    assert [*held.values()] == [TAKEN_OFF] * 98
