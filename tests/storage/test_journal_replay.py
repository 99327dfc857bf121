"""Tests that what a journal says comes back to a database from before it, on both databases."""

import json
from dataclasses import replace

from storage import Storage
from storage.consents import (
    NEW_TEXTS,
    add_signed_name,
    answer_texts,
    correct_signed_name,
    named,
    remove_signed_name,
)
from storage.conversations import conversation_of
from storage.exports import Change, begin_export, finish_export
from storage.handovers import owed_changes
from storage.journal import Deed, Entry
from storage.personal_data import everything_held
from storage.petitions import Reached, petition_state, reached_so_far, require_known_petition
from storage.sent_files import add_sent_file, files_due
from storage.signatures import mute_supporter
from storage.times import rising_id
from tests.storage.test_name_choice import GIVES
from tests.support.raw_sql import read_sql
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
            signature = (await storage.read(everything_held, each.user_id)).signature
            assert signature is not None
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
            row = (await storage.read(everything_held, restricted.user_id)).signature
            assert row is not None
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
            row = (await storage.read(everything_held, same.user_id)).signature
            assert row is not None
            assert row["name"] == "Persona 7"
            asked = "SELECT manifest, export_id, undone_at FROM handovers"
            assert await read_sql(storage.database, asked) == [
                {"manifest": "c" * 64, "export_id": b"\xab" * 16, "undone_at": None}
            ]
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
        conversation = await storage.read(conversation_of, ana.supporter)
        assert conversation is not None
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
    known = await storage.read(conversation_of, person.supporter)
    assert known is not None
    answer = ("2", replace(GIVES, purposes=frozenset({NEW_TEXTS})))
    after, was = replace(known, version=known.version + 1), known.version
    assert await storage.write(answer_texts, after, was, later(30), *answer)
