"""Tests that everybody is recognised under another key, and nobody of whom no chat is stored."""

from collections.abc import Callable

import pytest

from storage import (
    AwaitedText,
    ClosingTextKind,
    Conversation,
    Deed,
    Entry,
    Journal,
    KeyFileOther,
    Keyring,
    PersonNoticeKind,
    Statement,
    Storage,
    open_storage,
    reference_change,
)
from storage.errors import ReferencesUnfinished
from storage.key_file import add_reference_key, remove_older_reference_keys
from storage.reference_change import Changed, NotDerivable, ReferenceChange
from storage.tables import metadata
from tests.support.supporters import ADMIN, NOON, Supporters, a_supporter

ANA, EVA, FILED = 1001, 50, 60
CLOSING = AwaitedText("closing", ClosingTextKind.CLOSING_UPDATE, "es", NOON)


@pytest.fixture
async def lived(storage: Storage, keyring: Keyring) -> Storage:
    """Three signed, of whom Ana corrects her name; Eva only talks; one withdrew with a file."""
    people = Supporters(storage.database, keyring)
    await people.sign([1, 2, 3], updates=1)
    ana = Conversation(people.supporter(1), stage="name", name="Ana Nueva", version=3)
    await storage.conversations.save(ana, was=None, at=NOON)
    await storage.person_codes.make(ana.supporter, NOON)
    await a_supporter(keyring, EVA, "Eva").arrive(storage)
    filed = a_supporter(keyring, FILED, "Pau")
    await filed.arrive(storage)
    await storage.sent_files.add(filed.supporter, chat_id=FILED, message_id=5, at=NOON)
    told = (filed.supporter, FILED, "es", PersonNoticeKind.SHOWN, NOON)
    await storage.database.write(storage.person_notices.adding(*told)[1])
    for admin in (ADMIN, ADMIN + 1):
        await storage.drafts.save(keyring.reference("andry", admin), "Gracias", NOON)
        await storage.admin_names.save(admin, f"Marta {admin}", NOON)
        await storage.closing_texts.await_text(keyring.reference("andry", admin), CLOSING)
    await storage.petitions.close(revision=0, actor=ADMIN, at=NOON)  # the other one did nothing
    await storage.telegram_cache.put(f"7:menu:{keyring.reference('andry', ADMIN).hex()}", b"d")
    await storage.journal.append(Entry(Deed.WITHDRAWAL, b"s" * 16))
    return storage


def change_of(storage: Storage, keyring: Keyring) -> ReferenceChange:
    """The change, once the new key is in the file."""
    both = Keyring.load(keyring.path)
    fresh = Storage(storage.database, both, "andry")
    return ReferenceChange(storage.database, fresh.journal, both, "andry")


def nothing(_: int) -> None:
    """Shows no progress."""


async def test_who_signed_is_known_under_the_new_key_alone(
    lived: Storage, keyring: Keyring, database_url: str
) -> None:
    add_reference_key(keyring.path)
    change = change_of(lived, keyring)
    assert await change.is_begun()
    done = await change.carry_out(nothing, {ADMIN}, NOON)
    assert done == Changed(signatures=3, forgotten=1)
    assert not await change.is_begun()
    assert await change.is_journal_changed()
    remove_older_reference_keys(keyring.path)
    alone = Keyring.load(keyring.path)
    after = await open_storage(database_url, alone, "andry")
    known = Supporters(after.database, alone)
    for number in (1, 2, 3):
        signature = await after.signatures.get(known.supporter(number))
        assert signature is not None
        assert signature.number == number
    ana = await after.conversations.get(known.supporter(1))
    assert ana is not None
    assert (ana.stage, ana.name, ana.version, ana.screen_digest) == ("name", "Ana Nueva", 3, None)
    assert await after.conversations.get(alone.reference("andry", EVA)) is None
    filed = alone.reference("andry", FILED)
    assert (await after.conversations.get(filed)) is not None
    await after.sent_files.make_due(filed)
    assert [each.chat_id for each in await after.sent_files.due()] == [FILED]
    waiting = await after.person_notices.waiting()
    assert [(each.supporter, each.chat_id) for each in waiting] == [(filed, FILED)]
    admin = alone.reference("andry", ADMIN)
    assert await after.drafts.get(admin) == "Gracias"
    assert await after.admin_names.of([ADMIN, ADMIN + 1]) == {ADMIN: f"Marta {ADMIN} ({ADMIN})"}
    assert await after.closing_texts.awaited(admin) == CLOSING
    assert await after.telegram_cache.get(f"7:menu:{admin.hex()}") is not None
    assert after.journal.read().entries == (Entry(Deed.WITHDRAWAL, b"s" * 16),)
    codes = await after.database.read(Statement("SELECT * FROM person_codes"))
    assert codes == []
    noted = {(each.action, each.detail) for each in await after.audit.entries(5)}
    assert ("change references", "3 signatures, 1 forgotten") in noted
    await after.close()


