"""Benchmark of a call: how much of a core the client takes for it, beside a bare HTTP library."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

import aiohttp
import orjson

from benchmarks.benchmark import Benchmark, Report, row
from benchmarks.bot_api_process import TOKEN, running_bot_api
from benchmarks.child_job import TEXT
from benchmarks.run_options import RunOptions
from bot.transport import Gate, Lane, SharedSession, TelegramClient
from tests.support.bot_api.server import Behavior

LATENCY = 0.03
IN_FLIGHT = 256
_CALLS = 10_000
# More than any machine can send.
_NO_LIMIT = 20_000.0

Call = Callable[[int], Awaitable[object]]


async def _run(options: RunOptions) -> Report:
    calls = _CALLS // (10 if options.quick else 1)
    bots: list[tuple[float, float]] = []
    bare: list[tuple[float, float]] = []
    async with running_bot_api() as api, AsyncExitStack() as stack:
        await api.begin(Behavior(LATENCY))
        session = await stack.enter_async_context(SharedSession())
        gate = Gate(_NO_LIMIT, burst=IN_FLIGHT)
        client = TelegramClient(session, gate, api_url=api.url, token=TOKEN)
        connector = aiohttp.TCPConnector(limit=IN_FLIGHT)
        http = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))
        url = f"{api.url}/bot{TOKEN}/sendMessage"

        async def by_the_bot(chat: int) -> None:
            await client.call("sendMessage", _message(chat), lane=Lane.BROADCAST)

        async def by_aiohttp(chat: int) -> None:
            async with http.post(url, json=_message(chat)) as response:
                orjson.loads(await response.read())

        # They take turns, so that a slow moment of the machine affects both.
        for _ in range(options.runs):
            bots.append(await _measured(by_the_bot, calls))
            bare.append(await _measured(by_aiohttp, calls))
    return Report(
        ("Client", "µs of a core", "calls/s"),
        (row("**this bot**", bots, (0, 0)), row("aiohttp alone", bare, (0, 0))),
    )


def _message(chat: int) -> dict[str, object]:
    return {"chat_id": chat, "text": TEXT, "parse_mode": "HTML"}


async def _measured(call: Call, calls: int) -> tuple[float, float]:
    """Returns the microseconds of computing for each call, and calls a second."""
    chats = iter(range(1, calls + 1))

    async def some() -> None:
        for chat in chats:
            await call(chat)

    await asyncio.gather(*(call(chat) for chat in range(1, IN_FLIGHT + 1)))  # to be connected
    begun, computed = time.perf_counter(), time.process_time()
    await asyncio.gather(*(some() for _ in range(IN_FLIGHT)))
    took = time.process_time() - computed
    return took / calls * 1_000_000, calls / (time.perf_counter() - begun)


CALLS = Benchmark(
    "calls",
    "A call",
    f"What a call costs the process that makes it, with 30 ms for each and {IN_FLIGHT} at once.",
    _run,
)
