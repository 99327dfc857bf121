"""Tests that a PostgreSQL process lock is taken again after its connection broke, if it can be."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

import pytest

from storage import process_lock
from storage.errors import DatabaseUrlWrong, HeldElsewhere, Unavailable
from storage.process_lock import ProcessLock


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
