"""The Bot API in a process of its own, on another core than its clients."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import time
from array import array
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, Final

import uvloop

from benchmarks.bot_api.account import Seen, Shares
from benchmarks.bot_api.server import BotApi, Weather
from benchmarks.cores import SERVER, keep_to

# It opens nothing: only our own servers have ever heard of it.
TOKEN: Final = "1000000003:a-token-for-benchmarks-that-opens-nothing"  # noqa: S105

__all__ = ["TOKEN", "FastApi", "Weather", "a_fast_api"]


@dataclass(frozen=True, slots=True)
class _Look:
    """Answered with `Seen`."""


@dataclass(frozen=True, slots=True)
class _Times:
    """Answered with the moments of arrival and those of refusal."""


@dataclass(frozen=True, slots=True)
class _Chats:
    """Answered with the `Shares` of these chats."""

    first_chat: int
    people: int


class FastApi:
    """The other process, asked one thing at a time."""

    def __init__(self, pipe: Connection, url: str) -> None:
        self._pipe = pipe
        self.url = url

    async def begin(self, weather: Weather) -> None:
        """Start a new account, in this weather."""
        await self._ask(weather)

    async def look(self) -> Seen:
        """The account in short."""
        seen: Seen = await self._ask(_Look())
        return seen

    async def times(self) -> tuple[array[float], array[float]]:
        """The moments at which messages arrived, and those at which calls were refused."""
        arrivals, refusals = await self._ask(_Times())
        return arrivals, refusals

    async def shares(self, first_chat: int, people: int) -> Shares:
        """How what arrived is spread over these chats."""
        shares: Shares = await self._ask(_Chats(first_chat, people))
        return shares

    async def _ask(self, question: object) -> Any:
        self._pipe.send(question)
        answer = await asyncio.to_thread(self._pipe.recv)
        if isinstance(answer, Exception):
            raise answer
        return answer


@asynccontextmanager
async def a_fast_api() -> AsyncIterator[FastApi]:
    """A Bot API that runs while the block does."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    try:
        yield FastApi(ours, str(await asyncio.to_thread(ours.recv)))
    finally:
        ours.send(None)
        await asyncio.to_thread(process.join, 10)


def _serve(pipe: Connection) -> None:
    keep_to(SERVER)
    uvloop.run(_answer_all(pipe))


async def _answer_all(pipe: Connection) -> None:
    api, over = BotApi(TOKEN), asyncio.Event()
    server = await api.listen()
    host, port = server.sockets[0].getsockname()

    def asked() -> None:
        # Answered on the loop itself: a thread that waits would take the interpreter in turns.
        try:
            question = pipe.recv()
        except EOFError:  # whoever asked is gone
            question = None
        if question is None:
            over.set()
            return
        try:
            pipe.send(_answer(api, question))
        except Exception as error:  # it is for the one who asked
            pipe.send(error)

    asyncio.get_running_loop().add_reader(pipe.fileno(), asked)
    # The loop made it fail rather than wait, and a long account is more than a pipe holds.
    os.set_blocking(pipe.fileno(), True)
    pipe.send(f"http://{host}:{port}")
    await over.wait()
    asyncio.get_running_loop().remove_reader(pipe.fileno())
    server.close()


def _answer(api: BotApi, question: object) -> object:
    if isinstance(question, Weather):
        api.begin(question)
        return None
    if isinstance(question, _Times):
        return api.account.arrivals, api.account.refusals
    if isinstance(question, _Chats):
        return api.account.shares(question.first_chat, question.people)
    return api.account.seen(time.process_time())
