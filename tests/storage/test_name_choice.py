"""Tests that a name is kept as long as it is handed over, also where a backup came back."""

import json
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
    named,
    remove_signed_name,
)
from storage.conversations import Conversation, conversation_of
from storage.errors import ConversationMoved
from storage.exports import Change, begin_export, finish_export
from storage.handovers import owed_changes, record_handover
from storage.journal import Deed, Entry
from storage.keyring import Keyring
from storage.person_requests import IN_CHAT, PersonNoticeKind, carry_out_request, find_signer
from storage.personal_data import everything_held
from storage.petitions import (
    Reached,
    close_petition,
    petition_state,
    reached_so_far,
    require_known_petition,
)
from storage.sent_files import add_sent_file, files_due
from storage.signatures import mute_supporter, sign_petition, withdraw_signature
from storage.times import rising_id
from tests.support.existing import existing
from tests.support.raw_sql import read_sql, write_sql
from tests.support.restores import all_rows, put_back, replay
from tests.support.supporters import (
    CONSENT,
    NOON,
    NOON_MILLIS,
    Supporter,
    a_supporter,
    later,
    signature_of,
)

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
    signature = existing(await storage.read(signature_of, ana.supporter))
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
    kept = existing(await storage.read(signature_of, ana.supporter))
    assert (kept.updates_at_most, kept.news) == (3, True)
    deeds = await rows(storage, "SELECT action FROM audit ORDER BY at")
    assert [each["action"] for each in deeds] == ["name_removed", "name_given"]
    await storage.write(end_consent, ana.supporter, "updates", later(99))
    refused = existing(await storage.read(signature_of, ana.supporter))
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
    signature = existing(await storage.read(signature_of, jon.supporter))
    signer = existing(await storage.read(find_signer, signature.number))
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
    saved = existing(await storage.read(conversation_of, jon.supporter))
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
    typed = replace(at_my_data(ana, 4), name="Ana Otra")
    assert not await storage.write(remove_signed_name, typed, 3, later(60))
    assert await storage.read(conversation_of, ana.supporter) == at_my_data(ana, 4)


CHOICES = ("off", "given", "new", "new and off", "off and given", "before", "texts", "later")


