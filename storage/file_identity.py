"""Whether a path still leads to the file that it led to: its device and inode.

A program that has a file open goes on with it when it is removed or another is put in its place.
What it writes is then lost with the last handle, and a lock on it keeps nobody else away.
"""

import os
from pathlib import Path


class FileIdentity:
    """The file at a path as it was at one moment; `is_same` is to be asked again and again."""

    def __init__(self, path: Path, handle: int | None = None) -> None:
        """Remembers the file at `path`, or the one that is open as `handle`."""
        self.path = path
        self._known = _identity(path if handle is None else handle)

    def is_same(self) -> bool:
        """Whether the path leads to that file now."""
        return self._known is not None and _identity(self.path) == self._known


def _identity(file: Path | int) -> tuple[int, int] | None:
    try:
        found = file.stat() if isinstance(file, Path) else os.fstat(file)
    except OSError:  # what cannot be looked at cannot be relied on either
        return None
    return found.st_dev, found.st_ino
