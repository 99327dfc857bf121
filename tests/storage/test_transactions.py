"""Tests what both databases promise of a transaction that is a function."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import Text, bindparam, literal_column, select, text, update
from sqlalchemy.exc import CompileError, InvalidRequestError

from storage import Storage
from storage.errors import JournalUnwritable, Unavailable
from storage.journal import Deed, Entry
from storage.keyring import Keyring
from storage.tables import PETITIONS, TELEGRAM_CACHE
from storage.times import to_millis
from storage.transaction import Transaction
from tests.support.raw_sql import write_sql
from tests.support.supporters import NOON, SLUG

MUTED = Entry(Deed.MUTED, b"m" * 16)


def keep(tx: Transaction, /, key: str) -> None:
    tx.add(TELEGRAM_CACHE, key=key, digest=b"")


def kept(tx: Transaction, /) -> set[str]:
    return {row.key for row in tx.all(select(TELEGRAM_CACHE.c.key))}


class Notebook:
    """What is noted of transactions, and a disk that fails when it is told to."""

    def __init__(self) -> None:
        self.noted: list[Entry] = []
        self.written = 0
        self.fails = False

    def write_down(self, entries: Sequence[Entry]) -> None:
        if self.fails:
            raise JournalUnwritable
        self.noted += entries
        self.written += 1

    def keep_and_note(self, tx: Transaction, /, key: str) -> None:
        tx.write_down = self.write_down
        keep(tx, key)
        tx.note(MUTED)


@asynccontextmanager
async def another_under_way(storage: Storage) -> AsyncIterator[None]:
    """Keeps the writer busy, so that all who come in the block are one group."""
    begun, free = threading.Event(), threading.Event()

    def occupy(_: Transaction, /) -> None:
        begun.set()
        free.wait(5)

    occupied = asyncio.create_task(storage.write(occupy))
    await asyncio.to_thread(begun.wait, 5)
    yield
    await asyncio.sleep(0)
    free.set()
    await occupied


@pytest.fixture
def notebook() -> Notebook:
    return Notebook()


async def test_what_is_noted_is_written_down_once_and_counted(
    storage: Storage, notebook: Notebook
) -> None:
    await storage.write(notebook.keep_and_note, "muted")
    assert notebook.noted == [MUTED]
    assert await storage.read(lambda tx: tx.scalar(select(PETITIONS.c.deeds))) == 1


async def test_what_fails_is_neither_done_nor_noted(storage: Storage, notebook: Notebook) -> None:
    def fail(tx: Transaction, /) -> None:
        notebook.keep_and_note(tx, "muted")
        raise LookupError

    with pytest.raises(LookupError):
        await storage.write(fail)
    assert notebook.noted == []
    assert await storage.read(kept) == set()


async def test_where_the_journal_fails_what_does_not_journal_is_done_all_the_same(
    storage: Storage, notebook: Notebook
) -> None:
    notebook.fails = True
    results = await asyncio.gather(
        storage.write(keep, "before"),
        storage.write(notebook.keep_and_note, "muted"),
        storage.write(keep, "after"),
        return_exceptions=True,
    )
    assert [type(each) for each in results] == [type(None), JournalUnwritable, type(None)]
    assert await storage.read(kept) == {"before", "after"}
    notebook.fails = False
    await storage.write(notebook.keep_and_note, "muted")
    assert await storage.read(kept) == {"before", "after", "muted"}


async def test_where_the_journal_fails_in_a_way_that_nobody_thought_of_all_are_answered(
    storage: Storage, notebook: Notebook
) -> None:
    def no_thread(_: Sequence[Entry]) -> None:
        raise RuntimeError("can't start new thread")

    def note(tx: Transaction, /) -> None:
        keep(tx, "muted")
        tx.write_down = no_thread
        tx.note(MUTED)

    async with asyncio.timeout(5):
        answers = await asyncio.gather(
            storage.write(keep, "before"), storage.write(note), return_exceptions=True
        )
    assert [type(each) for each in answers] == [type(None), RuntimeError]
    assert await storage.read(kept) == {"before"}


@pytest.mark.parametrize("kind", ["postgres"])
async def test_what_the_server_refuses_at_the_commit_is_taken_back(
    storage: Storage, notebook: Notebook, kind: str
) -> None:
    for each in (
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE 'no room' USING ERRCODE = 'disk_full'; END $$",
        "CREATE CONSTRAINT TRIGGER at_the_commit AFTER INSERT ON telegram_cache"
        " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse()",
    ):
        await write_sql(storage.database, each)
    try:
        with pytest.raises(Unavailable):
            await storage.write(notebook.keep_and_note, "muted")
    finally:
        await write_sql(storage.database, "DROP FUNCTION refuse CASCADE")
    assert notebook.noted
    assert set(notebook.noted[::2]) == {MUTED}
    assert set(notebook.noted[1::2]) == {replace(MUTED, refused=True)}
    assert len(notebook.noted) % 2 == 0
    assert await storage.read(kept) == set()


@pytest.mark.parametrize("kind", ["sqlite"])
async def test_many_who_mute_at_once_share_one_wait_for_the_disk(
    storage: Storage, notebook: Notebook, kind: str
) -> None:
    async with another_under_way(storage):
        muted = [storage.write(notebook.keep_and_note, f"{n}") for n in range(40)]
        answers = asyncio.gather(*muted)
    await answers
    assert len(notebook.noted) == 40
    assert notebook.written == 1


@pytest.mark.parametrize("kind", ["sqlite"])
async def test_what_is_not_committed_after_all_is_taken_back_and_nothing_else(
    storage: Storage, notebook: Notebook, kind: str
) -> None:
    await storage.write(notebook.keep_and_note, "muted")

    def commit_fails() -> None:
        notebook.fails = len(notebook.noted) > 3
        raise full_disk()

    def fill(tx: Transaction, /) -> None:
        raise full_disk()

    async with another_under_way(storage):
        answers = asyncio.gather(
            storage.write(notebook.keep_and_note, "again"),
            storage.write(fill),
            return_exceptions=True,
        )
    assert [type(each) for each in await answers] == [Unavailable] * 2
    assert notebook.noted == [MUTED], "nothing of the second was written, so nothing is refused"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(storage.database, "require_files", commit_fails)
        with pytest.raises(Unavailable):
            await storage.write(notebook.keep_and_note, "third")
        assert notebook.noted == [MUTED, MUTED, replace(MUTED, refused=True)]
        with pytest.raises(Unavailable) as caught:
            await storage.write(notebook.keep_and_note, "fourth")
    assert type(caught.value) is Unavailable, "of the two failures the first is told"


@pytest.mark.parametrize("kind", ["sqlite"])
async def test_a_disk_that_ends_a_read_by_itself_is_told_as_one(
    storage: Storage, kind: str
) -> None:
    def meet(tx: Transaction, /) -> None:
        tx.connection.exec_driver_sql("ROLLBACK")  # as SQLite does
        raise full_disk()

    with pytest.raises(Unavailable):
        await storage.read(meet)


@pytest.mark.parametrize("kind", ["sqlite"])
async def test_a_kept_statement_needs_all_its_values_and_takes_no_list(
    storage: Storage, kind: str
) -> None:
    keys = TELEGRAM_CACHE.c.key
    of_one = update(TELEGRAM_CACHE).where(keys == bindparam("own"))
    with pytest.raises(InvalidRequestError, match="required for bind parameter 'own'"):
        await storage.write(lambda tx: tx.change_kept(of_one, {"digest": b""}))
    with pytest.raises(CompileError):
        await storage.read(lambda tx: tx.first_kept(select(keys).where(keys.in_(["a"])), {}))


@pytest.mark.parametrize("kind", ["sqlite"])
async def test_what_cannot_be_decoded_keeps_no_reader_at_an_old_moment(
    storage: Storage, kind: str
) -> None:
    broken = select(literal_column("CAST(x'ff' AS TEXT)", Text)).select_from(TELEGRAM_CACHE)
    await storage.write(keep, "before")
    with pytest.raises(sqlite3.OperationalError) as caught:
        await storage.read(lambda tx: tx.first_kept(broken, {}))
    await storage.write(keep, "after")
    assert await storage.read(kept) == {"before", "after"}
    del caught  # its traceback has the cursor


def full_disk() -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR_READ
    return error


async def test_who_is_cut_off_undoes_nothing(storage: Storage) -> None:
    begun, end = threading.Event(), threading.Event()

    def wait(tx: Transaction, /) -> None:
        keep(tx, "cut off")
        begun.set()

    def write_down(_: Sequence[Entry]) -> None:
        end.wait(5)

    def hold(tx: Transaction, /) -> None:
        tx.write_down = write_down
        tx.note(MUTED)
        wait(tx)

    cut = asyncio.create_task(storage.write(hold))
    await asyncio.to_thread(begun.wait, 5)
    cut.cancel()
    await asyncio.gather(cut, return_exceptions=True)
    end.set()
    await storage.write(keep, "later")
    async with asyncio.timeout(5):
        while await storage.read(kept) != {"cut off", "later"}:  # noqa: ASYNC110 - nobody waits for it
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("kind", ["postgres"])
async def test_a_transaction_that_is_run_again_has_the_same_ids(
    storage: Storage, kind: str
) -> None:
    """Two wait for each other; the server undoes one, which is done again."""
    await storage.write(keep, "a")
    await storage.write(keep, "b")
    ids: dict[str, list[bytes]] = {"a": [], "b": []}

    def cross(tx: Transaction, /, first: str, then: str) -> None:
        for key in (first, then):
            row = update(TELEGRAM_CACHE).where(TELEGRAM_CACHE.c.key == key)
            tx.change(row.values(digest=b"x"))
            tx.scalar(text("SELECT CAST(pg_sleep(0.2) AS TEXT)"))
        ids[first].append(tx.new_id(NOON))

    await asyncio.gather(storage.write(cross, "a", "b"), storage.write(cross, "b", "a"))
    assert all(len(set(each)) == 1 for each in ids.values())
    assert ids["a"][0] != ids["b"][0]


def test_an_id_begins_with_its_moment(keyring: Keyring) -> None:
    tx = Transaction(connection=None)  # type: ignore[arg-type] # it is not used
    tx.slug, tx.keyring, tx.seed = SLUG, keyring, b"s" * 16
    later = datetime(2030, 1, 1, tzinfo=NOON.tzinfo)
    first, second, third = (tx.new_id(at) for at in (NOON, NOON, later))
    assert first[:6] == second[:6] < third[:6]
    assert first != second


def test_a_moment_without_a_time_zone_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="time zone"):
        to_millis(datetime(2025, 6, 1))
