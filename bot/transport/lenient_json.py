"""Reads the JSON of an answer, even if people put bytes into it that are not valid text.

The data of a button are bytes sent by the tapping person's client, and Telegram passes them on
unchanged: invalid text from one person must not make everybody's updates unreadable. It becomes
U+FFFD here, where answers come in, since later code cannot handle it: a lone surrogate cannot be
encoded to be sent or stored, and PostgreSQL accepts no NUL.
"""

import re
from typing import Any

import orjson

_NUL = rb"\u0000"
_HIGH, _LOW = "u[dD][89abAB][0-9a-fA-F]{2}", "u[dD][c-fC-F][0-9a-fA-F]{2}"
# Matches the valid escapes too (`kept`), so that nothing inside them is matched.
_ESCAPE = re.compile(rf"\\(?:(?P<kept>\\|{_HIGH}\\{_LOW})|{_HIGH}|{_LOW}|u0000)")
_CONTROL = re.compile(r"[\x00-\x1f]")  # valid between values, but not inside a text
# Quotes inside a text are escaped, so that no text can match this.
_UPDATE_ID = re.compile(rb'"update_id"\s*:\s*([0-9]{1,10})(?=[\s,}])')


def read_json(raw: bytes) -> Any:
    """Returns the value of a JSON text, with U+FFFD for every NUL and lone surrogate in it.

    Raises:
        ValueError: it is not JSON.
    """
    # The fast path reads almost every answer. Valid JSON may contain an escaped NUL, for which a
    # search from the end, ten times as fast as one from the start, costs next to nothing.
    if raw.rfind(_NUL) < 0:
        try:
            return orjson.loads(raw)
        except orjson.JSONDecodeError:
            pass
    text = _CONTROL.sub(" ", raw.decode("utf-8", "replace"))
    return orjson.loads(_ESCAPE.sub(lambda each: each[0] if each["kept"] else r"\ufffd", text))


def updates_after(raw: bytes, number: int) -> bytes:
    """Returns an answer, whose updates are in order, without those up to this number.

    To find it takes a fraction of reading them. An answer without it comes back as it is.
    """
    if number < 0 or (known := raw.rfind(b'{"update_id":%d,' % number)) < 0:
        return raw
    following = raw.find(b'{"update_id":', known + 1)
    return b'{"result":[' + (raw[following:] if following >= 0 else b"]}")


def first_update_id(raw: bytes) -> int | None:
    """Returns the first update id in an answer, which need not be valid JSON; None without one."""
    found = _UPDATE_ID.search(raw)
    return int(found[1]) if found else None
