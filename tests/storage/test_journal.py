"""Tests that what people asked for is kept outside the database, whatever happens to the file."""

import asyncio
import errno
import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage import Storage, postgres, sqlite_connection
from storage.consents import correct_signed_name, end_consent, named, short
from storage.conversations import Conversation, conversation_of
from storage.errors import ConversationMoved, NeedsAPerson, Unavailable
from storage.journal import TAKEN_OFF, Deed, Entry, Journal, JournalContent, last_entries
from storage.keyring import Keyring, add_encryption_key
from storage.person_requests import IN_CHAT, PersonNoticeKind, carry_out_request
from storage.personal_data import everything_held
from storage.signatures import mute_supporter, withdraw_signature
from storage.times import rising_id
from storage.transaction import Transaction, write_notes
from tests.support.existing import existing
from tests.support.supporters import NOON, a_supporter, later

SLUG = "andry"
BLOCK = 512

NAME = Entry(Deed.WITH_NAME, b"s" * 16, "consent Anna")
OFF = Entry(Deed.WITH_NAME, b"s" * 16, TAKEN_OFF)
NAMED = Entry(Deed.WITH_NAME, b"s" * 16, "consent Ana")
RESTRICTED = Entry.since(Deed.RESTRICTED, b"s" * 16, NOON)
GONE = Entry(Deed.WITHDRAWAL, b"s" * 16)


@pytest.fixture
def journal(keyring: Keyring, tmp_path: Path) -> Journal:
    return Journal(keyring, SLUG)


def withdrawals(count: int) -> list[Entry]:
    return [Entry(Deed.WITHDRAWAL, rising_id(NOON)) for _ in range(count)]


async def written(journal: Journal, *entries: Entry) -> tuple[Entry, ...]:
    for each in entries:
        journal.append([each])
    return entries


async def test_what_is_noted_is_read_back_by_whoever_has_the_key_and_by_nobody_else(
    journal: Journal, keyring: Keyring
) -> None:
    signature = rising_id(NOON)
    entries = await written(
        journal,
        Entry.since(Deed.MUTED, signature, NOON),
        Entry.since(Deed.MUTED, signature, None),
        named(signature, signature, "𐍈" * 100),  # as long as a name can be
    )
    assert journal.read() == JournalContent(entries, 0)
    assert journal.path.stat().st_mode & 0o777 == 0o600
    content = journal.path.read_bytes()
    for plain in ("𐍈𐍈".encode(), signature, signature.hex().encode(), b"muted"):
        assert plain not in content
    add_encryption_key(keyring.path)
    assert Journal(Keyring.load(keyring.path), SLUG).read().entries == entries
    shutil.copy(journal.path, keyring.beside("another.journal"))
    for other in (
        Journal(Keyring(bytes(32), {bytes(4): bytes(32)}, keyring.path), SLUG),
        Journal(keyring, "another"),
    ):
        with pytest.raises(NeedsAPerson, match="made with another key"):
            other.read()


@pytest.mark.parametrize("left", [1, 200, BLOCK - 1, BLOCK, BLOCK + 100])
async def test_an_entry_that_a_kill_left_half_written_is_passed_over_and_written_over(
    journal: Journal, left: int
) -> None:
    whole = await written(journal, *withdrawals(3))
    with journal.path.open("ab") as file:
        file.write(b"\0" * left)  # as a disk leaves a block that it never got to
    assert journal.read() == JournalContent(whole, 0)
    more = await written(journal, *withdrawals(2))
    assert journal.read() == JournalContent(whole + more, 0)


def test_more_than_a_kill_can_leave_half_written_is_damage(journal: Journal) -> None:
    journal.append(withdrawals(70))
    content = journal.path.read_bytes()
    journal.path.write_bytes(content[:BLOCK] + bytes(70 * BLOCK))
    assert journal.read() == JournalContent((), 70)


