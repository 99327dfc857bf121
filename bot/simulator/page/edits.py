"""Answers the page's requests to change the petition's folder, from whoever may make them."""

import secrets
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import orjson
from aiohttp import web

from bot.simulator.page.folder_editor import EditRefused, FolderEditor

LARGEST_EDIT = 256 * 1024
TOKEN_HEADER = "X-Edit-Token"  # noqa: S105

_EDITS: Mapping[str, Callable[[FolderEditor, Mapping[str, Any]], None]] = MappingProxyType(
    {
        "save": lambda editor, values: editor.save(values),
        "language": lambda editor, values: editor.add_language(values),
        "version": lambda editor, values: editor.new_version(values),
        "undo": lambda editor, _: editor.undo(),
        "redo": lambda editor, _: editor.redo(),
    }
)


async def answer_edit(request: web.Request, editor: FolderEditor | None) -> web.Response:
    """Makes an edit and returns the folder as it is then, or says why it was not made.

    A `GET` makes none, and learns whether one could be made.

    The middleware has seen to it that the page itself asks, under an address of this machine.
    """
    try:
        allowed = _allowed(request, editor)
        if request.method == "GET":
            return _answer({"ok": True}, None)
        await _make(request, allowed)
    except EditRefused as refused:
        body = {"ok": False, "error": refused.reason, **refused.now}
        return _answer(body, editor, status=refused.status)
    return _answer({"ok": True}, editor)


def _allowed(request: web.Request, editor: FolderEditor | None) -> FolderEditor:
    """Returns the editor to whoever may use it.

    Raises:
        EditRefused: nothing can be written, or not by whoever asks.
    """
    if editor is None:
        raise EditRefused("no-editor", 403)
    if editor.closed_for is not None:
        raise EditRefused(editor.closed_for, 403)
    if not secrets.compare_digest(
        request.headers.get(TOKEN_HEADER, "").encode(), editor.token.encode()
    ):
        raise EditRefused("token", 403)
    return editor


async def _make(request: web.Request, editor: FolderEditor) -> None:
    if request.content_length is None or request.content_length > LARGEST_EDIT:
        raise EditRefused("too-long", 413)
    try:
        values = orjson.loads(await request.read())
    except orjson.JSONDecodeError:
        values = None
    if not isinstance(values, dict):
        raise EditRefused("form")
    edit = _EDITS.get(str(values.get("edit")))
    if edit is None:
        raise EditRefused("form")
    edit(editor, values)


def _answer(body: dict[str, Any], editor: FolderEditor | None, status: int = 200) -> web.Response:
    """Returns an answer; whoever may edit gets the folder with it, also where it was refused."""
    may_edit = editor is not None and status != 403
    shown = {"editor": editor.snapshot()} if editor is not None and may_edit else {}
    return web.Response(
        body=orjson.dumps(body | shown), status=status, content_type="application/json"
    )
