"""Tests that what a journal says comes back to a database from before it, on both databases."""

import json
from dataclasses import replace

from storage import Conversation, Deed, Entry, Keyring, Reached, Statement, Storage
from storage.ids import rising_id
from storage.journal_replay import replay
from tests.support.supporters import NOON, a_supporter

SLUG = "andry"


class TestARestoredCopy:
    async def test_has_everything_that_was_asked_for_since(
        self, storage: Storage, keyring: Keyring
    ) -> None:
        people = [a_supporter(keyring, n, f"Persona {n}") for n in range(1, 8)]
        for each in people:
            await each.arrive(storage)
            new = each.signature()
            chosen = replace(
                new.consent,
                purposes=new.consent.purposes | {"updates"},
                updates_at_most=3,
                with_name=each is not people[2],
            )
            thanks = Conversation(each.supporter, stage="thanks", version=2)
            await storage.signatures.sign(replace(new, consent=chosen), thanks, 1)
        withdrawn, renamed, muted, unmuted, refused, restricted, same = people
        ids = {}
        for each in people:
            signature = (await storage.personal_data.of(each.user_id)).signature
            assert signature is not None
            ids[each] = signature["id"]
        await storage.signatures.mute(unmuted.supporter, NOON)
        await storage.exports.begin(at=NOON, detail="xlsx")
        await storage.sent_files.add(renamed.supporter, chat_id=2, message_id=5, at=NOON)
        handover = rising_id(NOON)
        columns = {
            **{"export_id": "ab" * 16, "handed_over_on": "2026-03-02", "manifest": "c" * 64},
            **{"with_name": 5, "without_name": 2, "recorded_at": 7, "undone_at": None},
            **{"exported_at": 6, "last_number": 7},
        }
        entries = (
            Entry(Deed.NAME, ids[withdrawn], "Otra"),
            Entry(Deed.WITHDRAWAL, ids[withdrawn]),
            Entry(Deed.WITHDRAWAL, rising_id(NOON)),  # of somebody who signed after the backup
            Entry(Deed.NAME, ids[renamed], "Jorge"),
            Entry(Deed.NAME, ids[renamed], "Jordi Puig"),
            Entry.since(Deed.MUTED, ids[muted], NOON),
            Entry.since(Deed.MUTED, ids[unmuted], None),
            Entry.since(Deed.NEWS_ENDED, ids[refused], NOON),
            Entry.since(Deed.UPDATES_ENDED, ids[refused], NOON),
            Entry.since(Deed.RESTRICTED, ids[restricted], NOON),
            Entry.since(Deed.OBJECTED, ids[restricted], NOON),
            Entry(Deed.WITH_NAME, ids[restricted], "0"),
            Entry(Deed.HANDOVER, handover, json.dumps(columns)),
        )
        firsts = {each.deed: 1 for each in entries} | {Deed.MUTED: 2}
        for expected in (firsts, {Deed.HANDOVER: 1}):  # again changes nothing
            done = await replay(
                storage.database, keyring, SLUG, entries, reached=Reached(90), at=NOON
            )
            assert done == expected
            signed = [await storage.signatures.get(each.supporter) for each in people]
            assert signed[0] is None
            assert (await storage.petitions.state()).signatures == 6
            assert await storage.petitions.last_number() == 90
            found = [each for each in signed[1:] if each is not None]
            assert [each.name for each in found[:2]] == ["Jordi Puig", "Persona 3"]
            assert [each.muted for each in found] == [False, True, False, False, False, False]
            assert [each.news for each in found] == [True, True, True, False, True, True]
            assert [each.updates_at_most for each in found] == [3, 3, 3, 0, 3, 3]
            row = (await storage.personal_data.of(restricted.user_id)).signature
            assert row is not None
            assert (row["restricted_at"], row["objected_at"]) == (NOON, NOON)
            assert row["with_name"] == 0
            assert [each.message_id for each in await storage.sent_files.due()] == [5]
            changes = Statement("SELECT number, change FROM changes_after_export")
            rows = await storage.database.read(changes)
            noted = [(each["number"], each["change"]) for each in rows]
            assert sorted(noted) == [
                *[(1, "withdrawn"), (2, "corrected")],
                *[(6, "name_removed"), (6, "objected"), (6, "restricted")],
            ]
            (consent,) = (await storage.personal_data.of(restricted.user_id)).consents
            assert consent["with_name_ended_at"] == NOON
            assert [each.with_name for each in found] == [True, False, True, True, False, True]
            row = (await storage.personal_data.of(same.user_id)).signature
            assert row is not None
            assert row["with_name"] == 1
            asked = Statement("SELECT manifest, export_id, undone_at FROM handovers")
            assert await storage.database.read(asked) == [
                {"manifest": "c" * 64, "export_id": b"\xab" * 16, "undone_at": None}
            ]
        undone = Entry(Deed.HANDOVER, handover, json.dumps({**columns, "undone_at": 8}))
        done = await replay(
            storage.database, keyring, SLUG, (*entries, undone), reached=Reached(80), at=NOON
        )
        assert done == {Deed.HANDOVER: 1}
        asked = Statement("SELECT undone_at FROM handovers")
        assert await storage.database.read(asked) == [{"undone_at": 8}]
        assert await storage.petitions.last_number() == 90
        for moment in (NOON, None):
            objected = (Entry.since(Deed.OBJECTED, ids[same], moment),)
            await replay(storage.database, keyring, SLUG, objected, reached=Reached(80), at=NOON)
        changes = Statement("SELECT change FROM changes_after_export WHERE number = 7")
        kinds = [each["change"] for each in await storage.database.read(changes)]
        assert sorted(kinds) == ["name_given", "objected"]

    async def test_fits_no_button_that_was_drawn_after_the_backup(
        self, storage: Storage, keyring: Keyring
    ) -> None:
        ana = a_supporter(keyring, 1)
        await ana.arrive(storage)
        await replay(storage.database, keyring, SLUG, (), reached=Reached(0), at=NOON)
        await storage.petitions.require_known()
        once = storage.petitions.forgotten_version
        await replay(storage.database, keyring, SLUG, (), reached=Reached(0), at=NOON)
        await storage.petitions.require_known()
        assert storage.petitions.forgotten_version == 2 * once
        drawn = 40  # a screen that the copy knows nothing of
        conversation = await storage.conversations.get(ana.supporter)
        assert conversation is not None
        assert conversation.version < drawn < once
