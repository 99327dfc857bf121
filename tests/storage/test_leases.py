"""Tests of the lease on PostgreSQL: who has it, when it ends, and what ends with it."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from storage import leases
from storage.database import postgres_adapter
from storage.errors import LeaseLost, Unavailable
from storage.process_lock import ProcessLock, acquire_process_lock, is_held
from tests.storage.lock_holders import is_refused, stands_by
from tests.storage.silent_connection import SilentLine, a_line
from tests.support.postgres_server import PostgresServer
from tests.support.waiting import until

_NUMBER = leases._number_of("running")


async def stays(held: ProcessLock) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(held.until_lost(), 2)


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
            await stays(held)
            await is_refused(database_url)

    async def test_ends_for_who_hears_nothing_before_another_has_it(
        self, database_url: str
    ) -> None:
        async with (
            asyncio.timeout(10),
            a_line(database_url) as (line, url),
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
        async with (
            asyncio.timeout(10),
            a_line(database_url) as (line, url),
            acquire_process_lock(url, "running", stands_by) as held,
        ):
            line.fall_silent()
            await stays(held)
            assert held.is_ours()

    async def test_stays_its_holders_while_commands_ask_in_vain(self, database_url: str) -> None:
        async with acquire_process_lock(database_url, "running", stands_by) as held:
            until = asyncio.get_running_loop().time() + 1.7
            while asyncio.get_running_loop().time() < until:
                await is_refused(database_url)
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
                    await stays(held)
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
            await is_refused(empty_url)

    # Once it is over another may have had it, or a command may have begun.
    @pytest.mark.parametrize("row", ["holder = 'other', expires_at = 2^62", "expires_at = 0"])
    async def test_that_is_not_its_own_any_more_in_the_table_is_given_up(
        self, database_url: str, row: str
    ) -> None:
        async with (
            connection_to(database_url) as other,
            acquire_process_lock(database_url, "running", stands_by) as held,
        ):
            await other.execute(f"UPDATE leases SET {row}")  # noqa: S608 - of this test
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

    async with a_line(database_url) as (line, url):
        with pytest.raises(Unavailable):
            await loses_its_machine(line, url)


def connection_to(url: str) -> Any:
    return postgres_adapter().connected(url.replace("+asyncpg", ""))