async def test_damage_in_the_middle_is_counted_and_the_journal_begins_anew(
    journal: Journal,
) -> None:
    """So that it does not seem to know all that was asked for before."""
    whole = await written(journal, *withdrawals(4))
    content = bytearray(journal.path.read_bytes())
    content[2 * BLOCK + 40] ^= 1
    journal.path.write_bytes(content)
    assert journal.read() == JournalContent((whole[0], *whole[2:]), 1)
    await asyncio.to_thread(time.sleep, 0.005)
    moment = datetime.now(UTC)
    assert journal.rewrite(NOON - timedelta(days=1)) == 1
    known = journal.read()
    assert known == JournalContent((whole[0], *whole[2:]), 0)
    assert known.begun_at is not None
    assert known.begun_at + timedelta(milliseconds=1) > moment
    assert not known.knows_all_since(moment - timedelta(seconds=1))
    assert journal.rewrite(NOON - timedelta(days=1)) == 0
    for place in (5, 20, 50, 66, 300):  # of the header
        journal.path.write_bytes(
            content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
        )
        with pytest.raises(NeedsAPerson, match="is damaged"):
            journal.read()


@pytest.mark.parametrize(
    ("entries", "held"),
    [
        ((NAME, OFF), (OFF,)),
        ((NAME, NAMED), (NAMED,)),
        ((NAMED, OFF), (OFF,)),
        ((OFF, NAMED), (NAMED,)),
        ((OFF, NAMED, replace(NAMED, refused=True)), (OFF,)),
        ((NAMED, NAMED, replace(NAMED, refused=True)), (NAMED,)),
        ((RESTRICTED, OFF, RESTRICTED), (OFF, RESTRICTED)),
        ((NAMED, GONE, NAMED, RESTRICTED), (GONE,)),
    ],
)
def test_a_name_holds_until_the_next_entry_about_it(
    entries: tuple[Entry, ...], held: tuple[Entry, ...]
) -> None:
    assert last_entries(entries) == [*held]


async def test_what_is_over_or_overtaken_is_left_out_under_a_new_key(
    journal: Journal, keyring: Keyring
) -> None:
    old, young, gone = (rising_id(NOON + timedelta(days=days)) for days in (0, 40, 50))
    stays = Entry(Deed.WITH_NAME, young, "consent Ana María")
    withdrawn = Entry(Deed.WITHDRAWAL, gone)
    await written(
        journal,
        Entry(Deed.WITHDRAWAL, old),
        Entry(Deed.WITH_NAME, young, "consent Ana Maria"),
        Entry(Deed.WITH_NAME, gone, "consent Jordi"),
        stays,
        withdrawn,
    )
    salt, begun_at = journal.path.read_bytes()[16:32], journal.read().begun_at
    assert begun_at is not None
    await asyncio.to_thread(time.sleep, 0.005)
    assert journal.rewrite(NOON + timedelta(days=30)) == 0
    assert journal.read() == JournalContent((stays, withdrawn), 0)
    assert journal.path.read_bytes()[16:32] != salt
    # Or a journal that took the place of another would seem to know all since the backup.
    assert journal.read().begun_at == begun_at
    assert journal.path.stat().st_mode & 0o777 == 0o600
    # A command beside the bot, which knew the file from before, goes on in the new one.
    (more,) = await written(Journal(keyring, SLUG), *withdrawals(1))
    assert journal.read().entries == (stays, withdrawn, more)