class TestARestoredCopy:
    async def test_has_everything_that_was_asked_for_since(self, storage: Storage) -> None:
        people = [a_supporter(storage.keyring, n, f"Persona {n}") for n in range(1, 8)]
        for each in people:
            await each.arrive(storage)
            with_name = each is not people[2]
            chosen = CONSENT.purposes | {"updates"}
            await each.sign(storage, with_name=with_name, purposes=chosen, updates_at_most=3)
        withdrawn, renamed, muted, unmuted, refused, restricted, same = people
        ids = {}
        for each in people:
            signature = existing((await storage.read(everything_held, each.user_id)).signature)
            ids[each] = signature["id"]
        await storage.write(mute_supporter, unmuted.supporter, NOON)
        await storage.write(begin_export, at=NOON, detail="xlsx")
        await storage.write(add_sent_file, renamed.supporter, chat_id=2, message_id=5, at=NOON)
        consents = (await storage.read(everything_held, renamed.user_id)).consents
        handover = rising_id(NOON)
        columns = {
            **{"export_id": "ab" * 16, "handed_over_on": "2026-03-02", "manifest": "c" * 64},
            **{"with_name": 5, "without_name": 2, "recorded_at": 7, "undone_at": None},
            **{"exported_at": 6, "last_number": 7},
        }
        entries = (
            Entry(Deed.WITH_NAME, ids[withdrawn], "consent Otra"),
            Entry(Deed.WITHDRAWAL, ids[withdrawn]),
            Entry(Deed.WITHDRAWAL, rising_id(NOON)),  # of somebody who signed after the backup
            named(ids[renamed], consents[0]["id"], "Jorge"),
            named(ids[renamed], consents[0]["id"], "Jordi Puig"),
            Entry.since(Deed.MUTED, ids[muted], NOON),
            Entry.since(Deed.MUTED, ids[unmuted], None),
            Entry.since(Deed.NEWS_ENDED, ids[refused], NOON),
            Entry.since(Deed.UPDATES_ENDED, ids[refused], NOON),
            Entry.since(Deed.RESTRICTED, ids[restricted], NOON),
            Entry.since(Deed.OBJECTED, ids[restricted], NOON),
            Entry(Deed.WITH_NAME, ids[restricted], "0"),
            Entry(Deed.HANDOVER, handover, json.dumps(columns)),
        )
        had = storage.journal.read()
        for expected in (10, 1):  # but for the handover, again changes nothing
            done = await storage.write(replay, entries, reached=Reached(90), at=NOON)
            assert done == expected
            signed = [await storage.read(signature_of, each.supporter) for each in people]
            assert signed[0] is None
            assert (await storage.read(petition_state)).signatures == 6
            assert (await storage.read(reached_so_far)).number == 90
            found = [each for each in signed[1:] if each is not None]
            assert [each.name for each in found[:2]] == ["Jordi Puig", ""]
            assert [each.muted for each in found] == [False, True, False, False, False, False]
            assert [each.news for each in found] == [True, True, True, False, True, True]
            assert [each.updates_at_most for each in found] == [3, 3, 3, 0, 3, 3]
            row = existing((await storage.read(everything_held, restricted.user_id)).signature)
            assert (row["restricted_at"], row["objected_at"]) == (NOON, NOON)
            assert row["name"] is None
            assert [each.message_id for each in await storage.read(files_due)] == [5]
            changes = "SELECT number, change FROM changes_after_export"
            rows = await read_sql(storage.database, changes)
            noted = [(each["number"], each["change"]) for each in rows]
            assert sorted(noted) == [
                *[(1, "withdrawn"), (2, "corrected")],
                *[(6, "name_removed"), (6, "objected"), (6, "restricted")],
            ]
            (consent,) = (await storage.read(everything_held, restricted.user_id)).consents
            assert consent["with_name_ended_at"] == NOON
            assert [each.with_name for each in found] == [True, False, True, True, False, True]
            row = existing((await storage.read(everything_held, same.user_id)).signature)
            assert row["name"] == "Persona 7"
            asked = "SELECT manifest, export_id, undone_at FROM handovers"
            assert await read_sql(storage.database, asked) == [
                {"manifest": "c" * 64, "export_id": b"\xab" * 16, "undone_at": None}
            ]
        assert storage.journal.read() == had, "what is done again is in it"
        undone = Entry(Deed.HANDOVER, handover, json.dumps({**columns, "undone_at": 8}))
        done = await storage.write(replay, (*entries, undone), reached=Reached(80), at=NOON)
        assert done == 1
        asked = "SELECT undone_at FROM handovers"
        assert await read_sql(storage.database, asked) == [{"undone_at": 8}]
        assert (await storage.read(reached_so_far)).number == 90
        for moment in (NOON, None):  # of whom has no name nobody can be told
            objected = [Entry.since(Deed.OBJECTED, ids[each], moment) for each in (same, muted)]
            await storage.write(replay, objected, reached=Reached(80), at=NOON)
        changes = "SELECT number, change FROM changes_after_export WHERE number IN (3, 7)"
        rows = await read_sql(storage.database, changes)
        noted = sorted((each["number"], each["change"]) for each in rows)
        assert noted == [(7, "name_given"), (7, "objected")]

    async def test_has_each_name_as_it_was_asked_for_since_where_the_consent_to_it_is_in_it(
        self, storage: Storage
    ) -> None:
        people = {
            name: a_supporter(storage.keyring, number, f"Persona {number}")
            for number, name in enumerate(CHOICES, 1)
        }
        for name, each in people.items():
            await each.sign(storage, was=0, with_name=name not in ("given", "later"))

        async def choose(name: str, *chosen: str) -> None:
            for each in chosen:
                await choose_name(storage, people[name], each)

        await choose("before", "", "Bea")
        await choose("later", "Lara")
        listed = await storage.write(begin_export, at=NOON, detail="csv")
        await storage.write(finish_export, listed, with_name=7, without_name=1)
        for message, name in enumerate(("off", "new"), 1):
            at = people[name].supporter
            await storage.write(add_sent_file, at, chat_id=2, message_id=message, at=NOON)
        backup = await storage.database.read(all_rows)
        await choose("off", "")
        await choose("given", "Gala")
        await choose("new", "Nora")
        await choose("new and off", "Nadie", "")
        await choose("off and given", "", "Otra")
        await choose("before", "Beatriz")
        await accept_texts(storage, people["texts"])
        await choose("texts", "Tere")
        await choose("later", "Laura")
        await storage.write(put_back, backup)

        entries = storage.journal.read().entries
        for expected in (7, 0):  # again changes nothing
            done = await storage.write(replay, entries, reached=Reached(8), at=later(60))
            assert done == expected
            signed = [await storage.read(signature_of, each.supporter) for each in people.values()]
            assert [each.name for each in signed if each is not None] == [
                *("", "", "Nora", "", "", "Beatriz", "Tere", "Laura")
            ]
            ended = (
                "SELECT s.number FROM consents c JOIN signatures s ON s.id = c.signature_id"
                " WHERE c.with_name_ended_at = :at"
            )
            rows = await read_sql(storage.database, ended, at=NOON_MILLIS + 60_000)
            assert sorted(each["number"] for each in rows) == [1, 4, 5]
            due = await storage.read(files_due)
            assert sorted(each.message_id for each in due) == [1, 2]
            changes = await storage.read(owed_changes, listed)
            assert [(each.number, each.change, each.corrected_name) for each in changes] == [
                (1, Change.NAME_REMOVED, None),
                (3, Change.CORRECTED, "Nora"),
                (4, Change.NAME_REMOVED, None),
                (5, Change.NAME_REMOVED, None),
                (6, Change.CORRECTED, "Beatriz"),
                (7, Change.CORRECTED, "Tere"),
                (8, Change.CORRECTED, "Laura"),
            ]

    async def test_fits_no_button_that_was_drawn_after_the_backup(self, storage: Storage) -> None:
        ana = a_supporter(storage.keyring, 1)
        await ana.arrive(storage)
        await storage.write(replay, (), reached=Reached(0), at=NOON)
        once = await storage.read(require_known_petition)
        await storage.write(replay, (), reached=Reached(0), at=NOON)
        assert await storage.read(require_known_petition) == 2 * once
        drawn = 40  # a screen that the copy knows nothing of
        conversation = existing(await storage.read(conversation_of, ana.supporter))
        assert conversation.version < drawn < once


async def choose_name(storage: Storage, person: Supporter, name: str) -> None:
    """Gives a name, corrects the one that is there, or takes it off where it is empty."""
    signature = await storage.read(signature_of, person.supporter)
    known = await storage.read(conversation_of, person.supporter)
    assert signature is not None
    assert known is not None
    after, was = replace(known, version=known.version + 1), known.version
    if not name:
        assert await storage.write(remove_signed_name, after, was, NOON)
    elif signature.with_name:
        assert await storage.write(correct_signed_name, after, was, NOON, name)
    else:
        assert await storage.write(add_signed_name, after, was, NOON, name, GIVES)


async def accept_texts(storage: Storage, person: Supporter) -> None:
    """Has somebody consent once more, to changed texts, with their name as before."""
    known = existing(await storage.read(conversation_of, person.supporter))
    answer = ("2", replace(GIVES, purposes=frozenset({NEW_TEXTS})))
    after, was = replace(known, version=known.version + 1), known.version
    assert await storage.write(answer_texts, after, was, later(30), *answer)
