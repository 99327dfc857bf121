"""Tests that it can be changed whether a signature is handed over with its name, until it was."""

from dataclasses import replace
from datetime import date
from hashlib import sha256

import pytest

from storage import Conversation, ConversationMoved, Keyring, Reached, Statement, Storage
from storage.consents import WITH_NAME, Consent
from storage.journal import Deed, Journal
from storage.journal_replay import replay
from tests.support.supporters import NOON, Supporter, a_supporter, later

WORDS = "Yo, {name}, consiento que se entregue mi nombre."
GIVES = Consent(
    text=WORDS,
    sha256=sha256(WORDS.encode()).digest(),
    text_version="2",
    language="es",
    purposes=frozenset({WITH_NAME}),
    message_id=8,
)


@pytest.fixture
async def ana(storage: Storage, keyring: Keyring) -> Supporter:
    """Somebody who signed with her name, and chose messages about the petition."""
    ana = a_supporter(keyring, 5)
    await ana.arrive(storage)
    new = ana.signature()
    chosen = replace(
        new.consent, purposes=frozenset({"signature", "updates", "news"}), updates_at_most=3
    )
    after = Conversation(ana.supporter, stage="thanks", version=2)
    await storage.signatures.sign(replace(new, consent=chosen), after, 1)
    return ana


def at_my_data(ana: Supporter, version: int) -> Conversation:
    return Conversation(ana.supporter, stage="my_data", version=version)


async def with_name(storage: Storage, ana: Supporter) -> bool:
    signature = await storage.signatures.get(ana.supporter)
    assert signature is not None
    return signature.with_name


async def rows(storage: Storage, sql: str) -> list[dict[str, object]]:
    return [dict(row) for row in await storage.database.read(Statement(sql))]


async def test_both_ways_it_is_noted_and_what_else_was_chosen_stays(
    storage: Storage, ana: Supporter
) -> None:
    signatures = storage.signatures
    assert await signatures.remove_name(ana.supporter, at_my_data(ana, 3), 2, later(60))
    assert not await with_name(storage, ana)
    assert await signatures.give_name(ana.supporter, GIVES, at_my_data(ana, 4), 3, later(90))
    assert await with_name(storage, ana)
    first, second = (await storage.personal_data.of(ana.user_id)).consents
    assert first["purposes"] == "signature,news,updates"
    assert (first["with_name"], first["with_name_ended_at"]) == (1, later(60))
    assert (second["with_name"], second["with_name_ended_at"]) == (1, None)
    assert (second["purposes"], second["text"], second["given_at"]) == (
        WITH_NAME,
        WORDS,
        later(90),
    )
    assert (second["text_sha256"], second["message_id"]) == (GIVES.sha256, 8)
    kept = await signatures.get(ana.supporter)
    assert kept is not None
    assert (kept.updates_at_most, kept.news) == (3, True)
    deeds = await rows(storage, "SELECT action FROM audit ORDER BY at")
    assert [each["action"] for each in deeds] == ["name_removed", "name_given"]
    await signatures.refuse_updates(ana.supporter, later(99))
    refused = await signatures.get(ana.supporter)
    assert refused is not None
    assert (refused.updates_at_most, refused.news) == (0, True)


async def test_a_consent_ends_with_the_name_that_it_gave_and_no_other_one(
    storage: Storage, keyring: Keyring, ana: Supporter
) -> None:
    signatures, jon = storage.signatures, a_supporter(keyring, 6)
    await jon.arrive(storage)
    new = jon.signature()
    without = replace(new, consent=replace(new.consent, with_name=False))
    await signatures.sign(without, Conversation(jon.supporter, stage="thanks", version=2), 1)
    for version in (3, 5):
        given, taken = at_my_data(jon, version), at_my_data(jon, version + 1)
        at = later(version)
        assert await signatures.give_name(jon.supporter, GIVES, given, version - 1, at)
        assert await signatures.remove_name(jon.supporter, taken, version, later(version + 1))
    consents = (await storage.personal_data.of(jon.user_id)).consents
    ended = [(each["with_name"], each["with_name_ended_at"]) for each in consents]
    assert ended == [(0, None), (1, later(4)), (1, later(6))]
    assert not await with_name(storage, jon)
    assert await with_name(storage, ana), "of nobody else"
    (consent,) = (await storage.personal_data.of(ana.user_id)).consents
    assert (consent["with_name"], consent["with_name_ended_at"]) == (1, None)


