"""Tests that only one process holds a process lock, and that its death releases it at once."""

import asyncio
import fcntl
import os
import sys
import tempfile
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import pytest

from storage import leases, process_lock
from storage.database import postgres_adapter
from storage.errors import DatabaseUrlWrong, HeldElsewhere, LeaseLost, Unavailable
from storage.private_files import locked_file
from storage.process_lock import acquire_process_lock, is_held
from tests.storage.silent_connection import SilentLine, a_line
from tests.support.postgres_server import PostgresServer
from tests.support.waiting import until

HOLD_UNTIL_KILLED = """
import asyncio, sys
from storage.process_lock import acquire_process_lock

async def main():
    async with acquire_process_lock(sys.argv[1], "running"):
        print("held", flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


_NUMBER = leases._number_of("running")


def stands_by() -> None:
    """What a bot that waits for another says is nothing here."""


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
    with pytest.raises(HeldElsewhere):
        async with acquire_process_lock(database_url, "running"):
            pass
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
        with pytest.raises(HeldElsewhere):
            async with acquire_process_lock(f"sqlite+aiosqlite:///{tmp_path}/{link}", "running"):
                pass


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
            with pytest.raises(HeldElsewhere):
                async with acquire_process_lock(url, "running"):
                    pass
        async with acquire_process_lock(url, "running"):
            pass

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


async def test_any_name_can_be_held_and_no_two_are_one(database_url: str) -> None:
    async with AsyncExitStack() as stack:
        for name in ("intake/a", "intake/a b", "intake-a", "../a", "intake%2Fa"):
            held = await stack.enter_async_context(acquire_process_lock(database_url, name))
            assert held.is_ours()


async def _runs(url: str, ended: Callable[[], bool]) -> None:
    """Until a bot has the lease, which is started again whenever it ends, and this has ended."""
    while True:
        with suppress(Unavailable):
            async with acquire_process_lock(url, "running", stands_by):
                await until(ended)
                return
        await asyncio.sleep(0.1)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lease of a second and a half."""
    for name, seconds in (("LEASE", 1.5), ("RENEW", 0.3), ("MARGIN", 0.3), ("PAUSE", 0.05)):
        monkeypatch.setattr(leases, f"_{name}_SECONDS", seconds)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("kind", ["postgres"])
