"""A way to PostgreSQL that takes time, as between two machines."""

import socket
import socketserver
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from multiprocessing.connection import Connection
from threading import Thread
from urllib.parse import parse_qs, urlsplit

from benchmarks.child_server import child_server

_CHUNK_BYTES = 1 << 16


@asynccontextmanager
async def at_distance(url: str, seconds: float) -> AsyncIterator[str]:
    """Yields a URL of the same database, to which it takes time.

    Args:
        url: of a database of PostgreSQL, whose host is the folder of its socket.
        seconds: for the way there and back.
    """
    parts = urlsplit(url)
    [folder] = parse_qs(parts.query)["host"]
    async with child_server(_serve, f"{folder}/.s.PGSQL.5432", seconds / 2) as way:
        yield f"{parts.scheme}://{parts.username}:@{way.url}{parts.path}"


def _serve(pipe: Connection, path: str, seconds: float) -> None:
    """Serves until the pipe is asked for anything, in a process of its own."""

    class Way(socketserver.BaseRequestHandler):
        """A connection; each direction sleeps in a thread, as timers of a loop are too coarse."""

        def handle(self) -> None:
            with socket.socket(socket.AF_UNIX) as server:
                server.connect(path)
                self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                Thread(target=_carry, args=(server, self.request, seconds), daemon=True).start()
                _carry(self.request, server, seconds)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Way) as ways:
        ways.daemon_threads = True
        Thread(target=ways.serve_forever, daemon=True).start()
        pipe.send("{}:{}".format(*ways.server_address))
        pipe.recv()
        ways.shutdown()


def _carry(source: socket.socket, target: socket.socket, seconds: float) -> None:
    with suppress(OSError):  # one of the two has hung up
        while data := source.recv(_CHUNK_BYTES):
            time.sleep(seconds)
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