async def test_where_the_disk_is_full_nothing_is_noted_and_who_asked_may_try_again(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = await written(journal, *withdrawals(1))
    write = os.pwrite

    def full(handle: int, content: bytes, start: int) -> int:
        if len(content) < BLOCK:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(handle, content[:100], start)

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", full)
        with pytest.raises(Unavailable, match="No space left on device"):
            journal.append(withdrawals(1))
    assert journal.path.stat().st_size == 2 * BLOCK
    more = await written(journal, *withdrawals(1))
    assert journal.read().entries == whole + more


async def test_where_a_journal_with_braces_in_its_name_is_damaged_it_is_said_too(
    keyring: Keyring, tmp_path: Path
) -> None:
    journal = Journal(Keyring.generate(tmp_path / "{petition}.key"), SLUG)
    await written(journal, *withdrawals(1))
    journal.path.write_bytes(b"x" * 3 * BLOCK)
    with pytest.raises(Unavailable, match=r"\{petition\}"):
        journal.append(withdrawals(1))


def test_a_folder_that_cannot_be_written_is_said_with_what_to_do(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "open", refused)
    with pytest.raises(NeedsAPerson, match=r"Permission denied; run: chmod u\+rwX "):
        journal.prepare()


async def test_every_deed_of_a_person_is_noted_before_it_is_done(
    storage: Storage, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database fails, as at a kill: what was asked for is known all the same."""
    ana = a_supporter(keyring, 1)
    await ana.come_and_sign(storage)
    signature = existing((await storage.read(everything_held, ana.user_id)).signature)
    assert storage.journal.read().entries == ()

    def killed_before_the_commit(transactions: Sequence[Transaction]) -> None:
        write_notes(transactions)
        raise Unavailable

    conversation = existing(await storage.read(conversation_of, ana.supporter))
    consent = short((await storage.read(everything_held, ana.user_id)).consents[0]["id"])
    await storage.write(carry_out_request, PersonNoticeKind.RESTRICTED, 1, IN_CHAT, NOON)
    await storage.write(mute_supporter, ana.supporter, NOON)
    for adapter in (sqlite_connection, postgres):
        monkeypatch.setattr(adapter, "write_notes", killed_before_the_commit)
        monkeypatch.setattr(adapter, "take_back_notes", lambda _: None)
    for asked in (
        lambda: storage.write(mute_supporter, ana.supporter, None),
        lambda: storage.write(end_consent, ana.supporter, "news", NOON),
        lambda: storage.write(end_consent, ana.supporter, "updates", NOON),
        lambda: storage.write(correct_signed_name, conversation, 2, NOON, "Ana Gil"),
        lambda: storage.write(withdraw_signature, ana.supporter, NOON),
        lambda: storage.write(
            carry_out_request, PersonNoticeKind.CORRECTED, 1, IN_CHAT, NOON, "Ana Sol"
        ),
        lambda: storage.write(carry_out_request, PersonNoticeKind.OBJECTED, 1, IN_CHAT, NOON),
        lambda: storage.write(carry_out_request, PersonNoticeKind.LIFTED, 1, IN_CHAT, NOON),
        lambda: storage.write(carry_out_request, PersonNoticeKind.ERASED, 1, IN_CHAT, NOON),
    ):
        with pytest.raises(Unavailable):
            await asked()
    noted = [(each.deed, each.value) for each in storage.journal.read().entries]
    moment = str(int(NOON.timestamp() * 1000))
    assert noted == [
        (Deed.RESTRICTED, moment),
        (Deed.MUTED, moment),
        (Deed.MUTED, ""),
        (Deed.NEWS_ENDED, moment),
        (Deed.UPDATES_ENDED, moment),
        (Deed.WITH_NAME, f"{consent} Ana Gil"),
        (Deed.WITHDRAWAL, ""),
        (Deed.WITH_NAME, f"{consent} Ana Sol"),
        (Deed.OBJECTED, moment),
        (Deed.OBJECTED, ""),
        (Deed.RESTRICTED, ""),
        (Deed.WITHDRAWAL, ""),
    ]
    assert {each.subject for each in storage.journal.read().entries} == {signature["id"]}


async def test_what_was_refused_is_not_done_again(storage: Storage, keyring: Keyring) -> None:
    """A tap comes too late, or twice; the one before it counts all the same."""
    ana = a_supporter(keyring, 1)
    await ana.come_and_sign(storage)
    name = Conversation(ana.supporter, stage="my_data", version=3)
    await storage.write(correct_signed_name, name, 2, NOON, "Ana Gil")
    (consent,) = (await storage.read(everything_held, ana.user_id)).consents
    corrected = named(consent["signature_id"], consent["id"], "Ana Gil")
    with pytest.raises(ConversationMoved):
        await storage.write(correct_signed_name, name, 2, NOON, "Otra")
    await storage.write(end_consent, ana.supporter, "news", NOON)
    for moment in (NOON, later(60)):
        await storage.write(end_consent, ana.supporter, "news", moment)
    for _ in range(2):
        held = last_entries(storage.journal.read().entries)
        assert held == [corrected, Entry.since(Deed.NEWS_ENDED, consent["signature_id"], NOON)]
        storage.journal.rewrite(NOON - timedelta(days=9))
    assert len(storage.journal.read().entries) == 2


@pytest.mark.parametrize(
    ("content", "knows"),
    [
        (JournalContent((), 0, begun_at=NOON), True),
        (JournalContent((), 0, begun_at=later(0.9)), True),  # in the second of the backup
        (JournalContent((), 0, begun_at=later(1)), False),  # another one was there before
        (JournalContent((), 1, begun_at=NOON), False),
        (JournalContent((), 0), False),
    ],
)
def test_it_knows_everything_since_a_backup_that_it_is_older_than(
    content: JournalContent, knows: bool
) -> None:
    assert content.knows_all_since(NOON) is knows
    assert content.knows_all_since(None) is (knows or content.begun_at == later(1))
