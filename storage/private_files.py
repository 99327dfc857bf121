"""Files that only their owner can read: written whole or not at all, and locked.

A program that has a file open keeps using it after it is removed or replaced. What it writes is
then lost when the file is closed, and a lock on it keeps nobody else away: device and inode say
whether a path still leads to the same file.
"""

import errno
import fcntl
import glob
import os
import secrets
import shlex
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from storage.errors import (
    DatabaseUrlWrong,
    FileNotWritten,
    NeedsAPerson,
    StorageError,
    Unavailable,
    said_by_system,
)

MOVED_ASIDE = ".before-restore-"
"""Behind a database's name: it was there before a backup took its place; a moment follows."""

# Who watches or edits a petition's folder passes over names that end like this.
_UNFINISHED = ".part~"


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


@contextmanager
def locked_file(path: Path, *, waits: bool = True) -> Iterator[int]:
    """Opens a file, makes it if there is none, and locks it until the block ends.

    Raises:
        BlockingIOError: another process has locked it, and this one does not wait for that.
        OSError: it cannot be opened.
    """
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX if waits else fcntl.LOCK_EX | fcntl.LOCK_NB)
            # It may have been removed or replaced between being opened and being locked.
            if FileIdentity(path, handle).is_same():
                yield handle
                return
        finally:
            # Closed, not removed: who has just locked a removed file would hold nothing.
            os.close(handle)


@contextmanager
def unfinished_file(target: Path) -> Iterator[Path]:
    """Yields an empty file beside another; it goes when the block ends, unless it was renamed.

    What a kill left of such a file goes first: it may hold names, or a key.
    """
    remove_unfinished(target.parent, glob.escape(target.name))
    fresh = target.with_name(f"{target.name}.{secrets.token_hex(4)}{_UNFINISHED}")
    # Who removes what a kill left may do so just before it is locked; then it is made again.
    with locked_file(fresh):
        try:
            yield fresh
        finally:
            _remove(fresh)


@contextmanager
def new_file(path: Path, *, replaces: bool = True, like: Path | None = None) -> Iterator[BinaryIO]:
    """Yields a file to write to, which takes its place when it is whole and on the disk.

    A reader or writer meanwhile, or after a kill, finds the former file or the new one. A link
    stays one. Only its owner can use it, unless it gets the permissions of `like`.

    Raises:
        FileExistsError: it is there, and is not to be replaced.
        OSError: it cannot be written, as on a full disk; what was there is as it was.
    """
    target = path.resolve()
    # Also a link to nowhere, which somebody else may have put there.
    if not replaces and (path.is_symlink() or target.exists()):
        raise FileExistsError(path)
    # A rename would put another file in the place of one that is marked as not to be changed.
    if like is not None and target.exists() and not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    with unfinished_file(target) as fresh:
        with fresh.open("r+b") as file:  # never makes one, which others could read
            yield file
            file.flush()
            os.fsync(file.fileno())
        if like is not None:
            shutil.copymode(like, fresh)
        if replaces or not _linked(fresh, target):
            fresh.replace(target)
        sync_folder(target.parent)


def _linked(fresh: Path, target: Path) -> bool:
    """Gives a whole file its name in one step, unless another one has it; False if it cannot."""
    try:
        target.hardlink_to(fresh)
    except OSError:  # perhaps a file system without them
        if target.exists():
            raise
        return False
    return True


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
        # It is being written, has got its name meanwhile, or is another user's.
        with (
            suppress(BlockingIOError, FileNotFoundError, PermissionError),
            left.open("rb") as file,
        ):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _remove(left)


def _remove(unfinished: Path) -> None:
    for end in ("-wal", "-shm", ""):  # itself last, since it is what the others are found by
        unfinished.with_name(f"{unfinished.name}{end}").unlink(missing_ok=True)


def reason_and_command(path: Path, error: OSError) -> StorageError:
    """Returns why a file cannot be read or written, and the command that mends it, if one does."""
    reason = said_by_system(error)
    if isinstance(error, FileNotFoundError):
        command = ["mkdir", "-m", "700", "-p", str(path.parent)]
    elif isinstance(error, PermissionError):
        # Of a folder that cannot be entered, nobody can tell whether it has the file.
        refused = next(each for each in (path, *path.parents) if os.path.exists(each))  # noqa: PTH110
        is_own = refused.stat().st_uid == os.geteuid()
        command = ["chmod", "u+rwX"] if is_own else ["chown", str(os.geteuid())]
        command.append(str(refused))
    else:
        return StorageError("{reason}.", reason=reason)
    return StorageError("{reason}; run: {command}", reason=reason, command=shlex.join(command))


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
        if not path.exists():
            path.touch(0o600)
    except OSError as error:
        kind = DatabaseUrlWrong if isinstance(error, FileNotFoundError) else Unavailable
        raise kind(
            "The database {path} cannot be made: {reason}",
            path=path,
            reason=reason_and_command(path, error),
        ) from error


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