class TestALease:
    async def test_outlasts_a_connection_that_breaks_and_a_server_that_restarts(
        self, database_url: str, postgres_server: PostgresServer
    ) -> None:
        async with acquire_process_lock(database_url, "running", stands_by) as held:
            await asyncio.to_thread(postgres_server.disconnect_everybody)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(held.until_lost(), 2)
            with pytest.raises(HeldElsewhere):
                async with acquire_process_lock(database_url, "running"):
                    pass

    async def test_ends_for_who_hears_nothing_before_another_has_it(
        self, database_url: str
    ) -> None:
        with tempfile.TemporaryDirectory() as folder:  # a socket's path has to be short
            async with (
                asyncio.timeout(10),
                a_line(database_url, Path(folder)) as (line, url),
                acquire_process_lock(url, "running", stands_by) as held,
            ):
                line.fall_silent(new_ones_too=True)
                standing_by = asyncio.Event()
                async with acquire_process_lock(database_url, "running", standing_by.set):
                    assert standing_by.is_set()
                    assert not held.is_ours()
                    with pytest.raises(LeaseLost):
                        await held.until_lost()

    async def test_stays_its_holders_while_an_answer_is_late(self, database_url: str) -> None:
        """The renewal waits behind somebody's lock for longer than it is waited for."""
        async with (
            connection_to(database_url) as slow,
            acquire_process_lock(database_url, "running", stands_by) as held,
        ):
            await slow.execute("BEGIN; LOCK TABLE leases IN SHARE MODE")
            await asyncio.sleep(0.6)
            await slow.execute("COMMIT")
            assert held.is_ours()
            assert await is_held(database_url, "running")
            await asyncio.sleep(1.0)
            assert held.is_ours()

    async def test_stays_while_one_connection_falls_silent_and_new_ones_work(
        self, database_url: str
    ) -> None:
        with tempfile.TemporaryDirectory() as folder:  # a socket's path has to be short
            async with (
                asyncio.timeout(10),
                a_line(database_url, Path(folder)) as (line, url),
                acquire_process_lock(url, "running", stands_by) as held,
            ):
                line.fall_silent()
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(held.until_lost(), 2)
                assert held.is_ours()

    async def test_stays_its_holders_while_commands_ask_in_vain(self, database_url: str) -> None:
        async with acquire_process_lock(database_url, "running", stands_by) as held:
            until = asyncio.get_running_loop().time() + 1.7
            while asyncio.get_running_loop().time() < until:
                with pytest.raises(HeldElsewhere):
                    async with acquire_process_lock(database_url, "running"):
                        pass
            assert held.is_ours()

    @pytest.mark.parametrize(
        "keeps",
        [
            "ALTER TABLE leases ALTER holder SET DEFAULT ''",  # as a migration does
            f"SELECT pg_try_advisory_xact_lock({_NUMBER})",  # as a command does
            "UPDATE broadcasts SET topic = ''; CREATE TABLE kept (id integer)",
        ],
    )
    async def test_is_had_though_a_machine_was_lost_in_the_middle_of_a_statement(
        self, database_url: str, monkeypatch: pytest.MonkeyPatch, keeps: str
    ) -> None:
        """And who still answers, or keeps nothing locked, goes on."""
        monkeypatch.setattr(leases, "_HALF_SAID_SECONDS", 1.0)
        async with (
            connection_to(database_url) as lost,
            connection_to(database_url) as reading,
            connection_to(database_url) as busy,
        ):
            for connection, does in (lost, keeps), (reading, "SELECT 1"), (busy, "SELECT 2"):
                await connection.execute(f"BEGIN; {does}")
            await busy.execute("CREATE TABLE other (id integer)")
            working = asyncio.create_task(busy.execute("SELECT pg_sleep(4)"))
            await lost.prepare("SELECT 1")  # and never runs it
            half = await reading.prepare("SELECT 2")
            async with asyncio.timeout(8):
                await _runs(database_url, lost.is_closed)
            await working
            assert await half.fetchval() == 2

    async def test_is_kept_by_a_role_that_may_end_no_session(self, database_url: str) -> None:
        async with connection_to(database_url) as owner:
            await owner.execute(
                "CREATE ROLE humble; GRANT ALL ON leases TO humble;"
                "REVOKE EXECUTE ON FUNCTION pg_terminate_backend FROM PUBLIC"
            )
            try:
                url = f"{database_url}&role=humble"
                async with acquire_process_lock(url, "running", stands_by) as held:
                    with pytest.raises(TimeoutError):
                        await asyncio.wait_for(held.until_lost(), 2)
            finally:
                await owner.execute("DROP OWNED BY humble; DROP ROLE humble")

    async def test_is_lost_when_the_server_stays_away(
        self, database_url: str, postgres_server: PostgresServer
    ) -> None:
        try:
            async with acquire_process_lock(database_url, "running", stands_by) as held:
                await asyncio.to_thread(postgres_server.stop)
                with pytest.raises(LeaseLost, match="another may be by now"):
                    await asyncio.wait_for(held.until_lost(), 10)
        finally:
            await asyncio.to_thread(postgres_server.start)

    async def test_is_waited_for_until_its_holder_ends_also_while_the_server_is_away(
        self, database_url: str, postgres_server: PostgresServer
    ) -> None:
        stands, taken = asyncio.Event(), asyncio.Event()

        async def waits() -> None:
            async with acquire_process_lock(database_url, "running", stands.set):
                taken.set()

        async with acquire_process_lock(database_url, "running", stands_by):
            waiting = asyncio.create_task(waits())
            await asyncio.wait_for(stands.wait(), 10)
            await asyncio.to_thread(postgres_server.restart)
            await asyncio.sleep(0.5)
            assert not taken.is_set()
        await asyncio.wait_for(waiting, 10)

    async def test_of_a_database_without_tables_is_held_too(self, empty_url: str) -> None:
        async with acquire_process_lock(empty_url, "running", stands_by):
            with pytest.raises(HeldElsewhere):
                async with acquire_process_lock(empty_url, "running"):
                    pass

    async def test_of_which_another_is_the_holder_in_the_table_is_given_up(
        self, database_url: str
    ) -> None:
        async with (
            connection_to(database_url) as other,
            acquire_process_lock(database_url, "running", stands_by) as held,
        ):
            await other.execute("UPDATE leases SET holder = 'other', expires_at = 2^62")
            with pytest.raises(LeaseLost):
                await asyncio.wait_for(held.until_lost(), 5)


@pytest.mark.parametrize("kind", ["postgres"])
async def test_a_command_keeps_bots_away_also_from_a_database_without_tables(
    empty_url: str,
) -> None:
    stood_by = asyncio.Event()

    async def starts() -> None:
        async with acquire_process_lock(empty_url, "running", stood_by.set):
            pass

    async with acquire_process_lock(empty_url, "running"):
        starting = asyncio.create_task(starts())
        await asyncio.wait_for(stood_by.wait(), 5)
        async with connection_to(empty_url) as other:
            assert await other.fetchval("SELECT to_regclass('petitions')") is None
    await asyncio.wait_for(starting, 10)


@pytest.mark.parametrize("kind", ["postgres"])
async def test_a_command_whose_machine_is_gone_keeps_no_bot_away_for_hours(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "_GONE_SECONDS", 3)  # it says something every two

    async def loses_its_machine(line: SilentLine, url: str) -> None:
        async with acquire_process_lock(url, "running") as command:
            await asyncio.sleep(4)
            assert command.is_ours()
            line.fall_silent(new_ones_too=True)
            starting = acquire_process_lock(database_url, "running", stands_by)
            async with asyncio.timeout(8), starting:
                pass
            await asyncio.Event().wait()

    with tempfile.TemporaryDirectory() as folder:  # a socket's path has to be short
        async with a_line(database_url, Path(folder)) as (line, url):
            with pytest.raises(Unavailable):
                await loses_its_machine(line, url)


def connection_to(url: str) -> Any:
    return postgres_adapter().connected(url.replace("+asyncpg", ""))


async def test_who_looks_whether_a_bot_runs_keeps_none_from_starting(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/petition.db"
    lock = tmp_path / "petition.db-running.lock"
    with locked_file(lock, waits=False, shared=True):
        assert not await is_held(url, "running"), "another looks as well"
    with locked_file(lock, waits=False):
        starting = asyncio.create_task(acquire_process_lock(url, "running").__aenter__())
        await asyncio.sleep(0.01)
    await asyncio.wait_for(starting, 10)
