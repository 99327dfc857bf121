"""Tests that only one process holds a process lock, and that its death releases it at once."""

import asyncio
import fcntl
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from storage import leases, process_lock
from storage.errors import DatabaseUrlWrong, HeldElsewhere, Unavailable
from storage.private_files import locked_file
from storage.process_lock import PetitionLease, ProcessLock, acquire_process_lock, is_held
from tests.storage.lock_holders import is_refused, stands_by

HOLD_UNTIL_KILLED = """
import asyncio, sys
from storage.process_lock import acquire_process_lock

async def main():
    async with acquire_process_lock(sys.argv[1], "running"):
        print("held", flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_a_second_holder_is_refused_with_a_sentence_and_whoever_asks_is_told(
    database_url: str,
) -> None:
    assert not await is_held(database_url, "running")
    async with acquire_process_lock(database_url, "running", stands_by):
        assert await is_held(database_url, "running")
        with pytest.raises(HeldElsewhere, match="already running"):
            async with acquire_process_lock(database_url, "running"):
                pass
    assert not await is_held(database_url, "running")


async def test_an_error_in_the_block_gives_it_back_and_comes_out(database_url: str) -> None:
    """Also one of the system, which is not said of the database."""
    with pytest.raises(PermissionError):
        async with acquire_process_lock(database_url, "running") as held:
            raise PermissionError
    assert not held.is_ours()
    async with acquire_process_lock(database_url, "running"):
        pass


async def test_a_bug_in_what_looks_after_it_stops_its_holder(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(process_lock, "_keep_file", broken)
    monkeypatch.setattr(leases, "keep_lease", broken)
    holding = acquire_process_lock(database_url, "running", stands_by)
    with pytest.raises(ZeroDivisionError):
        async with asyncio.timeout(5), holding as lock:
            await lock.until_lost()


async def test_a_killed_holder_has_given_it_back(database_url: str) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLD_UNTIL_KILLED, database_url, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"held\n"
    await is_refused(database_url)
    process.kill()
    await process.wait()
    await hold_within(database_url, seconds=12)


async def hold_within(url: str, *, seconds: float) -> None:
    """PostgreSQL notices that a client is gone a few milliseconds after it died."""
    async with asyncio.timeout(seconds):
        while True:
            try:
                async with acquire_process_lock(url, "running"):
                    return
            except HeldElsewhere:
                await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    ("url", "error", "said"),
    [
        ("sqlite+aiosqlite:////nowhere/petition.db", Unavailable, "cannot be made"),
        ("postgresql+asyncpg://bot@127.0.0.1:1/petition", Unavailable, "cannot be reached"),
        ("petition.db", DatabaseUrlWrong, "is not one of"),
    ],
)
async def test_a_database_that_is_not_there_is_said(
    url: str, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        async with acquire_process_lock(url, "running"):
            pass


@pytest.mark.parametrize("link", ["link.db", "link/petition.db"])
async def test_a_link_to_the_database_is_the_same_database(tmp_path: Path, link: str) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "data")
    (tmp_path / "link.db").symlink_to(tmp_path / "data" / "petition.db")
    async with acquire_process_lock(f"sqlite+aiosqlite:///{tmp_path}/data/petition.db", "running"):
        await is_refused(f"sqlite+aiosqlite:///{tmp_path}/{link}")


class TestTheFile:
    """Its lock is the file's and not the path's: with another file there, another can have it."""

    @pytest.fixture
    def url(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
        monkeypatch.setattr(process_lock, "_FILE_LOOK_SECONDS", 0.001)
        return f"sqlite+aiosqlite:///{tmp_path}/petition.db"

    def lock(self, tmp_path: Path) -> Path:
        (lock,) = tmp_path.glob("*.lock")
        return lock

    @pytest.mark.parametrize("replaced", [False, True], ids=["removed", "replaced"])
    async def test_that_is_gone_stops_its_holder_before_another_does_the_same(
        self, url: str, tmp_path: Path, replaced: bool
    ) -> None:
        async with acquire_process_lock(url, "running") as held:
            self.lock(tmp_path).unlink()
            if replaced:
                (tmp_path / "filler").touch()  # or the new file may get the number of the old
                async with acquire_process_lock(url, "running"):
                    pass
            with pytest.raises(HeldElsewhere, match="was removed or replaced"):
                await asyncio.wait_for(held.until_lost(), 5)
            assert not held.is_ours()

    async def test_that_comes_back_is_locked_until_its_holder_has_ended(
        self, url: str, tmp_path: Path
    ) -> None:
        """An operator moves it, and puts it back: the bot is still writing what it had begun."""
        async with acquire_process_lock(url, "running") as held:
            lock = self.lock(tmp_path)
            lock.rename(tmp_path / "elsewhere")
            with pytest.raises(HeldElsewhere, match="was removed or replaced"):
                await asyncio.wait_for(held.until_lost(), 5)
            (tmp_path / "elsewhere").rename(lock)
            await is_refused(url)
        async with acquire_process_lock(url, "running"):
            pass

    async def test_that_stays_is_looked_at_and_kept_for_the_next_one(
        self, url: str, tmp_path: Path
    ) -> None:
        async with acquire_process_lock(url, "running") as held:
            self.lock(tmp_path).write_text("whatever")
            before = self.lock(tmp_path).stat().st_ino
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(held.until_lost(), 0.05)
            assert held.is_ours()
        async with acquire_process_lock(url, "running"):
            assert self.lock(tmp_path).stat().st_ino == before

    async def test_that_goes_while_it_is_being_locked_is_not_the_one_that_is_held(
        self, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        flock, locked = fcntl.flock, list[int]()

        def late(file: int, how: int) -> None:
            if not locked:
                self.lock(tmp_path).rename(tmp_path / "elsewhere")
            locked.append(file)
            flock(file, how)

        monkeypatch.setattr(fcntl, "flock", late)
        async with acquire_process_lock(url, "running") as held:
            assert len(locked) == 2
            monkeypatch.undo()
            await is_refused(url)
            assert held.is_ours()

    async def test_that_is_replaced_before_the_first_look_stops_its_holder(
        self, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        flock = fcntl.flock

        def and_then_replaced(file: int, how: int) -> None:
            flock(file, how)
            asyncio.get_running_loop().call_soon(replace)

        def replace() -> None:
            self.lock(tmp_path).rename(tmp_path / "elsewhere")

        monkeypatch.setattr(fcntl, "flock", and_then_replaced)
        async with acquire_process_lock(url, "running") as held:
            with pytest.raises(HeldElsewhere, match="was removed or replaced"):
                await asyncio.wait_for(held.until_lost(), 1)


async def test_nobody_else_can_lock_the_file_that_is_locked(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        async with acquire_process_lock(f"sqlite+aiosqlite:///{tmp_path}/petition.db", "running"):
            lock = (tmp_path / "petition.db-running.lock").stat()
            assert lock.st_mode & 0o777 == 0o600
    finally:
        os.umask(before)


async def test_a_replica_asks_again_for_the_lease_where_the_database_was_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    held, taken, tries = ProcessLock("running"), asyncio.Event(), list[str]()
    held.mark_taken()

    @asynccontextmanager
    async def acquire(url: str, *_: object) -> AsyncIterator[ProcessLock]:
        tries.append(url)
        if len(tries) == 1:
            raise Unavailable
        yield held

    monkeypatch.setattr(process_lock, "acquire_process_lock", acquire)
    lease = PetitionLease(ProcessLock("running", is_replica=True), "url", taken.set)
    keeping = asyncio.create_task(lease.keep())
    await asyncio.wait_for(taken.wait(), 10)
    assert lease.is_ours()
    keeping.cancel()


async def test_any_name_can_be_held_and_no_two_are_one(database_url: str) -> None:
    async with AsyncExitStack() as stack:
        for name in ("intake/a", "intake/a b", "intake-a", "../a", "intake%2Fa"):
            held = await stack.enter_async_context(acquire_process_lock(database_url, name))
            assert held.is_ours()


async def test_who_looks_whether_a_bot_runs_keeps_none_from_starting(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/petition.db"
    lock = tmp_path / "petition.db-running.lock"
    with locked_file(lock, waits=False, shared=True):
        assert not await is_held(url, "running"), "another looks as well"
    with locked_file(lock, waits=False):
        starting = asyncio.create_task(acquire_process_lock(url, "running").__aenter__())
        await asyncio.sleep(0.01)
    await asyncio.wait_for(starting, 10)
