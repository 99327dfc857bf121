"""Benchmark of the storage: operations a second, one at a time and many at once."""

import asyncio
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from itertools import count, product
from pathlib import Path

import pytest

from benchmarks.benchmark import Benchmark, Report, spread
from benchmarks.distance import at_distance
from benchmarks.run_options import RunOptions
from storage import Storage, open_storage
from storage.conversations import conversation_of, save_conversation
from storage.keyring import Keyring
from storage.migrate import migrate
from tests.support.postgres_server import durable_postgres
from tests.support.supporters import NOON, Supporter, a_supporter

ALONE = 1
TOGETHER = 64
_OPERATIONS = {ALONE: 150, TOGETHER: 2_000}
_AWAY_SECONDS = 0.001

Operation = Callable[[Storage, Supporter], Awaitable[object]]


async def _arrive(storage: Storage, someone: Supporter) -> None:
    await someone.arrive(storage)


async def _save(storage: Storage, someone: Supporter) -> None:
    await storage.write(save_conversation, someone.conversation(version=2), was=1, at=NOON)


async def _sign(storage: Storage, someone: Supporter) -> object:
    return await someone.sign(storage, was=2)


async def _read(storage: Storage, someone: Supporter) -> object:
    return await storage.read(conversation_of, someone.supporter)


# In the order in which a person does them: each needs the one before.
_OPERATIONS_BY_NAME: tuple[tuple[str, Operation], ...] = (
    ("saves", _save),
    ("signs", _sign),
    ("reads", _read),
)


async def _run(options: RunOptions) -> Report:
    found: dict[tuple[str, int, str], list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        keyring = Keyring.generate(Path(folder) / "petition.key")
        async with _databases(Path(folder), keyring) as (databases, notes):
            numbers = count(1)
            for _ in range(options.runs):
                for name, at_once in product(databases, _OPERATIONS):
                    people = [
                        a_supporter(keyring, next(numbers)) for _ in range(_OPERATIONS[at_once])
                    ]
                    await _rate(databases[name], people, TOGETHER, _arrive)
                    for what, operation in _OPERATIONS_BY_NAME:
                        rate = await _rate(databases[name], people, at_once, operation)
                        found[name, at_once, what].append(rate)
    rows = tuple(
        (
            name,
            str(at_once),
            *(spread(found[name, at_once, what]) for what, _ in _OPERATIONS_BY_NAME),
        )
        for name, at_once in product(databases, _OPERATIONS)
    )
    return Report(("Database", "in flight", "saves/s", "signs/s", "reads/s"), rows, tuple(notes))


async def _rate(
    storage: Storage, people: Sequence[Supporter], at_once: int, operation: Operation
) -> float:
    begun = time.perf_counter()
    await _each(people, at_once, lambda someone: operation(storage, someone))
    return len(people) / (time.perf_counter() - begun)


async def _each(
    people: Sequence[Supporter], at_once: int, do: Callable[[Supporter], Awaitable[object]]
) -> None:
    waiting = iter(people)

    async def work() -> None:
        for someone in waiting:
            await do(someone)

    await asyncio.gather(*(work() for _ in range(at_once)))


@asynccontextmanager
async def _databases(
    folder: Path, keyring: Keyring
) -> AsyncIterator[tuple[dict[str, Storage], list[str]]]:
    with ExitStack() as stack:
        ways = AsyncExitStack()
        urls = {"SQLite": f"sqlite+aiosqlite:///{folder / 'petition.db'}"}
        notes = ["Every write is on the disk when it is counted, on both databases."]
        try:
            urls["PostgreSQL"] = url = await asyncio.to_thread(durable_postgres, stack)
            away = await ways.enter_async_context(at_distance(url, _AWAY_SECONDS))
            urls[f"PostgreSQL, {_AWAY_SECONDS * 1000:g} ms away"] = away
        except pytest.skip.Exception as reason:
            notes.append(f"Without PostgreSQL: {reason}.")
        for url in urls.values():
            await migrate(url)
        databases = {name: await open_storage(url, keyring, "andry") for name, url in urls.items()}
        try:
            yield databases, notes
        finally:
            for storage in databases.values():
                await storage.close()
            await ways.aclose()


STORAGE = Benchmark(
    "storage",
    "The storage alone",
    "Conversations saved and read, and signatures taken, encryption included, one after the other"
    " and with many in flight.",
    _run,
)
