import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, cast

from bot.broadcast.outbox import Outbox
from bot.broadcast.timing import Timing
from storage import Deliveries, Outcome, Result, Unavailable


class Book:
    """Remembers what was recorded, unless it is away."""

    def __init__(self) -> None:
        self.writes: list[tuple[bytes, list[int]]] = []
        self.failures: list[Exception] = []

    async def record(self, id: bytes, results: Iterable[Result], at: datetime) -> None:  # noqa: A002
        if self.failures:
            raise self.failures.pop(0)
        self.writes.append((id, [result.position for result in results]))


@asynccontextmanager
async def opened(book: Book, **timing: Any) -> AsyncIterator[Outbox]:
    outbox = Outbox(cast(Deliveries, book), Timing(**timing))
    task = asyncio.create_task(outbox.run())
    try:
        yield outbox
    finally:
        task.cancel()
        await asyncio.wait({task})


def result(position: int) -> Result:
    return Result(position, b"claim", Outcome.DELIVERED)


async def test_results_that_come_together_are_recorded_together() -> None:
    book = Book()
    async with opened(book, record=0.05) as outbox:
        for position in range(5):
            outbox.add(b"one", result(position))
        await asyncio.sleep(0.02)
        assert book.writes == []
        await asyncio.sleep(0.08)
    assert book.writes == [(b"one", [0, 1, 2, 3, 4])]


async def test_enough_of_them_do_not_wait() -> None:
    book = Book()
    async with opened(book, record=60.0, record_rows=3) as outbox:
        for position in range(3):
            outbox.add(b"one", result(position))
        await asyncio.sleep(0.02)
    assert book.writes == [(b"one", [0, 1, 2])]


async def test_flushed_everything_is_recorded_at_once() -> None:
    book = Book()
    async with opened(book, record=60.0) as outbox:
        await outbox.flush()
        outbox.add(b"one", result(1))
        outbox.add(b"two", result(2))
        outbox.add(b"one", result(3))
        await outbox.flush()
        assert len(outbox) == 0
    assert book.writes == [(b"one", [1, 3]), (b"two", [2])]


async def test_after_a_flush_results_wait_for_each_other_again() -> None:
    book = Book()
    async with opened(book, record=0.05) as outbox:
        outbox.add(b"one", result(1))
        await outbox.flush()
        outbox.add(b"one", result(2))
        await asyncio.sleep(0.01)
        outbox.add(b"one", result(3))
        await outbox.flush()
    assert book.writes == [(b"one", [1]), (b"one", [2, 3])]


async def test_while_the_database_is_away_nothing_is_forgotten() -> None:
    book = Book()
    book.failures = [Unavailable(), Unavailable(), ZeroDivisionError()]
    async with opened(book, record=0.001) as outbox:
        for position in range(1200):
            outbox.add(b"one", result(position))
        async with asyncio.timeout(2):
            await outbox.flush()
    assert [position for _, some in book.writes for position in some] == list(range(1200))
