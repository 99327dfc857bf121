"""Runs the Bot API in a separate process, on another core than its clients."""

from __future__ import annotations

from array import array
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from multiprocessing.connection import Connection

import uvloop

from benchmarks.child_job import SERVER, keep_to
from benchmarks.child_server import ChildServer, answer_questions, child_server
from tests.support.bot_api.message_counts import CountSummary, RecipientCounts
from tests.support.bot_api.server import Behavior, BotApi

# Not a real token; only the benchmarks' servers know it.
TOKEN = "1000000003:a-token-for-benchmarks-that-opens-nothing"  # noqa: S105


class BotApiProcess:
    """A client of the server's process; one question at a time."""

    def __init__(self, server: ChildServer) -> None:
        self._server = server
        self.url = server.url

    async def begin(self, behavior: Behavior) -> None:
        """Starts new counts and sets the server's behaviour."""
        await self._server.ask(_begin, behavior)

    async def summary(self) -> CountSummary:
        """Returns the summary of the counts."""
        summary: CountSummary = await self._server.ask(_summary)
        return summary

    async def times(self) -> tuple[array[float], array[float]]:
        """Returns when messages arrived and when calls were refused, in seconds."""
        arrivals, refusals = await self._server.ask(_times)
        return arrivals, refusals

    async def recipients(self, first_chat: int, people: int) -> RecipientCounts:
        """Returns how messages are distributed over these chats."""
        found: RecipientCounts = await self._server.ask(_recipients, first_chat, people)
        return found


@asynccontextmanager
async def running_bot_api() -> AsyncIterator[BotApiProcess]:
    """Runs a Bot API for the duration of the block."""
    async with child_server(_serve) as server:
        yield BotApiProcess(server)


def _serve(pipe: Connection) -> None:
    keep_to(SERVER)
    uvloop.run(_answer_all(pipe))


async def _answer_all(pipe: Connection) -> None:
    api = BotApi(TOKEN)
    async with api.listening():
        await answer_questions(pipe, api)


def _begin(api: BotApi, behavior: Behavior) -> None:
    api.begin(behavior)


def _summary(api: BotApi) -> CountSummary:
    return api.counts.summary()


def _times(api: BotApi) -> tuple[array[float], array[float]]:
    return api.counts.arrivals, api.counts.refusals


def _recipients(api: BotApi, first_chat: int, people: int) -> RecipientCounts:
    return api.counts.recipients(first_chat, people)
