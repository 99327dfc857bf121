"""The address of the page: a free port on loopback."""

import errno
import os
from collections.abc import Iterable

from aiohttp import web

LOOPBACK = "127.0.0.1"
_NEAR = range(8080, 8100)


async def listen(runner: web.AppRunner, port: int | None) -> int:
    """Listens on this port, or for None on a free one near 8080, and returns the port.

    Raises OSError for a port that is not usable.
    """
    candidates: Iterable[int] = (*_NEAR, 0) if port is None else (port,)
    for candidate in candidates:
        try:
            await web.TCPSite(runner, LOOPBACK, candidate, reuse_address=True).start()
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            continue
        return int(runner.addresses[0][1])
    raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