async def test_what_is_so_already_is_not_done_twice(storage: Storage, ana: Supporter) -> None:
    assert not await storage.signatures.give_name(
        ana.supporter, GIVES, at_my_data(ana, 3), 2, later(60)
    )
    assert len((await storage.personal_data.of(ana.user_id)).consents) == 1
    assert await rows(storage, "SELECT action FROM audit") == []


async def test_an_answer_to_an_earlier_screen_changes_nothing(
    storage: Storage, ana: Supporter
) -> None:
    with pytest.raises(ConversationMoved):
        await storage.signatures.remove_name(ana.supporter, at_my_data(ana, 8), 7, later(60))
    assert await with_name(storage, ana)
    assert await rows(storage, "SELECT action FROM audit") == []


async def test_once_it_was_handed_over_nothing_is_changed_until_that_is_undone(
    storage: Storage, ana: Supporter
) -> None:
    await storage.petitions.close(revision=0, actor=1, at=NOON)
    handover = await storage.handovers.record(date(2026, 3, 2), at=later(10), without_name=1)
    assert handover is not None
    signatures = storage.signatures
    assert not await signatures.remove_name(ana.supporter, at_my_data(ana, 3), 2, later(60))
    assert await with_name(storage, ana)
    await storage.handovers.undo(handover, at=later(70))
    assert await signatures.remove_name(ana.supporter, at_my_data(ana, 4), 3, later(80))


async def test_who_has_a_list_with_the_name_is_to_be_told(
    storage: Storage, ana: Supporter
) -> None:
    await storage.database.write(
        Statement("INSERT INTO exports VALUES (:id, 'andry', 0, 1, 1, 0)", {"id": b"e" * 16})
    )
    await storage.signatures.remove_name(ana.supporter, at_my_data(ana, 3), 2, later(60))
    await storage.signatures.give_name(ana.supporter, GIVES, at_my_data(ana, 4), 3, later(90))
    noted = await rows(storage, "SELECT number, change FROM changes_after_export ORDER BY id")
    assert [(each["number"], each["change"]) for each in noted] == [
        (1, "name_removed"),
        (1, "name_given"),
    ]


async def test_it_is_noted_outside_the_database(storage: Storage, ana: Supporter) -> None:
    await storage.signatures.remove_name(ana.supporter, at_my_data(ana, 3), 2, later(60))
    journal = storage.journal
    assert isinstance(journal, Journal)
    (entry,) = journal.read().entries
    assert (entry.deed, entry.value) == (Deed.WITH_NAME, "0")


@pytest.mark.parametrize("is_in_the_copy", [True, False])
async def test_a_restored_backup_has_the_name_only_with_the_consent_that_was_given_last(
    storage: Storage, keyring: Keyring, ana: Supporter, is_in_the_copy: bool
) -> None:
    # She signed with her name, took it off, and gave it again; the last of it after the backup, or
    # before.
    jon = a_supporter(keyring, 6)
    await jon.arrive(storage)
    await jon.sign(storage)
    await storage.signatures.remove_name(ana.supporter, at_my_data(ana, 3), 2, later(60))
    await storage.signatures.give_name(ana.supporter, GIVES, at_my_data(ana, 4), 3, later(90))
    if not is_in_the_copy:
        for sql in (
            "DELETE FROM consents WHERE purposes = 'with_name'",
            "UPDATE consents SET with_name_ended_at = NULL",
        ):
            await storage.database.write(Statement(sql))
    assert isinstance(storage.journal, Journal)
    entries = storage.journal.read().entries
    await replay(storage.database, keyring, "andry", entries, reached=Reached(1), at=later(120))
    assert await with_name(storage, ana) is is_in_the_copy
    ended = (await storage.personal_data.of(ana.user_id)).consents[-1]["with_name_ended_at"]
    assert ended == (None if is_in_the_copy else later(120))
    assert await with_name(storage, jon), "what she asked for changes nothing of his"
    (his,) = (await storage.personal_data.of(jon.user_id)).consents
    assert his["with_name_ended_at"] is None
