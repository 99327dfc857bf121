"""Files that only their owner can read, written whole or not at all."""

import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from storage.errors import FileNotWritten


def write_new(path: Path, text: str) -> None:
    """Makes a file that only its owner can use; it is on disk when this returns.

    Raises:
        FileExistsError: the file exists; it is not touched.
    """
    # Mode 0600 from the first byte on, whatever the umask.
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def write_over(path: Path, text: str) -> None:
    """Replaces a file in one step, so that a kill leaves either the old or the new one."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    write_new(fresh, text)
    fresh.replace(path)


@contextmanager
def whole_file(path: Path, *, replaces: bool | None = None) -> Iterator[BinaryIO]:
    """Yields a new file to write to, which gets its name when it is whole and on the disk.

    Until then it is `PATH.partial`; that goes when the block fails, Ctrl-C among the reasons.

    Args:
        path: where it goes.
        replaces: whether a file that is there already is replaced; None where no option does it.

    Raises:
        FileNotWritten: there is such a file already, or it cannot be written, as on a full disk.
            The message says why; nothing was changed.
    """
    if path.exists() and not path.is_file():
        what = "a folder" if path.is_dir() else "a device or a pipe"
        raise FileNotWritten(f"{path} is {what}; name a file.")
    if not replaces and path.exists():
        instead = "Name another file." if replaces is None else "--force replaces it."
        raise FileNotWritten(f"{path} exists already; it is left as it is. {instead}")
    partial = path.with_name(f"{path.name}.partial")
    try:
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise FileNotWritten(
            f"{partial} is there: either another command is writing it, or one was killed. "
            "If none is, delete it and try again."
        ) from error
    except OSError as error:
        raise _not_written(path, error) from error
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        sync_folder(path.parent)
    except BaseException as error:  # Ctrl-C too
        partial.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise _not_written(path, error) from error
        raise


def _not_written(path: Path, error: OSError) -> FileNotWritten:
    return FileNotWritten(f"{path} cannot be written: {reason_and_command(path, error)}")


def reason_and_command(path: Path, error: OSError) -> str:
    """Returns why a file cannot be read or written, and the command that mends it, if one does."""
    reason, command = error.strerror or str(error), None
    if isinstance(error, FileNotFoundError):
        command = ["mkdir", "-m", "700", "-p", str(path.parent)]
    elif isinstance(error, PermissionError):
        # Of a folder that cannot be entered, nobody can tell whether it has the file.
        refused = next(each for each in (path, *path.parents) if os.path.exists(each))  # noqa: PTH110
        is_own = refused.stat().st_uid == os.geteuid()
        command = ["chmod", "u+rwX"] if is_own else ["chown", str(os.geteuid())]
        command.append(str(refused))
    return f"{reason}." if command is None else f"{reason}; run: {shlex.join(command)}"


def sync_folder(folder: Path) -> None:
    """Puts a new name on the disk; without it a power cut can take the file away."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
