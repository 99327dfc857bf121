"""Protects the page from other sites: DNS rebinding and cross-site requests."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from simulator.page.address import LOOPBACK

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
