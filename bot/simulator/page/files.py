"""Responses with files of the chats and of the page itself."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote

from aiohttp import web

from bot.simulator.files import StoredFile

WEB = Path(__file__).parent.parent / "web"
_PAGE_TYPES: Mapping[str, str] = MappingProxyType(
    {
        ".html": "text/html",
        ".css": "text/css",
        ".js": "text/javascript",
        ".svg": "image/svg+xml",
        ".woff2": "font/woff2",
    }
)
_PICTURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
)


def page_file(path: str) -> web.Response:
    """Returns a file of the page itself; raises `HTTPNotFound` if there is none of this name."""
    file = WEB / (path or "index.html")
    if "/" in path or file.suffix not in _PAGE_TYPES or not file.is_file():
        raise web.HTTPNotFound
    charset = None if file.suffix == ".woff2" else "utf-8"
    return web.Response(
        body=file.read_bytes(), content_type=_PAGE_TYPES[file.suffix], charset=charset
    )


def chat_file(stored: StoredFile) -> web.Response:
    """Returns a file from a chat: pictures to display, everything else to download.

    The browser never treats it as a page, whatever it claims to be.
    """
    kind = next((k for start, k in _PICTURES if stored.content.startswith(start)), None)
    headers = {"Content-Security-Policy": "default-src 'none'; sandbox"}
    if kind is None:
        name = quote(stored.media.name or "file", safe="")
        headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
    response = web.Response(
        body=stored.content, content_type=kind or "application/octet-stream", headers=headers
    )
    # The bytes under an identifier never change.
    response.headers["Cache-Control"] = "private, max-age=3600, immutable"
    return response
