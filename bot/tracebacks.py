"""Describes where an error came from, without its message.

The message of an exception may repeat what a person wrote, or an address with the token in it;
kinds, files, lines and functions are the program's.
"""

import errno
import secrets
import traceback
from collections.abc import Iterator
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
_OURS = ("bot", "handlers", "simulator", "storage", "telegram_text")
_MOST_FRAMES = 12


def kind_of(error: BaseException) -> str:
    """Returns an error's kind and its causes': `Unavailable < OperationalError SQLITE_FULL`.

    The system and SQLite name what is wrong by a code, without which all their errors look alike.
    """
    return " < ".join(" ".join((type(one).__name__, *_code(one))) for one in _chain(error))


def error_reference(error: BaseException) -> tuple[str, str]:
    """Returns the exception's class name, and a new reference by which to find it in the log."""
    return type(error).__name__, secrets.token_hex(4)


def place_of(error: BaseException) -> str:
    """Returns the project's innermost line of an error: `handlers/supporter_updates.py:41`."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if _is_ours(frame.filename)]
    if not frames:
        return "unknown"
    frame = (ours or frames)[-1]
    return f"{_short(frame.filename)}:{frame.lineno}"


def trace_of(error: BaseException) -> str:
    """Returns the frames of an error, outermost first, and those of each of its causes."""
    ways = []
    for one in _chain(error):
        frames = traceback.extract_tb(one.__traceback__)[-_MOST_FRAMES:]
        ways.append(" > ".join(f"{_short(at.filename)}:{at.lineno} {at.name}" for at in frames))
    return " < ".join(ways)


def _code(error: BaseException) -> Iterator[str]:
    system = errno.errorcode.get(error.errno or 0) if type(error) is OSError else None
    if code := getattr(error, "sqlite_errorname", system):
        yield code


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
    """Returns the path inside the project or a library, without this machine's folders."""
    path = Path(filename)
    if _is_ours(filename):
        return path.relative_to(_ROOT).as_posix()
    parts = path.parts
    if "site-packages" in parts:
        inside = parts[len(parts) - parts[::-1].index("site-packages") :]
        return "/".join(inside)
    return "/".join(parts[-2:])
