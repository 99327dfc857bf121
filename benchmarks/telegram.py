"""The simulated Telegram and its people in a separate process, off the bot's core."""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, Final

import uvloop

from benchmarks.people import Signed, all_sign
from bot.simulator import Simulator

# Not a real token; only the simulator knows it.
TOKEN: Final = "1000000002:a-token-for-benchmarks-that-opens-nothing"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Sign:
    """Asks that this many people sign at once; answered with `Signed`."""

    people: int


@dataclass(frozen=True, slots=True)
class Busy:
    """Asks for the CPU time of the process; answered with seconds as a float."""


class Telegram:
    """A client of the other process; one question at a time."""

    def __init__(self, pipe: Connection, url: str) -> None:
        self._pipe = pipe
        self.url = url

    async def ask(self, question: object) -> Any:
        """Sends a question and returns the answer; raises the exception that is the answer."""
        self._pipe.send(question)
        answer = await asyncio.to_thread(self._pipe.recv)
        if isinstance(answer, Exception):
            raise answer
        return answer


@asynccontextmanager
async def a_telegram(latency: float) -> AsyncIterator[Telegram]:
    """Runs a simulator without rate limits that takes `latency` seconds for each call."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, latency), daemon=True)
    process.start()
    try:
        yield Telegram(ours, str(await asyncio.to_thread(ours.recv)))
    finally:
        ours.send(None)
        await asyncio.to_thread(process.join, 10)


def _serve(pipe: Connection, latency: float) -> None:
    uvloop.run(_answer_all(pipe, latency))


async def _answer_all(pipe: Connection, latency: float) -> None:
    async with Simulator(token=TOKEN) as simulator:
        simulator.limits.on = False
        simulator.faults.latency = latency
        pipe.send(simulator.url)
        while (question := await asyncio.to_thread(pipe.recv)) is not None:
            try:
                pipe.send(await _answer(simulator, question))
            except Exception as error:  # raised in the process that asked
                pipe.send(error)


async def _answer(simulator: Simulator, question: object) -> object:
    if isinstance(question, Sign):
        signed: Signed = await all_sign(simulator.world, question.people)
        return signed
    return time.process_time()
