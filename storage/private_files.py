"""Small files that nobody else reads, written whole or not at all."""

import os
from pathlib import Path


def write_new(path: Path, text: str) -> None:
    """Makes a file that only its owner can use, on the disk when this returns.

    Raises:
        FileExistsError: there is one already; it is never touched.
    """
    # Mode 0600 from the first byte on, whatever the umask.
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def write_over(path: Path, text: str) -> None:
    """Puts a new file in the place of an old one in one step, so a kill leaves one of the two."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    write_new(fresh, text)
    fresh.replace(path)
