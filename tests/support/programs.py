"""Programs of other people, which listen on a port of loopback while a test runs."""

import asyncio
import os
import shutil
import signal
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

_START_SECONDS = 10.0


@dataclass
class Program:
    """A program that listens on a port of loopback."""

    command: Sequence[str | Path]
    port: int
    user: str | None = None
    process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        self.process = await asyncio.create_subprocess_exec(
            *self.command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
            user=self.user,
        )
        async with asyncio.timeout(_START_SECONDS):
            while True:
                assert self.process.returncode is None, f"{self.command[0]} ended by itself"
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                except OSError:
                    await asyncio.sleep(0.02)
                else:
                    writer.close()
                    return

    async def kill(self) -> None:
        """Ends it and all its processes at once, with whatever is under way."""
        assert self.process is not None
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        await self.process.wait()

    async def restart(self) -> None:
        await self.kill()
        await self.start()


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


def found(name: str) -> str:
    """Returns where a program is; skips the test where it is not installed."""
    path = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    if path is None:
        pytest.skip(f"{name} is not installed; see the top of this file")
    return path


@asynccontextmanager
async def running(*programs: Program) -> AsyncIterator[None]:
    """Starts programs one after the other, and ends them after the block."""
    try:
        for program in programs:
            await program.start()
        yield
    finally:
        for program in programs:
            if program.process is not None:
                await program.kill()
