"""Checks by device and inode whether a path still leads to the same file.

A program that has a file open keeps using it after it is removed or replaced. What it writes is
then lost when the file is closed, and a lock on it keeps nobody else away.
"""

import glob
import os
import shlex
from pathlib import Path

from storage.errors import NeedsAPerson

MOVED_ASIDE = ".before-restore-"
"""Behind a database's name: it was there before a backup took its place; a moment follows."""


class FileIdentity:
    """The file that was at a path at one moment; `is_same` can be asked at any time."""

    def __init__(self, path: Path, handle: int | None = None) -> None:
        """Remembers the file at `path`, or the one that is open as `handle`."""
        self.path = path
        self._known = _identity(path if handle is None else handle)

    def is_same(self) -> bool:
        """Returns whether the path leads to that file now."""
        return self._known is not None and _identity(self.path) == self._known


def moved_aside(database: Path) -> list[Path]:
    """Returns the databases, and logs of theirs, whose place backups have taken."""
    return sorted(database.parent.glob(f"{glob.escape(database.name)}{MOVED_ASIDE}*"))


def require_one_name(database: Path) -> None:
    """Refuses a SQLite database that has a second name, under which it has a second log and lock.

    A bot that used it under that name would damage it. A symbolic link is harmless.
    """
    file = database.resolve()
    if not file.exists():
        return
    # A restore that was killed leaves a name that the bot removes.
    known = sum(each.samefile(file) for each in moved_aside(file))
    if file.stat().st_nlink - known > 1:
        here = shlex.quote(str(file))
        raise NeedsAPerson(
            "The database {path} has another name too, a hard link: a bot that is started with "
            "that one does not notice this one, and both would damage it. See that none runs, "
            "remove the other name, or give this one a file of its own: {command}",
            path=file,
            command=f"cp -p {here} {here}.own && mv {here}.own {here}",
        )


def _identity(file: Path | int) -> tuple[int, int] | None:
    try:
        found = file.stat() if isinstance(file, Path) else os.fstat(file)
    except OSError:  # a file that cannot be examined cannot be relied on either
        return None
    return found.st_dev, found.st_ino
