"""Only one process holds a name, and its death gives it back at once."""

import asyncio
import sys
from contextlib import AsyncExitStack

import pytest

from storage import DatabaseUrlWrong, HeldElsewhere, Unavailable, hold

HOLD_UNTIL_KILLED = """
import asyncio, sys
from storage import hold

async def main():
    async with hold(sys.argv[1], "running"):
        print("held", flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_a_second_holder_is_refused_with_a_sentence(database_url: str) -> None:
    async with hold(database_url, "running"):
        with pytest.raises(HeldElsewhere, match="already running"):
            async with hold(database_url, "running"):
                pass


async def test_it_is_free_again_once_the_block_ends(database_url: str) -> None:
    for _ in range(2):
        async with hold(database_url, "running"):
            pass


async def test_an_error_in_the_block_gives_it_back_and_comes_out(database_url: str) -> None:
    with pytest.raises(ZeroDivisionError):
        async with hold(database_url, "running"):
            _ = 1 // 0
    async with hold(database_url, "running"):
        pass


async def test_a_cancelled_holder_gives_it_back(database_url: str) -> None:
    held = asyncio.Event()

    async def hold_for_ever() -> None:
        async with hold(database_url, "running"):
            held.set()
            await asyncio.Event().wait()

    holder = asyncio.create_task(hold_for_ever())
    await held.wait()
    holder.cancel()
    with pytest.raises(asyncio.CancelledError):
        await holder
    async with hold(database_url, "running"):
        pass


async def test_other_names_are_not_held(database_url: str) -> None:
    async with AsyncExitStack() as stack:
        for name in ("running", "sending"):
            await stack.enter_async_context(hold(database_url, name))


async def test_of_many_at_once_one_wins(database_url: str) -> None:
    ended = asyncio.Event()

    async def attempt() -> bool:
        try:
            async with hold(database_url, "running"):
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
        async with hold(database_url, "running"):
            pass
    process.kill()
    await process.wait()
    await hold_within(database_url, seconds=5)


async def hold_within(url: str, *, seconds: float) -> None:
    """PostgreSQL notices that a client is gone a few milliseconds after it died."""
    async with asyncio.timeout(seconds):
        while True:
            try:
                async with hold(url, "running"):
                    return
            except HeldElsewhere:
                await asyncio.sleep(0.02)


async def test_a_folder_that_is_not_there_is_said(tmp_path: object) -> None:
    with pytest.raises(Unavailable, match="cannot be made"):
        async with hold(f"sqlite+aiosqlite:///{tmp_path}/nowhere/petition.db", "running"):
            pass


async def test_a_server_that_is_not_there_is_said() -> None:
    with pytest.raises(Unavailable):
        async with hold("postgresql+asyncpg://bot@127.0.0.1:1/petition", "running"):
            pass


async def test_an_address_that_is_none_is_said() -> None:
    with pytest.raises(DatabaseUrlWrong):
        async with hold("petition.db", "running"):
            pass
