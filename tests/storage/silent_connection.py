"""A connection to PostgreSQL that can fall silent: it stays open, and nothing comes through."""

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

_SOCKET = ".s.PGSQL.5432"


class SilentLine:
    """Passes bytes on between a client and the server, until it falls silent."""

    def __init__(self, server: Path) -> None:
        self._server = server
        self._connections = 0
        self._silent = 0

    def fall_silent(self, *, new_ones_too: bool = False) -> None:
        """The connections that there are carry nothing any more; new ones do."""
        self._silent = sys.maxsize if new_ones_too else self._connections

    async def connect(self, client: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        """One connection, until either side closes it."""
        self._connections = number = self._connections + 1
        answers, server = await asyncio.open_unix_connection(str(self._server))
        ways = ((client, server), (answers, back))
        passing = [asyncio.create_task(self._pass(number, *way)) for way in ways]
        try:
            await asyncio.wait(passing, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task, (_, write) in zip(passing, ways, strict=True):
                task.cancel()
                write.close()

    async def _pass(
        self, number: int, read: asyncio.StreamReader, write: asyncio.StreamWriter
    ) -> None:
        while some := await read.read(65536):
            if number > self._silent:
                write.write(some)


@asynccontextmanager
async def a_line(url: str) -> AsyncIterator[tuple[SilentLine, str]]:
    """A line to the database at `url`, and the URL of the same database at its other end."""
    (host,) = parse_qs(urlsplit(url).query)["host"]
    line = SilentLine(Path(host) / _SOCKET)
    with tempfile.TemporaryDirectory() as folder:  # a socket's path has to be short
        listening = await asyncio.start_unix_server(line.connect, f"{folder}/{_SOCKET}")
        try:
            yield line, url.replace(host, folder)
        finally:
            listening.close()
