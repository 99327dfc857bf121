"""Encodes the parameters of a call: as a form, or in parts when there are files among them.

The standard library's `urlencode` handles each byte in Python: for a message of a few hundred
letters that takes half as long as the rest of the call.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import orjson

from bot.transport.http1.address import FORM, Body

_SAFE = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-~"
_ESCAPED = {byte: (bytes((byte,)), b"%%%02X" % byte) for byte in range(256)}
_PERCENT = ord("%")
_SPACE = ord(" ")
_IN_A_HEAD = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A"})


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that is sent with a call."""

    name: str
    content: bytes
    kind: str = "application/octet-stream"


def quoted(text: str) -> bytes:
    """Returns a name or a value quoted as by `urllib.parse.quote_plus`."""
    raw = text.encode()
    unsafe = set(raw.translate(None, _SAFE))
    if not unsafe:
        return raw
    # Escapes contain percent signs, and a space becomes a plus: so % comes first and + last.
    if _PERCENT in unsafe:
        raw = raw.replace(*_ESCAPED[_PERCENT])
    for byte in unsafe - {_PERCENT, _SPACE}:
        raw = raw.replace(*_ESCAPED[byte])
    return raw.replace(b" ", b"+")


def form(fields: Mapping[str, object], quote: Callable[[str], bytes] = quoted) -> bytes:
    """Returns the fields as `application/x-www-form-urlencoded`, as `urllib.parse.urlencode` does.

    Values that are not texts are sent as JSON; `quote` is `quoted`, or a cached one.
    """
    return b"&".join(
        [
            # An integer needs no quoting, and there are too many chat ids to cache.
            b"%b=%d" % (quote(name), value)
            if type(value) is int
            else b"%b=%b" % (quote(name), quote(_text_of(value)))
            for name, value in fields.items()
        ]
    )


def encode(params: Mapping[str, object], quote: Callable[[str], bytes] = quoted) -> Body:
    """Returns the body of a call; `Upload`s are its files, and `quote` is as for `form`."""
    if any(isinstance(value, Upload) for value in params.values()):
        return _in_parts(params)
    return Body(form(params, quote), FORM)


def _in_parts(params: Mapping[str, object]) -> Body:
    boundary = secrets.token_hex(16).encode()
    parts = []
    for name, value in params.items():
        parts.append(b"--%b\r\nContent-Disposition: form-data; " % boundary)
        parts.append(b'name="%b"' % name.translate(_IN_A_HEAD).encode())
        if isinstance(value, Upload):
            parts.append(b'; filename="%b"' % value.name.translate(_IN_A_HEAD).encode())
            parts.append(b"\r\nContent-Type: %b\r\n\r\n" % value.kind.encode())
            parts.append(value.content)
        else:
            parts.append(b"\r\n\r\n" + _text_of(value).encode())
        parts.append(b"\r\n")
    parts.append(b"--%b--\r\n" % boundary)
    return Body(b"".join(parts), b"multipart/form-data; boundary=" + boundary)


def _text_of(value: object) -> str:
    """Returns a value as Telegram takes it: a text as it is, anything else as JSON."""
    return value if isinstance(value, str) else orjson.dumps(value).decode()