async def test_nothing_with_a_reference_is_forgotten_by_it() -> None:
    found = {
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for column in table.columns
        if column.name in ("supporter", "admin")
    }
    people = ("conversations", "signatures", "sent_files", "person_notices", "person_codes")
    admins = ("drafts", "admin_names", "awaited_closing_texts")
    assert found == {f"{table}.supporter" for table in people} | {
        f"{table}.admin" for table in admins
    }


class Killed(Exception):
    """Stands for the end of the process."""


async def test_killed_after_any_transaction_no_bot_starts_until_it_has_gone_on(
    lived: Storage, keyring: Keyring, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reference_change, "_PORTION", 1)
    add_reference_key(keyring.path)
    write: Callable[..., object] = lived.database.write
    left = [0]

    async def dies(*statements: Statement) -> object:
        if left[0] == 0:
            raise Killed
        left[0] -= 1
        return await write(*statements)  # type: ignore[misc] # a coroutine

    monkeypatch.setattr(lived.database, "write", dies)
    for lives_for in range(1, 50):
        left[0] = lives_for
        try:
            await change_of(lived, keyring).carry_out(nothing, {ADMIN}, NOON)
        except Killed:
            with pytest.raises(ReferencesUnfinished, match="keys rotate-references"):
                await open_storage(database_url, Keyring.load(keyring.path), "andry")
        else:
            break
    assert lives_for > 3
    monkeypatch.undo()
    remove_older_reference_keys(keyring.path)
    alone = Keyring.load(keyring.path)
    after = await open_storage(database_url, alone, "andry")
    for number in (1, 2, 3):
        assert await after.signatures.get(Supporters(after.database, alone).supporter(number))
    assert await after.drafts.get(alone.reference("andry", ADMIN)) == "Gracias"
    assert (await after.petitions.state()).signatures == 3
    await after.close()


async def test_killed_before_it_began_the_bot_starts_with_the_former_references(
    lived: Storage, keyring: Keyring, database_url: str
) -> None:
    former = keyring.reference("andry", ANA)
    add_reference_key(keyring.path)
    both = Keyring.load(keyring.path)
    again = await open_storage(database_url, both, "andry")
    assert both.reference("andry", ANA) == former
    assert again.journal.read().entries == (Entry(Deed.WITHDRAWAL, b"s" * 16),)
    await again.close()


async def test_a_backup_from_before_is_opened_with_the_older_key_put_below_and_changed_again(
    lived: Storage, keyring: Keyring, database_url: str
) -> None:
    """The journal beside the key has the newer key by then."""
    older = next(
        line for line in keyring.path.read_text().splitlines() if line.startswith("reference ")
    )
    add_reference_key(keyring.path)
    both = Keyring.load(keyring.path)
    Storage(lived.database, both, "andry").journal.rewrite(NOON, both)
    remove_older_reference_keys(keyring.path)
    with pytest.raises(KeyFileOther):
        await open_storage(database_url, Keyring.load(keyring.path), "andry")
    keyring.path.write_text(f"{keyring.path.read_text()}{older}\n")
    restored = await open_storage(database_url, Keyring.load(keyring.path), "andry")
    assert isinstance(restored.journal, Journal)
    assert restored.journal.read().unreadable == 0
    await restored.close()
    done = await change_of(lived, keyring).carry_out(nothing, {ADMIN}, NOON)
    assert done.signatures == 3


async def test_it_does_not_begin_while_somebody_would_not_be_recognised(
    lived: Storage, keyring: Keyring
) -> None:
    await Supporters(lived.database, keyring).damage(2)
    add_reference_key(keyring.path)
    with pytest.raises(NotDerivable, match="not be recognised any more: 2"):
        await change_of(lived, keyring).carry_out(nothing, {ADMIN}, NOON)
    await lived.petitions.require_known()


async def test_the_older_key_stays_for_another_petition_of_the_same_file(
    lived: Storage, keyring: Keyring, database_url: str
) -> None:
    await (await open_storage(database_url, keyring, "other")).close()
    add_reference_key(keyring.path)
    change = change_of(lived, keyring)
    await change.carry_out(nothing, {ADMIN}, NOON)
    assert await change.needs_older_key()
    await lived.database.write(Statement("DELETE FROM petitions WHERE slug = 'other'"))
    assert not await change.needs_older_key()
