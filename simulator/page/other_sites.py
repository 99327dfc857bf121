"""Keeps the page to this machine, and from other sites: DNS rebinding and cross-site requests."""

import errno
import os
from collections.abc import Awaitable, Callable, Iterable

from aiohttp import web

LOOPBACK = "127.0.0.1"
_NEAR = range(8080, 8100)
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
        "font-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


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


@web.middleware
async def refuse_other_sites(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuses requests under a foreign host name, and actions that the page did not send.

    A domain name that another site points at this machine is a foreign host name. A request
    that another site makes a browser send has that site as its origin.
    """
    if request.host.partition(":")[0] not in ("localhost", LOOPBACK):
        return web.Response(status=403, text="This is not an address of this page.")
    own = f"{request.scheme}://{request.host}"
    if request.method != "GET" and request.headers.get("Origin") != own:
        return web.Response(status=403, text="Only the page itself may do that.")
    return await handler(request)


async def add_security_headers(_: web.Request, response: web.StreamResponse) -> None:
    """Sets headers that forbid the browser to load anything from elsewhere or run inline code."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
