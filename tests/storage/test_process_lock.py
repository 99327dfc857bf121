"""Tests that only one process holds a process lock, and that its death releases it at once."""

import asyncio
import fcntl
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from storage import process_lock
from storage.database import postgres_adapter
from storage.errors import DatabaseUrlWrong, HeldElsewhere, Unavailable
from storage.process_lock import ProcessLock, acquire_process_lock
from tests.storage.silent_connection import a_line
from tests.support.postgres_server import PostgresServer

HOLD_UNTIL_KILLED = """
import asyncio, sys
from storage.process_lock import acquire_process_lock

async def main():
    async with acquire_process_lock(sys.argv[1], "running"):
        print("held", flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_a_second_holder_is_refused_with_a_sentence(database_url: str) -> None:
    async with acquire_process_lock(database_url, "running"):
        with pytest.raises(HeldElsewhere, match="already running"):
            async with acquire_process_lock(database_url, "running"):
                pass


async def test_a_bug_in_what_looks_after_it_stops_its_holder(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(process_lock, "_watch", broken)
    monkeypatch.setattr(process_lock, "_keep_advisory_lock", broken)
    with pytest.raises(ZeroDivisionError):
        async with asyncio.timeout(5), acquire_process_lock(database_url, "running") as lock:
            await lock.until_lost()


async def test_a_cancelled_holder_gives_it_back(database_url: str) -> None:
    held = asyncio.Event()

    async def hold_for_ever() -> None:
        async with acquire_process_lock(database_url, "running"):
            held.set()
            await asyncio.Event().wait()

    holder = asyncio.create_task(hold_for_ever())
    await held.wait()
    holder.cancel()
    with pytest.raises(asyncio.CancelledError):
        await holder
    async with acquire_process_lock(database_url, "running"):
        pass


async def test_of_many_at_once_one_wins(database_url: str) -> None:
    ended = asyncio.Event()

    async def attempt() -> bool:
        try:
            async with acquire_process_lock(database_url, "running"):
                await ended.wait()
        except HeldElsewhere:
            return False
        return True

    waiting = {asyncio.create_task(attempt()) for _ in range(8)}
    while len(waiting) > 1:
        refused, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        assert [task.result() for task in refused] == [False] * len(refused)
    ended.set()
    assert await waiting.pop() is True


async def test_a_killed_holder_has_given_it_back(database_url: str) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLD_UNTIL_KILLED, database_url, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"held\n"
    with pytest.raises(HeldElsewhere):
        async with acquire_process_lock(database_url, "running"):
            pass
    process.kill()
    await process.wait()
    await hold_within(database_url, seconds=5)


async def hold_within(url: str, *, seconds: float) -> None:
    """PostgreSQL notices that a client is gone a few milliseconds after it died."""
    async with asyncio.timeout(seconds):
        while True:
            try:
                async with acquire_process_lock(url, "running"):
                    return
            except HeldElsewhere:
                await asyncio.sleep(0.02)


async def test_a_folder_that_is_not_there_is_said(tmp_path: object) -> None:
    with pytest.raises(Unavailable, match="cannot be made"):
        async with acquire_process_lock(
            f"sqlite+aiosqlite:///{tmp_path}/nowhere/petition.db", "running"
        ):
            pass


@pytest.mark.parametrize("link", ["link.db", "link/petition.db"])
async def test_a_link_to_the_database_is_the_same_database(tmp_path: Path, link: str) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "data")
    (tmp_path / "link.db").symlink_to(tmp_path / "data" / "petition.db")
    async with acquire_process_lock(f"sqlite+aiosqlite:///{tmp_path}/data/petition.db", "running"):
        with pytest.raises(HeldElsewhere):
            async with acquire_process_lock(f"sqlite+aiosqlite:///{tmp_path}/{link}", "running"):
                pass


def modes(folder: Path) -> list[int]:
    return [lock.stat().st_mode for lock in folder.glob("*.lock")]


class TestTheFile:
    """Its lock is the file's and not the path's: with another file there, another can have it."""

    @pytest.fixture
    def url(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
        monkeypatch.setattr(process_lock, "_LOOK_SECONDS", 0.001)
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

    async def test_that_stays_is_looked_at_and_nothing_happens(
        self, url: str, tmp_path: Path
    ) -> None:
        async with acquire_process_lock(url, "running") as held:
            self.lock(tmp_path).write_text("whatever")
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(held.until_lost(), 0.05)
            assert held.is_ours()

    async def test_is_kept_for_the_next_one(self, url: str, tmp_path: Path) -> None:
        async with acquire_process_lock(url, "running"):
            before = self.lock(tmp_path).stat().st_ino
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
            with pytest.raises(HeldElsewhere):
                async with acquire_process_lock(url, "running"):
                    pass
            assert held.is_ours()


async def test_nobody_else_can_lock_the_file_that_is_locked(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        async with acquire_process_lock(f"sqlite+aiosqlite:///{tmp_path}/petition.db", "running"):
            assert [mode & 0o777 for mode in modes(tmp_path)] == [0o600]
    finally:
        os.umask(before)


async def test_any_name_can_be_held_and_no_two_are_one(database_url: str) -> None:
    async with AsyncExitStack() as stack:
        for name in ("intake/a", "intake/a b", "intake-a", "../a", "intake%2Fa"):
            held = await stack.enter_async_context(acquire_process_lock(database_url, name))
            assert held.is_ours()


async def test_after_the_block_it_is_not_believed(database_url: str) -> None:
    async with acquire_process_lock(database_url, "running") as held:
        assert held.is_ours()
    assert not held.is_ours()


@pytest.mark.parametrize("kind", ["postgres"])
class TestABrokenConnection:
    async def test_it_is_not_believed_until_it_was_taken_again(
        self, database_url: str, postgres_server: PostgresServer
    ) -> None:
        async with acquire_process_lock(database_url, "running") as held:
            seen: list[bool] = []
            async with asyncio.timeout(10):
                cutting = asyncio.create_task(
                    asyncio.to_thread(postgres_server.disconnect_everybody)
                )
                while not seen or not seen[-1] or all(seen):
                    seen.append(held.is_ours())
                    await asyncio.sleep(0)  # it may be back before the cutting is over
                await cutting
            with pytest.raises(HeldElsewhere):
                async with acquire_process_lock(database_url, "running"):
                    pass

    async def test_a_server_that_restarts_costs_nothing(
        self, database_url: str, postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(process_lock, "_PATIENCE_SECONDS", 20)
        async with acquire_process_lock(database_url, "running") as held:
            await asyncio.to_thread(postgres_server.restart)
            async with asyncio.timeout(20):
                while not held.is_ours():  # noqa: ASYNC110 - the server is another process
                    await asyncio.sleep(0.05)
            with pytest.raises(HeldElsewhere):
                async with acquire_process_lock(database_url, "running"):
                    pass

    async def test_a_line_that_falls_silent_is_given_up(
        self, database_url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(process_lock, "_BEAT_SECONDS", 0.05)
        with tempfile.TemporaryDirectory() as folder:  # a socket's path has to be short
            async with (
                asyncio.timeout(10),
                a_line(database_url, Path(folder)) as (line, url),
                acquire_process_lock(url, "running") as held,
            ):
                line.fall_silent()
                for ours in (True, False):
                    while held.is_ours() is ours:  # noqa: ASYNC110 - the server is another process
                        await asyncio.sleep(0.01)

    async def test_when_another_has_it_by_then_its_holder_is_told_to_stop(
        self, database_url: str, postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(process_lock, "_PATIENCE_SECONDS", 0.5)
        async with (
            connection_to(database_url) as other,
            connection_to(database_url) as administrator,
            acquire_process_lock(database_url, "running") as held,
        ):
            # Waits in the server for the lock, and has it as soon as the holder is cut off.
            number, pid = await the_lock(other)
            waiting = asyncio.create_task(other.execute("SELECT pg_advisory_lock($1)", number))
            await asyncio.sleep(0.1)
            await administrator.execute("SELECT pg_terminate_backend($1)", pid)
            with pytest.raises(HeldElsewhere, match="already running"):
                await asyncio.wait_for(held.until_lost(), 5)
            assert not held.is_ours()
            await waiting

    async def test_a_server_that_stays_away_is_said(
        self, database_url: str, postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(process_lock, "_PATIENCE_SECONDS", 0.3)
        try:
            async with acquire_process_lock(database_url, "running") as held:
                await asyncio.to_thread(postgres_server.stop)
                with pytest.raises(Unavailable):
                    await asyncio.wait_for(held.until_lost(), 10)
        finally:
            await asyncio.to_thread(postgres_server.start)


def connection_to(url: str) -> Any:
    return postgres_adapter().connected(url.replace("+asyncpg", ""))


async def the_lock(connection: Any) -> tuple[int, int]:
    """The one advisory lock of this database, and who has it."""
    row = await connection.fetchrow(
        "SELECT classid::bigint AS high, objid::bigint AS low, pid FROM pg_locks"
        " WHERE locktype = 'advisory' AND granted AND database ="
        " (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    number = (row["high"] << 32) | row["low"]
    return number - (1 << 64) if number >= 1 << 63 else number, row["pid"]


class Server:
    """A PostgreSQL that answers each connection as the test says: whether the lock is ours."""

    DRIVER_ERRORS = (OSError,)

    def __init__(self, *answers: bool | Exception, breaks_late: int = 0) -> None:
        self._answers = iter(answers)
        self._breaks_late = breaks_late
        self.asked = 0

    @asynccontextmanager
    async def connected(self, _: str) -> AsyncIterator["Server"]:
        self.asked += 1
        answer = next(self._answers)
        if isinstance(answer, Exception):
            raise answer
        self._answer = answer
        yield self

    async def fetchval(self, *_: object) -> bool:
        return self._answer

    def add_termination_listener(self, broken: Callable[[object], None]) -> None:
        if self.asked == self._breaks_late:
            raise Unavailable("The connection broke as it was looked after.")
        broken(self)  # at once

    def is_closed(self) -> bool:
        return False


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Callable[[Server], Server]:
    def put(server: Server) -> Server:
        monkeypatch.setattr(process_lock, "postgres_adapter", lambda: server)
        monkeypatch.setattr(process_lock, "_PAUSE_SECONDS", 0)
        monkeypatch.setattr(process_lock, "_PATIENCE_SECONDS", 60)
        return server

    return put


class Noted(ProcessLock):
    """A hold that remembers whether it was believed each time it was taken again."""

    def __init__(self) -> None:
        super().__init__()
        self.believed: list[bool] = []

    def mark_taken(self) -> None:
        self.believed.append(self.is_ours())
        super().mark_taken()


async def kept() -> tuple[list[bool], type[Exception]]:
    """Whether it was believed each time before it was taken, and why it was lost in the end."""
    held = Noted()
    keeping = partial(process_lock._keep_advisory_lock, held, "", 1)
    try:
        async with asyncio.timeout(5):
            await process_lock._look_after(held, keeping)
        await held.until_lost()
    except Exception as why:  # which it was is what is asked
        assert not held.is_ours()
        return held.believed, type(why)
    raise AssertionError("it was not lost")


async def test_a_no_after_a_break_may_pass(use: Callable[[Server], Server]) -> None:
    use(Server(True, HeldElsewhere(), False, Unavailable(), True, DatabaseUrlWrong()))
    assert await kept() == ([False, False], DatabaseUrlWrong)


async def test_what_does_not_pass_is_not_waited_for(use: Callable[[Server], Server]) -> None:
    server = use(Server(True, DatabaseUrlWrong(), True))
    assert await kept() == ([False], DatabaseUrlWrong)
    assert server.asked == 2


async def test_after_its_patience_a_no_is_a_no(
    use: Callable[[Server], Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = use(Server(True, False, True))
    monkeypatch.setattr(process_lock, "_PATIENCE_SECONDS", 0)
    assert await kept() == ([False], HeldElsewhere)
    assert server.asked == 2


async def test_at_first_a_no_is_a_no(use: Callable[[Server], Server]) -> None:
    server = use(Server(False, True))
    assert await kept() == ([], HeldElsewhere)
    assert server.asked == 1


async def test_what_breaks_as_it_is_looked_after_is_not_believed(
    use: Callable[[Server], Server],
) -> None:
    use(Server(True, True, True, DatabaseUrlWrong(), breaks_late=2))
    assert await kept() == ([False, False, False], DatabaseUrlWrong)
