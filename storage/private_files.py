"""Small files that only their owner can read, written whole or not at all."""

import os
from pathlib import Path


def write_new(path: Path, text: str) -> None:
    """Makes a file that only its owner can use; it is on disk when this returns.

    Raises:
        FileExistsError: the file exists; it is not touched.
    """
    # Mode 0600 from the first byte on, whatever the umask.
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def write_over(path: Path, text: str) -> None:
    """Replaces a file in one step, so that a kill leaves either the old or the new one."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    write_new(fresh, text)
    fresh.replace(path)
