"""Tests that a conversation is written over the version that was read, or not at all."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.transport.lenient_json import read_json
from storage import Storage
from storage.conversations import (
    Conversation,
    conversation_of,
    forget_left_forms,
    forget_name_messages,
    save_conversation,
    store_screen,
)
from storage.keyring import Keyring
from tests.support.supporters import NOON, a_supporter, signature_of

FULL = {
    "stage": "consent",
    "page": 3,
    "return_stage": "privacy",
    "language": "en",
    "name": "Seán O'Brien",
    "news": True,
    "updates": True,
    "with_name": True,
    "form_started_at": NOON,
    "notice": "ab" * 8,
    "source": "web",
    "message_id": 2**40,
    "picture_id": 12,
    "name_message_ids": (5, 6, 7),
    "screen_digest": b"\x00" * 32,
    "version": 4,
}


@pytest.fixture
def supporter(keyring: Keyring) -> bytes:
    return a_supporter(keyring, 1).supporter


@pytest.mark.parametrize("was", [None, 0])
async def test_a_screen_shown_to_someone_new_does_not_stand_in_the_way(
    storage: Storage, supporter: bytes, was: int | None
) -> None:
    await storage.write(store_screen, supporter, message_id=7, screen_digest=b"d")
    assert await storage.read(conversation_of, supporter) == Conversation(
        supporter, message_id=7, screen_digest=b"d", version=0
    )
    first = Conversation(supporter, message_id=7, version=1)
    await storage.write(save_conversation, first, was=was, at=NOON)
    assert await storage.read(conversation_of, supporter) == first


LATER = NOON + timedelta(milliseconds=1)


async def test_it_reads_back_as_it_was_written_until_the_form_was_left_for_long(
    storage: Storage, supporter: bytes
) -> None:
    full = Conversation(supporter, **FULL)  # type: ignore[arg-type] # each of its own type
    await storage.write(save_conversation, full, was=None, at=NOON)
    assert await storage.read(conversation_of, supporter) == full
    assert await storage.write(forget_left_forms, NOON, limit=9) == 1
    left = Conversation(supporter, "consent", language="en", message_id=2**40, version=4)
    assert await storage.read(conversation_of, supporter) == left
    assert await storage.write(forget_left_forms, LATER, limit=9) == 0
    bare = Conversation(supporter, version=5)
    await storage.write(save_conversation, bare, was=4, at=NOON)
    assert await storage.read(conversation_of, supporter) == bare


async def test_whatever_was_filled_in_is_forgotten(storage: Storage, supporter: bytes) -> None:
    bare, was = Conversation(supporter, stage="name", version=1), None
    for filled_in in (
        *({"name": "Ana"}, {"name_message_ids": (5,)}, {"news": True}, {"updates": True}),
        *({"source": "web"}, {"form_started_at": NOON}),
    ):
        typed: Any = filled_in
        await storage.write(save_conversation, replace(bare, **typed), was=was, at=NOON)
        assert await storage.write(forget_left_forms, NOON, limit=9) == 1, filled_in
        assert await storage.read(conversation_of, supporter) == bare
        bare, was = replace(bare, version=bare.version + 1), bare.version


async def test_they_are_forgotten_in_portions_the_longest_left_first(storage: Storage) -> None:
    people = [a_supporter(storage.keyring, number) for number in (3, 1, 2)]
    for seconds, someone in enumerate(people):
        at = NOON + timedelta(seconds=seconds)
        await storage.write(save_conversation, someone.conversation(), was=None, at=at)
    end = NOON + timedelta(days=1)
    assert await storage.write(forget_left_forms, end, limit=2) == 2
    found = [await storage.read(conversation_of, someone.supporter) for someone in people]
    assert [each.name if each else "" for each in found] == [None, None, "Ana Ruiz"]
    assert await storage.write(forget_left_forms, end, limit=2) == 1
    assert await storage.write(forget_left_forms, end, limit=2) == 0


async def test_what_was_typed_while_others_were_deleted_is_not_taken_for_deleted(
    storage: Storage, supporter: bytes
) -> None:
    first = Conversation(supporter, name_message_ids=(5, 6), version=1)
    await storage.write(save_conversation, first, was=None, at=NOON)
    more = replace(first, name_message_ids=(5, 6, 7), version=2)
    await storage.write(save_conversation, more, was=1, at=NOON)
    await storage.write(forget_name_messages, supporter, first.name_message_ids)
    assert await storage.read(conversation_of, supporter) == more
    await storage.write(forget_name_messages, supporter, more.name_message_ids)
    assert await storage.read(conversation_of, supporter) == replace(more, name_message_ids=())


ODD = [
    rb'"a\u0000b"',
    rb'"\ud83d\ud800"',
    b'"\xff\xc3 \xed\xa0\x80"',
    '"\N{SNOWMAN}\uffff\ufffe\u202e😀"'.encode(),
    b'"%b"' % ("ñ" * 65_536).encode(),
]


@pytest.mark.parametrize("raw", ODD, ids=["nul", "half", "bytes", "signs", "64 KiB"])
async def test_a_name_and_a_source_of_anybodys_making_read_back_as_they_were(
    storage: Storage, raw: bytes
) -> None:
    text = read_json(raw)
    ana = a_supporter(storage.keyring, 1, text)
    stored = Conversation(ana.supporter, stage="consent", name=text, source=text, version=1)
    await storage.write(save_conversation, stored, was=None, at=NOON)
    assert await storage.read(conversation_of, ana.supporter) == stored
    await ana.sign(storage, source=text)
    signature = await storage.read(signature_of, ana.supporter)
    assert signature is not None
    assert (signature.name, signature.source) == (text, text)
