"""Files that only their owner can read, written whole or not at all."""

import errno
import fcntl
import glob
import os
import secrets
import shlex
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from storage.errors import (
    DatabaseUrlWrong,
    FileNotWritten,
    StorageError,
    Unavailable,
    said_by_system,
)

# Who watches or edits a petition's folder passes over names that end like this.
_UNFINISHED = ".part~"


@contextmanager
def new_file(path: Path, *, replaces: bool = True, like: Path | None = None) -> Iterator[BinaryIO]:
    """Yields a file to write to, which takes its place when it is whole and on the disk.

    Until then it has a name of its own, and goes when the block fails, Ctrl-C among the reasons:
    a reader or writer meanwhile, or after a kill, finds the former file or the new one. What
    a kill left goes when the same file is written again, and else with `remove_unfinished`. A link
    stays one. Only its owner can use it, unless it gets the permissions of `like`.

    Raises:
        FileExistsError: it is there, and is not to be replaced.
        OSError: it cannot be written, as on a full disk; what was there is as it was.
    """
    target = path.resolve()
    # Also a link to nowhere, which somebody else may have put there.
    if not replaces and (path.is_symlink() or target.exists()):
        raise _error(errno.EEXIST, path)
    # A rename would put another file in the place of one that is marked as not to be changed.
    if like is not None and target.exists() and not os.access(target, os.W_OK):
        raise _error(errno.EACCES, path)
    remove_unfinished(target.parent, glob.escape(target.name))  # it may hold names, or a key
    fresh = target.with_name(f"{target.name}.{secrets.token_hex(4)}{_UNFINISHED}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield file
            file.flush()
            os.fsync(file.fileno())
            if like is not None:
                shutil.copymode(like, fresh)
            if replaces:
                fresh.replace(target)
            else:
                _name_new(fresh, target)
        sync_folder(target.parent)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise


def write_file(
    path: Path, content: bytes, *, replaces: bool = True, like: Path | None = None
) -> None:
    """Writes a file like `new_file`, with this content."""
    with new_file(path, replaces=replaces, like=like) as file:
        file.write(content)


@contextmanager
def output_file(path: Path) -> Iterator[BinaryIO]:
    """Yields a new file that a command was told to write, like `new_file`.

    Raises:
        FileNotWritten: something is there already, or it cannot be written.
    """
    try:
        with new_file(path, replaces=False) as file:
            yield file
    except FileExistsError as error:
        raise FileNotWritten(
            "{path} exists already; it is left as it is. Name another file.", path=path
        ) from error
    except OSError as error:
        reason = reason_and_command(path, error)
        raise FileNotWritten(
            "{path} cannot be written: {reason}", path=path, reason=reason
        ) from error


def remove_unfinished(folder: Path, pattern: str) -> None:
    """Removes what a kill left of files in a folder whose names fit; not what is being written."""
    for left in folder.glob(f"{pattern}.????????{_UNFINISHED}"):
        if not is_used(left):
            left.unlink(missing_ok=True)


def is_used(path: Path) -> bool:
    """Returns whether a process has locked a file; one that was killed locks nothing."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except (FileNotFoundError, PermissionError):
        return True  # it has got its name meanwhile, or it is another user's
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def _name_new(fresh: Path, target: Path) -> None:
    """Gives a whole file its name in one step, unless another one has it."""
    try:
        target.hardlink_to(fresh)
    except FileExistsError:
        raise
    except OSError:  # a file system without them
        if target.exists():
            raise _error(errno.EEXIST, target) from None
        fresh.replace(target)
    else:
        fresh.unlink()


def _error(number: int, path: Path) -> OSError:
    return OSError(number, os.strerror(number), str(path))


def reason_and_command(path: Path, error: OSError) -> StorageError:
    """Returns why a file cannot be read or written, and the command that mends it, if one does."""
    reason, command = split_reason(path, error)
    if not command:
        return StorageError("{reason}.", reason=reason)
    return StorageError("{reason}; run: {command}", reason=reason, command=command)


def split_reason(path: Path, error: OSError) -> tuple[StorageError, str]:
    """Returns the same in two parts; the second is empty where no command mends it."""
    reason, command = said_by_system(error), None
    if isinstance(error, FileNotFoundError):
        command = ["mkdir", "-m", "700", "-p", str(path.parent)]
    elif isinstance(error, PermissionError):
        # Of a folder that cannot be entered, nobody can tell whether it has the file.
        refused = next(each for each in (path, *path.parents) if os.path.exists(each))  # noqa: PTH110
        is_own = refused.stat().st_uid == os.geteuid()
        command = ["chmod", "u+rwX"] if is_own else ["chown", str(os.geteuid())]
        command.append(str(refused))
    return reason, "" if command is None else shlex.join(command)


def sync_folder(folder: Path) -> None:
    """Puts a new name on the disk; without it a power cut can take the file away."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def create_private(path: Path) -> None:
    """Makes the database file, if there is none, so that only its owner can read it.

    SQLite gives its journals the same permissions.
    """
    try:
        # An existing file is not opened: closing it would drop SQLite's locks in this process.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        return
    except FileNotFoundError as error:
        raise DatabaseUrlWrong(
            "The database {path} cannot be made: {reason}",
            path=path,
            reason=reason_and_command(path, error),
        ) from error
    except OSError as error:
        raise Unavailable(
            "The database {path} cannot be made: {reason}",
            path=path,
            reason=reason_and_command(path, error),
        ) from error
