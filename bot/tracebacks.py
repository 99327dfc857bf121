"""Where an error came from, told without a word of what it says.

The message of an exception may repeat what a person wrote, or an address with the token
in it; kinds, files, lines and functions are ours.
"""

import traceback
from collections.abc import Iterator
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
_OURS = ("bot", "handlers", "storage")
_MOST_FRAMES = 12


def kind_of(error: BaseException) -> str:
    """The kind of an error and of those that caused it: `Unavailable < OperationalError`."""
    return " < ".join(type(one).__name__ for one in _chain(error))


def place_of(error: BaseException) -> str:
    """The innermost line of ours that the error passed: `handlers/supporter_callbacks.py:41`."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if _is_ours(frame.filename)]
    if not frames:
        return "unknown"
    frame = (ours or frames)[-1]
    return f"{_short(frame.filename)}:{frame.lineno}"


def trace_of(error: BaseException) -> str:
    """The way of an error from the outside in, and that of each of its causes."""
    return " < ".join(_way(one) for one in _chain(error))


def _way(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)[-_MOST_FRAMES:]
    return " > ".join(f"{_short(one.filename)}:{one.lineno} {one.name}" for one in frames)


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    now: BaseException | None = error
    while now is not None and id(now) not in seen:
        yield now
        seen.add(id(now))
        hidden = now.__suppress_context__
        now = now.__cause__ or (None if hidden else now.__context__)


def _is_ours(filename: str) -> bool:
    path = Path(filename)
    return path.is_relative_to(_ROOT) and path.relative_to(_ROOT).parts[0] in _OURS


def _short(filename: str) -> str:
    """The path inside the project or inside a library: never where this machine keeps it."""
    path = Path(filename)
    if _is_ours(filename):
        return path.relative_to(_ROOT).as_posix()
    parts = path.parts
    if "site-packages" in parts:
        inside = parts[len(parts) - parts[::-1].index("site-packages") :]
        return "/".join(inside)
    return "/".join(parts[-2:])
