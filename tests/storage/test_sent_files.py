"""Tests which files in people's chats are to be removed, and that no more is kept of them."""

from datetime import timedelta

from storage import Storage
from storage.personal_data import everything_held
from storage.sent_files import (
    SentFile,
    add_sent_file,
    expire_files,
    files_due,
    forget_sent_file,
    give_up_files,
    make_files_due,
)
from storage.signatures import withdraw_signature
from tests.support.raw_sql import write_sql
from tests.support.supporters import NOON, a_supporter

MONTH = timedelta(days=30)


async def sent(storage: Storage, supporter: bytes, message_id: int) -> None:
    await storage.write(add_sent_file, supporter, chat_id=7, message_id=message_id, at=NOON)


async def test_a_file_is_due_once_its_owner_withdraws_and_then_forgotten(storage: Storage) -> None:
    ana, ben = a_supporter(storage.keyring, 1), a_supporter(storage.keyring, 2)
    for each in (ana, ben):
        await each.arrive(storage)
        await each.sign(storage)
        await sent(storage, each.supporter, 5)
    assert await storage.read(files_due) == []
    await storage.write(withdraw_signature, ana.supporter, NOON)
    (file,) = await storage.read(files_due)
    assert file == SentFile(ana.supporter, 5, 7)
    assert await storage.read(files_due, ana.supporter) == [file]
    assert await storage.read(files_due, ben.supporter) == []
    await storage.write(forget_sent_file, file)
    assert await storage.read(files_due) == []
    assert len((await storage.read(everything_held, 2)).files) == 1


async def test_a_new_file_replaces_those_before(storage: Storage) -> None:
    ana = a_supporter(storage.keyring, 1)
    for message_id in (5, 6, 9):
        await sent(storage, ana.supporter, message_id)
    due = await storage.read(files_due, ana.supporter)
    assert sorted(file.message_id for file in due) == [5, 6]
    await storage.write(forget_sent_file, SentFile(ana.supporter, 5, 7))
    assert [each.message_id for each in await storage.read(files_due)] == [6]


async def test_without_a_signature_it_is_due_after_its_time(storage: Storage) -> None:
    ana, ben = a_supporter(storage.keyring, 1), a_supporter(storage.keyring, 2)
    await ana.arrive(storage)
    await ana.sign(storage)
    for each in (ana, ben):
        await sent(storage, each.supporter, 5)
    await storage.write(expire_files, NOON - MONTH)
    assert await storage.read(files_due) == []
    await storage.write(expire_files, NOON)
    assert [file.supporter for file in await storage.read(files_due)] == [ben.supporter]
    for seconds, user_id in ((-1, 3), (-3, 4), (-2, 5)):
        at, luz = NOON + timedelta(seconds=seconds), a_supporter(storage.keyring, user_id)
        await storage.write(add_sent_file, luz.supporter, chat_id=7, message_id=user_id, at=at)
    await storage.write(expire_files, NOON)
    assert [each.message_id for each in await storage.read(files_due)] == [4, 5, 3, 5]


async def test_one_whose_chat_cannot_be_read_is_due_all_the_same(storage: Storage) -> None:
    ana = a_supporter(storage.keyring, 1)
    await sent(storage, ana.supporter, 5)
    await storage.write(make_files_due, ana.supporter)
    await write_sql(storage.database, "UPDATE sent_files SET chat_sealed = :junk", junk=b"junk")
    (file,) = await storage.read(files_due)
    assert file.chat is None


async def test_one_that_cannot_be_removed_is_tried_for_thirty_days_and_then_no_row_is_left(
    storage: Storage,
) -> None:
    ana = a_supporter(storage.keyring, 1)
    await sent(storage, ana.supporter, 5)
    assert await storage.write(give_up_files, NOON + 99 * MONTH) == 0  # it is not due
    for days in (0, 10, 29):
        await storage.write(make_files_due, ana.supporter)
        assert await storage.write(give_up_files, NOON + timedelta(days=days)) == 0
    await storage.write(expire_files, NOON)  # what was tried is tried no longer for that
    assert await storage.write(give_up_files, NOON + MONTH) == 1
    assert await storage.read(files_due) == []
