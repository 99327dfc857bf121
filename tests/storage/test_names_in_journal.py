"""Tests that a name leaves the journal with its signature or its choice, and no other with it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from storage import Storage
from storage.consents import correct_signed_name, remove_signed_name
from storage.conversations import Conversation
from storage.errors import ConversationMoved
from storage.journal import TAKEN_OFF, Deed, Entry, last_entries
from storage.signatures import withdraw_signature
from storage.times import rising_id
from tests.support.supporters import NOON, a_supporter

SLUG = "andry"


def withdrawals(count: int) -> list[Entry]:
    return [Entry(Deed.WITHDRAWAL, rising_id(NOON)) for _ in range(count)]


def meanwhile(storage: Storage, patch: pytest.MonkeyPatch, deed: Callable[[], Any]) -> None:
    """Lets a deed be done once, right before the transaction of the next one."""
    kind = type(storage.database)
    write = kind.write

    async def after_it(self: Any, *args: Any, **kwargs: Any) -> Any:
        patch.setattr(kind, "write", write)
        await deed()
        return await write(self, *args, **kwargs)

    patch.setattr(kind, "write", after_it)


async def test_what_is_being_decided_of_one_person_is_left_alone_by_what_another_asks_for(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Jon takes his name off while the database refuses to take off Ana's."""
    people = [a_supporter(storage.keyring, 1), a_supporter(storage.keyring, 2, "Jon Gil")]
    afters = []
    for each in people:
        await each.sign(storage, was=0)
        after = Conversation(each.supporter, stage="my_data", version=2)
        await storage.write(correct_signed_name, after, 1, NOON, f"{each.name} Mas")
        afters.append(replace(after, version=3))
    held = last_entries(storage.journal.read().entries)
    meanwhile(
        storage,
        monkeypatch,
        lambda: storage.write(remove_signed_name, afters[1], 2, NOON),
    )
    with pytest.raises(ConversationMoved):
        await storage.write(remove_signed_name, afters[0], 1, NOON)
    of_jon = Entry(Deed.WITH_NAME, held[1].subject, TAKEN_OFF)
    assert last_entries(storage.journal.read().entries) == [held[0], of_jon]


async def test_who_withdraws_leaves_no_name_in_it_once_it_is_rewritten(storage: Storage) -> None:
    ana, jon = a_supporter(storage.keyring, 1), a_supporter(storage.keyring, 2, "Jon Gil")
    for each in (ana, jon):
        await each.sign(storage, was=0)
        after = Conversation(each.supporter, stage="my_data", version=2)
        await storage.write(correct_signed_name, after, 1, NOON, f"{each.name} Mas")
    await storage.write(withdraw_signature, ana.supporter, NOON)
    storage.journal.rewrite(None)
    entries = storage.journal.read().entries
    (name,) = [each.value for each in entries if each.has_name]
    assert name.endswith("Jon Gil Mas")
    assert len(entries) == 2
