"""Tests that a name is stored of those alone who have it handed over, and as long as they do."""

from dataclasses import replace
from functools import partial
from hashlib import sha256

import pytest

from storage import Storage
from storage.consents import (
    NEW_TEXTS,
    WITH_NAME,
    Consent,
    add_signed_name,
    answer_texts,
    correct_signed_name,
    end_consent,
    remove_signed_name,
)
from storage.conversations import Conversation, conversation_of
from storage.errors import ConversationMoved
from storage.exports import Change, begin_export, finish_export
from storage.handovers import owed_changes, record_handover
from storage.keyring import Keyring
from storage.person_requests import IN_CHAT, PersonNoticeKind, carry_out_request, find_signer
from storage.personal_data import everything_held
from storage.petitions import close_petition
from storage.sent_files import add_sent_file, files_due
from storage.signatures import sign_petition, withdraw_signature
from tests.support.raw_sql import read_sql, write_sql
from tests.support.supporters import CONSENT, NOON, Supporter, a_supporter, later, signature_of

WORDS = "Yo, {name}, consiento que se entregue mi nombre."
GIVES = Consent(
    text=WORDS, text_version="2", language="es", purposes=frozenset({WITH_NAME}), message_id=8
)


@pytest.fixture
async def ana(storage: Storage, keyring: Keyring) -> Supporter:
    """Somebody who signed with her name, and chose messages about the petition."""
    ana = a_supporter(keyring, 5)
    await ana.arrive(storage)
    chosen = frozenset({"signature", "updates", "news"})
    await ana.sign(storage, purposes=chosen, updates_at_most=3)
    return ana


def at_my_data(ana: Supporter, version: int) -> Conversation:
    return Conversation(ana.supporter, stage="my_data", version=version)


async def name(storage: Storage, ana: Supporter) -> str | None:
    """The name that she has, or None."""
    signature = await storage.read(signature_of, ana.supporter)
    assert signature is not None
    assert not signature.is_damaged
    assert signature.with_name is (signature.name != "")
    return signature.name or None


async def rows(storage: Storage, sql: str) -> list[dict[str, object]]:
    return [dict(row) for row in await read_sql(storage.database, sql)]


def names_in_journal(storage: Storage) -> list[str]:
    """The names in it once the bot has rewritten it, as it does every hour."""
    storage.journal.rewrite(None)
    return [each.value for each in storage.journal.read().entries if each.has_name]


@pytest.mark.parametrize("name", ["Ana", None])
async def test_a_name_comes_with_the_consent_to_it_and_not_without(
    storage: Storage, keyring: Keyring, name: str | None
) -> None:
    ana, consent = a_supporter(keyring, 6), replace(CONSENT, with_name=name is None)
    signing = partial(sign_petition, chat_id=6, name=name, source=None)
    with pytest.raises(ValueError, match="only then"):
        await storage.write(signing, ana.conversation(), 0, NOON, consent)


async def test_both_ways_it_is_noted_and_what_else_was_chosen_stays(
    storage: Storage, ana: Supporter
) -> None:
    await storage.write(add_sent_file, ana.supporter, chat_id=5, message_id=9, at=NOON)
    typed = replace(at_my_data(ana, 3), name="Ana Otra")
    assert await storage.write(remove_signed_name, typed, 2, later(60))
    assert await name(storage, ana) is None
    assert await storage.read(conversation_of, ana.supporter) == at_my_data(ana, 3)
    assert [each.message_id for each in await storage.read(files_due)] == [9]
    assert await storage.write(add_signed_name, at_my_data(ana, 4), 3, later(90), "Ana Sol", GIVES)
    assert await name(storage, ana) == "Ana Sol"
    first, second = (await storage.read(everything_held, ana.user_id)).consents
    assert first["purposes"] == "signature,news,updates"
    assert (first["with_name"], first["with_name_ended_at"]) == (1, later(60))
    assert (second["with_name"], second["with_name_ended_at"]) == (1, None)
    assert (second["purposes"], second["text"], second["given_at"]) == (
        WITH_NAME,
        WORDS,
        later(90),
    )
    assert (second["text_sha256"], second["message_id"]) == (sha256(WORDS.encode()).digest(), 8)
    kept = await storage.read(signature_of, ana.supporter)
    assert kept is not None
    assert (kept.updates_at_most, kept.news) == (3, True)
    deeds = await rows(storage, "SELECT action FROM audit ORDER BY at")
    assert [each["action"] for each in deeds] == ["name_removed", "name_given"]
    await storage.write(end_consent, ana.supporter, "updates", later(99))
    refused = await storage.read(signature_of, ana.supporter)
    assert refused is not None
    assert (refused.updates_at_most, refused.news) == (0, True)


