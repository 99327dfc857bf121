"""Checks by device and inode whether a path still leads to the same file.

A program that has a file open keeps using it after it is removed or replaced. What it writes is
then lost when the file is closed, and a lock on it keeps nobody else away.
"""

import os
from pathlib import Path


class FileIdentity:
    """The file that was at a path at one moment; `is_same` can be asked at any time."""

    def __init__(self, path: Path, handle: int | None = None) -> None:
        """Remembers the file at `path`, or the one that is open as `handle`."""
        self.path = path
        self._known = _identity(path if handle is None else handle)

    def is_same(self) -> bool:
        """Returns whether the path leads to that file now."""
        return self._known is not None and _identity(self.path) == self._known


def _identity(file: Path | int) -> tuple[int, int] | None:
    try:
        found = file.stat() if isinstance(file, Path) else os.fstat(file)
    except OSError:  # a file that cannot be examined cannot be relied on either
        return None
    return found.st_dev, found.st_ino
