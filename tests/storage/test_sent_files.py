"""Tests which files in people's chats are to be removed, and that no more is kept of them."""

from datetime import timedelta

from storage import Storage
from storage.sent_files import (
    add_sent_file,
    expire_files,
    files_due,
    give_up_files,
    make_files_due,
)
from tests.support.supporters import NOON, a_supporter

MONTH = timedelta(days=30)


async def sent(storage: Storage, supporter: bytes, message_id: int) -> None:
    await storage.write(add_sent_file, supporter, chat_id=7, message_id=message_id, at=NOON)


async def test_without_a_signature_it_is_due_after_its_time(storage: Storage) -> None:
    ana, ben = a_supporter(storage.keyring, 1), a_supporter(storage.keyring, 2)
    await ana.come_and_sign(storage)
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