async def test_what_is_so_already_is_not_done_twice(
    storage: Storage, keyring: Keyring, ana: Supporter
) -> None:
    """A name is given where there is none, and corrected or taken off where there is one."""
    jon = a_supporter(keyring, 6)
    await jon.sign(storage, was=0, with_name=False)
    await storage.write(add_sent_file, jon.supporter, chat_id=6, message_id=9, at=NOON)
    assert not await storage.write(
        add_signed_name, at_my_data(ana, 3), 2, later(60), "Otra", GIVES
    )
    assert not await storage.write(correct_signed_name, at_my_data(jon, 2), 1, later(60), "Jon")
    assert not await storage.write(remove_signed_name, at_my_data(jon, 3), 2, later(60))
    signature = await storage.read(signature_of, jon.supporter)
    assert signature is not None
    signer = await storage.read(find_signer, signature.number)
    assert signer is not None
    assert (signer.name, signer.has_name) == (None, False)
    assert not await storage.write(
        carry_out_request, PersonNoticeKind.CORRECTED, signer.number, IN_CHAT, later(60), "Jon"
    )
    limited = a_supporter(keyring, 7)
    await limited.sign(storage, was=0, with_name=False)
    for column in ("restricted_at", "objected_at"):
        only_stored = f"UPDATE signatures SET {column} = 1 WHERE number = 3"  # noqa: S608 - of this test
        await write_sql(storage.database, only_stored)
    given = (at_my_data(limited, 2), 1, later(60), "Eva", GIVES)
    assert not await storage.write(add_signed_name, *given)
    assert [await name(storage, each) for each in (ana, jon)] == ["Ana Ruiz", None]
    assert len((await storage.read(everything_held, ana.user_id)).consents) == 1
    assert await rows(storage, "SELECT action FROM audit") == []
    assert await storage.read(files_due) == []
    assert names_in_journal(storage) == [], "nor is what was refused kept there"
    saved = await storage.read(conversation_of, jon.supporter)
    assert saved is not None
    assert (saved.stage, saved.version) == ("my_data", 3)


async def test_who_has_a_list_with_the_name_is_to_be_told(
    storage: Storage, ana: Supporter
) -> None:
    """Also where another name is given: the one in the list is not hers."""
    listed = await storage.write(begin_export, at=NOON, detail="csv")
    await storage.write(finish_export, listed, with_name=1, without_name=0)

    async def owed() -> list[tuple[Change, str | None]]:
        changes = await storage.read(owed_changes, listed)
        return [(each.change, each.corrected_name) for each in changes]

    await storage.write(remove_signed_name, at_my_data(ana, 3), 2, later(60))
    assert await owed() == [(Change.NAME_REMOVED, None)]
    await storage.write(add_signed_name, at_my_data(ana, 4), 3, later(90), "Ana Sol", GIVES)
    noted = await rows(storage, "SELECT number, change FROM changes_after_export ORDER BY id")
    assert [(each["number"], each["change"]) for each in noted] == [
        (1, "name_removed"),
        (1, "name_given"),
    ]
    assert await owed() == [(Change.CORRECTED, "Ana Sol")]


async def test_who_has_withdrawn_meanwhile_changes_nothing(
    storage: Storage, ana: Supporter
) -> None:
    await storage.write(withdraw_signature, ana.supporter, later(1))
    with pytest.raises(ConversationMoved):
        await storage.write(remove_signed_name, at_my_data(ana, 3), 2, later(2))
    assert await rows(storage, "SELECT action FROM audit") == []


async def test_once_it_was_handed_over_no_name_is_given_and_no_text_agreed_to(
    storage: Storage, keyring: Keyring, ana: Supporter
) -> None:
    jon = a_supporter(keyring, 6)
    await jon.sign(storage, was=0, with_name=False)
    await storage.write(close_petition, revision=0, actor=1, at=NOON)
    await storage.write(record_handover, NOON.date(), at=later(10), without_name=1)
    accepts = ("3", replace(GIVES, purposes=frozenset({NEW_TEXTS})))
    assert not await storage.write(answer_texts, at_my_data(ana, 3), 2, later(60), *accepts)
    assert not await storage.write(add_signed_name, at_my_data(jon, 2), 1, later(60), "Jon", GIVES)
    consents = [(await storage.read(everything_held, n)).consents for n in (5, 6)]
    assert [len(each) for each in consents] == [1, 1]


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
