"""Reads parameters from a request's body: a form, JSON or a multipart form."""

import re
from typing import Any
from urllib.parse import parse_qsl

import orjson

# In a form, searching for these is faster than parsing it.
_CHAT = re.compile(rb"(?:^|&)chat_id=(-?[0-9]+)(?:&|$)")
_TEXT = re.compile(rb"(?:^|&)text=([^&]*)")
_PART_NAME = re.compile(rb'content-disposition:[^\r\n]*[ ;]name="?([^";\r\n]*)"?', re.I)
_BOUNDARY = re.compile(r'boundary="?([^";,]+)"?', re.I)


class Unreadable(Exception):
    """The body does not match its content type."""


def is_form(kind: str) -> bool:
    """Returns whether the content type is that of a URL-encoded form."""
    return kind.startswith("application/x-www-form-urlencoded")


def chat_and_text(kind: str, body: bytes) -> tuple[int | None, bytes]:
    """Returns the chat and the text of a message; the text of a form is still encoded."""
    if is_form(kind):
        chat, text = _CHAT.search(body), _TEXT.search(body)
        return int(chat[1]) if chat else None, text[1] if text else b""
    given = parameters(kind, body)
    try:
        return int(given["chat_id"]), str(given.get("text", "")).encode()
    except (KeyError, TypeError, ValueError):
        return None, b""


def parameters(kind: str, body: bytes) -> dict[str, Any]:
    """Returns all parameters by name.

    Raises:
        Unreadable: the body cannot be parsed.
    """
    if not body:
        return {}
    if is_form(kind):
        return dict(parse_qsl(body.decode(), keep_blank_values=True))
    if kind.startswith("application/json"):
        return _of_json(body)
    if kind.startswith("multipart/form-data"):
        return _of_parts(kind, body)
    raise Unreadable(kind)


def _of_json(body: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Unreadable(str(error)) from error
    if not isinstance(found, dict):
        raise Unreadable("not an object")
    return found


def _of_parts(kind: str, body: bytes) -> dict[str, Any]:
    boundary = _BOUNDARY.search(kind)
    if boundary is None:
        raise Unreadable("no boundary")
    found: dict[str, Any] = {}
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary[1].encode())[1:]:
        if part.startswith(b"--"):
            return found
        head, gap, content = part.partition(b"\r\n\r\n")
        name = _PART_NAME.search(head)
        if not gap or name is None:
            raise Unreadable("a part without a name")
        found[name[1].decode()] = content.decode(errors="replace")
    raise Unreadable("no last boundary")
