"""Runs the Bot API in a separate process, on another core than its clients."""

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

# Not a real token; only the benchmarks' servers know it.
TOKEN: Final = "1000000003:a-token-for-benchmarks-that-opens-nothing"  # noqa: S105

__all__ = ["TOKEN", "FastApi", "Weather", "a_fast_api"]


@dataclass(frozen=True, slots=True)
class _Look:
    """Asks for the `Seen` of the account."""


@dataclass(frozen=True, slots=True)
class _Times:
    """Asks for the times of arrival and of refusal."""


@dataclass(frozen=True, slots=True)
class _Chats:
    """Asks for the `Shares` of these chats."""

    first_chat: int
    people: int


class FastApi:
    """A client of the server's process; one question at a time."""

    def __init__(self, pipe: Connection, url: str) -> None:
        self._pipe = pipe
        self.url = url

    async def begin(self, weather: Weather) -> None:
        """Starts a new account and sets the server's behaviour."""
        await self._ask(weather)

    async def look(self) -> Seen:
        """Returns the summary of the account."""
        seen: Seen = await self._ask(_Look())
        return seen

    async def times(self) -> tuple[array[float], array[float]]:
        """Returns when messages arrived and when calls were refused, in seconds."""
        arrivals, refusals = await self._ask(_Times())
        return arrivals, refusals

    async def shares(self, first_chat: int, people: int) -> Shares:
        """Returns how messages are distributed over these chats."""
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
    """Runs a Bot API for the duration of the block."""
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
        # Read on the event loop: a waiting thread would compete for the interpreter lock.
        try:
            question = pipe.recv()
        except EOFError:  # the parent process is gone
            question = None
        if question is None:
            over.set()
            return
        try:
            pipe.send(_answer(api, question))
        except Exception as error:  # raised in the process that asked
            pipe.send(error)

    asyncio.get_running_loop().add_reader(pipe.fileno(), asked)
    # The loop made it non-blocking, but a long account does not fit into the pipe's buffer.
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
