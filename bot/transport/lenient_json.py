"""Reads the JSON of an answer, also where what people put into it is no text.

The data of a button are bytes of whoever tapped it, and Telegram passes them on as they came: one
person's half letter must not keep everybody's updates from being read. What is no text becomes
U+FFFD here, at the one place where answers come in, since behind it nothing could bear it: half a
surrogate breaks the encoding of whatever is sent or stored, and PostgreSQL takes no NUL.
"""

import re
from typing import Any, Final

import orjson

_NUL: Final = rb"\u0000"
_HIGH, _LOW = "u[dD][89abAB][0-9a-fA-F]{2}", "u[dD][c-fC-F][0-9a-fA-F]{2}"
# What is kept is found too, so that nothing is looked for inside of it.
_ESCAPE: Final = re.compile(rf"\\(?:(?P<kept>\\|{_HIGH}\\{_LOW})|{_HIGH}|{_LOW}|u0000)")
_CONTROL: Final = re.compile(r"[\x00-\x1f]")  # white space between values, and wrong inside
# What stands within a text has its quotes escaped, so no text can pass for it.
_UPDATE_ID: Final = re.compile(rb'"update_id"\s*:\s*([0-9]{1,10})(?=[\s,}])')


def read_json(raw: bytes) -> Any:
    """Returns what a JSON text says, without NUL and without half a surrogate in it.

    Raises:
        ValueError: it is no JSON.
    """
    # Almost every answer is read at once. Looked for from the end, which is ten times as fast,
    # the one escape that is JSON and no text costs next to nothing beside it.
    if raw.rfind(_NUL) < 0:
        try:
            return orjson.loads(raw)
        except orjson.JSONDecodeError:
            pass
    text = _CONTROL.sub(" ", raw.decode("utf-8", "replace"))
    return orjson.loads(_ESCAPE.sub(_mended, text))


def first_update_id(raw: bytes) -> int | None:
    """The first in an answer that need not be JSON: Telegram begins each update with its id."""
    found = _UPDATE_ID.search(raw)
    return int(found[1]) if found else None


def _mended(found: re.Match[str]) -> str:
    return found[0] if found["kept"] else r"\ufffd"
