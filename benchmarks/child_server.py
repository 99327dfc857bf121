"""A server in a process of its own, whose state is asked for through a pipe."""

import asyncio
import inspect
import multiprocessing
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from multiprocessing.connection import Connection
from typing import Any


class ChildServer:
    """A client of the process; one question at a time."""

    def __init__(self, pipe: Connection, url: str) -> None:
        self._pipe = pipe
        self.url = url

    async def ask(self, question: Callable[..., Any], *given: object) -> Any:
        """Calls a module's function with the server, in its process.

        Returns or raises what the function does; it may be a coroutine function.
        """
        self._pipe.send((question, given))
        answer = await asyncio.to_thread(self._pipe.recv)
        if isinstance(answer, Exception):
            raise answer
        return answer


@asynccontextmanager
async def child_server(serve: Callable[..., None], *given: object) -> AsyncIterator[ChildServer]:
    """Runs `serve` with a pipe, and what else is given, in a process for the block's duration."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(theirs, *given), daemon=True)
    process.start()
    try:
        yield ChildServer(ours, str(await asyncio.to_thread(ours.recv)))
    finally:
        ours.send(None)
        await asyncio.to_thread(process.join, 10)


async def answer_questions(pipe: Connection, server: Any) -> None:
    """Sends the `url` of the server, then answers until the other process needs it no more."""
    questions = asyncio.Queue[Any]()

    def asked() -> None:
        # Read on the event loop: a waiting thread would compete for the interpreter lock.
        try:
            questions.put_nowait(pipe.recv())
        except EOFError:  # the parent process is gone
            questions.put_nowait(None)

    asyncio.get_running_loop().add_reader(pipe.fileno(), asked)
    # The loop made it non-blocking, but long answers do not fit into the pipe's buffer.
    os.set_blocking(pipe.fileno(), True)
    pipe.send(server.url)
    while (question := await questions.get()) is not None:
        function, given = question
        try:
            answer = function(server, *given)
            pipe.send(await answer if inspect.isawaitable(answer) else answer)
        except Exception as error:  # raised in the process that asked
            pipe.send(error)
    asyncio.get_running_loop().remove_reader(pipe.fileno())
