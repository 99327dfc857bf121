"""Serves HTTP to whoever reaches the port, also to those who mean harm.

aiohttp lets who connects and says nothing stay for ever, and each takes a file, which the bot then
lacks for Telegram and its database. It logs what is no HTTP as an error, a line each time.
"""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_protocol import RequestHandler

_MOST_CONNECTIONS = 250
_LINGER_SECONDS = 0.5  # for the rest of what was refused, so that the answer arrives


def _is_fault_of_ours(record: logging.LogRecord) -> bool:
    return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))


_log = logging.getLogger("bot.http_server")
_log.addFilter(_is_fault_of_ours)


class HttpServer(web.Server):
    """Serves on so many connections at most: a new one closes the one silent for longest."""

    def __init__(
        self, serve: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]], **options: Any
    ) -> None:
        options |= {"access_log": None, "logger": _log, "lingering_time": _LINGER_SECONDS}
        super().__init__(serve, **options)

    def __call__(self) -> RequestHandler:
        """Returns what serves a new connection."""
        there = self.connections
        if len(there) >= _MOST_CONNECTIONS:
            silent = (each for each in there if each._current_request is None)
            next(silent, there[0]).force_close()
        return super().__call__()
