"""Files that only their owner can read: written whole or not at all, and locked.

A program that has a file open keeps using it after it is removed or replaced. What it writes is
then lost when the file is closed, and a lock on it keeps nobody else away: device and inode say
whether a path still leads to the same file.
"""

import fcntl
import glob
import os
import re
import secrets
import shlex
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from storage.errors import NeedsAPerson, StorageError, said_by_system

# Who watches or edits a petition's folder passes over names that end like this.
_UNFINISHED = ".part~"

_MOUNTS = Path("/proc/self/mountinfo")
_OVER_THE_NETWORK = re.compile(
    r"(fuse\.)?(afs|ceph|cifs|davfs|glusterfs|lustre|nfs4?|smb3|smbfs|sshfs)"
)


def identity(file: Path | int) -> tuple[int, int] | None:
    """Returns by what a file is known under any name; None of one that cannot be examined."""
    try:
        found = file.stat() if isinstance(file, Path) else os.fstat(file)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def network_file_system(folder: Path) -> str | None:
    """Returns the kind of the file system of a folder if it is another machine's, as Linux says.

    On it a lock or a write may not hold. None also where nobody says it.
    """
    kinds = {}
    with suppress(OSError):
        for line in _MOUNTS.read_text("utf-8").splitlines():
            before, _, after = line.partition(" - ")
            kinds[before.split()[4].replace("\\040", " ")] = after.split()[0]
    kind = next((kinds[str(each)] for each in (folder, *folder.parents) if str(each) in kinds), "")
    return kind if _OVER_THE_NETWORK.fullmatch(kind) else None


@contextmanager
def locked_file(path: Path, *, waits: bool = True, shared: bool = False) -> Iterator[int]:
    """Opens a file, makes it if there is none, and locks it until the block ends.

    Who has locked it as `shared` keeps out only who wants it alone.

    Raises:
        BlockingIOError: another process has locked it, and this one does not wait for that.
        OSError: it cannot be opened.
    """
    how = (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if waits else fcntl.LOCK_NB)
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, how)
            # It may have been removed or replaced between being opened and being locked.
            if identity(path) == identity(handle):
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
def new_file(path: Path, *, replaces: bool = True) -> Iterator[BinaryIO]:
    """Yields a file to write to, which takes its place when it is whole and on the disk.

    A reader or writer meanwhile, or after a kill, finds the former file or the new one. A link
    stays one. Only its owner can use it.

    Raises:
        FileExistsError: it is there, and is not to be replaced.
        OSError: it cannot be written, as on a full disk; what was there is as it was.
    """
    target = path.resolve()
    # Also a link to nowhere, which somebody else may have put there.
    if not replaces and (path.is_symlink() or target.exists()):
        raise FileExistsError(path)
    with unfinished_file(target) as fresh:
        with fresh.open("r+b") as file:  # never makes one, which others could read
            yield file
            file.flush()
            os.fsync(file.fileno())
        if replaces:
            fresh.replace(target)
        else:
            try:  # unless another file has its name: in one step, if the disk has links
                target.hardlink_to(fresh)
            except FileExistsError:
                raise
            except OSError as error:
                if target.exists():
                    raise FileExistsError(target) from error
                fresh.replace(target)
        sync_folder(target.parent)


def write_file(path: Path, content: bytes) -> None:
    """Writes a file like `new_file`, with this content."""
    with new_file(path) as file:
        file.write(content)


@contextmanager
def output_file(path: Path) -> Iterator[BinaryIO]:
    """Yields a new file that a command was told to write, like `new_file`.

    Raises:
        StorageError: something is there already, or it cannot be written.
    """
    with said_of("{path} cannot be written: {reason}", path, StorageError):
        try:
            with new_file(path, replaces=False) as file:
                yield file
        except FileExistsError as error:
            raise StorageError(
                "{path} exists already; it is left as it is. Name another file.", path=path
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


@contextmanager
def said_of(sentence: str, path: Path, kind: type[StorageError]) -> Iterator[None]:
    """Raises what the system refuses in the block as a sentence with the {path} and a {reason}."""
    try:
        yield
    except OSError as error:
        raise kind(sentence, path=path, reason=reason_and_command(path, error)) from error


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
    """Makes the database file, if there is none, for its owner alone, as its journals are then."""
    with said_of("The database {path} cannot be made: {reason}", path, NeedsAPerson):
        # An existing file is not opened: closing it would drop SQLite's locks in this process.
        if not path.exists():
            path.touch(0o600)
