"""Responses with files of the chats and of the page itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote

from aiohttp import web

from simulator.files import StoredFile

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
# Where the page loads what a program adds to it.
_ADDED = b"<!-- added -->"
_PICTURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
)


@dataclass(frozen=True, slots=True)
class Addition:
    """What a program adds to the page: the files of a folder, and routes.

    The page loads `script`, a module, before its own, and `style` after its own.
    """

    folder: Path
    script: str
    style: str
    routes: Sequence[web.RouteDef] = ()

    def tags(self) -> str:
        """Returns the tags that load its module and its styles."""
        return (
            f'<link rel="stylesheet" href="{self.style}">\n'
            f'<script type="module" src="{self.script}"></script>'
        )


def page_file(path: str, addition: Addition | None = None) -> web.Response:
    """Returns a file of the page; raises `HTTPNotFound` if there is none of this name."""
    name = path or "index.html"
    folders = [WEB, addition.folder] if addition else [WEB]
    file = next((each for folder in folders if (each := folder / name).is_file()), None)
    if "/" in path or file is None or file.suffix not in _PAGE_TYPES:
        raise web.HTTPNotFound
    content = file.read_bytes()
    if name == "index.html":
        content = content.replace(_ADDED, addition.tags().encode() if addition else b"")
    charset = None if file.suffix == ".woff2" else "utf-8"
    return web.Response(body=content, content_type=_PAGE_TYPES[file.suffix], charset=charset)


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
