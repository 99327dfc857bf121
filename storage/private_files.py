"""Files that only their owner can read, written whole or not at all."""

import errno
import glob
import os
import secrets
import shlex
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from storage.errors import FileNotWritten

# Who watches or edits a petition's folder passes over names that end like this.
_UNFINISHED = ".part~"


@contextmanager
def new_file(path: Path, *, replaces: bool = True, like: Path | None = None) -> Iterator[BinaryIO]:
    """Yields a file to write to, which takes its place when it is whole and on the disk.

    Until then it has a name of its own, and goes when the block fails, Ctrl-C among the reasons:
    whoever reads or writes meanwhile, or after a kill, finds the former file or the new one. A
    link stays one. Only its owner can use it, unless it gets the permissions of `like`.

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
    fresh = target.with_name(f"{target.name}.{secrets.token_hex(4)}{_UNFINISHED}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if like is not None:
            shutil.copymode(like, fresh)
        if not replaces:
            target.touch(0o600, exist_ok=False)  # nobody else takes the name from here on
        fresh.replace(target)
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
def output_file(path: Path, *, replaces: bool | None = None) -> Iterator[BinaryIO]:
    """Yields a file that a command was told to write, like `new_file`.

    Args:
        path: where it goes.
        replaces: whether a file that is there already is replaced; None where no option does it.

    Raises:
        FileNotWritten: as `new_file` does, or it is a folder or a device, or one that was not
            finished lies beside it; the message says why.
    """
    if path.exists() and not path.is_file():
        what = "a folder" if path.is_dir() else "a device or a pipe"
        raise FileNotWritten(f"{path} is {what}; name a file.")
    # It may hold names, and nobody would look for it.
    place = path.resolve()
    for left in place.parent.glob(f"{glob.escape(place.name)}.????????{_UNFINISHED}"):
        raise FileNotWritten(
            f"{left} is there: either another command is writing it, or one was killed. "
            "If none is, delete it and try again."
        )
    try:
        with new_file(path, replaces=bool(replaces)) as file:
            yield file
    except FileExistsError as error:
        instead = "Name another file." if replaces is None else "--force replaces it."
        raise FileNotWritten(f"{path} exists already; it is left as it is. {instead}") from error
    except OSError as error:
        reason = reason_and_command(path, error)
        raise FileNotWritten(f"{path} cannot be written: {reason}") from error


def _error(number: int, path: Path) -> OSError:
    return OSError(number, os.strerror(number), str(path))


def reason_and_command(path: Path, error: OSError) -> str:
    """Returns why a file cannot be read or written, and the command that mends it, if one does."""
    reason, command = split_reason(path, error)
    return f"{reason} run: {command}" if command else reason


def split_reason(path: Path, error: OSError) -> tuple[str, str]:
    """Returns the same in two parts; the second is empty where no command mends it."""
    reason, command = error.strerror or str(error), None
    if isinstance(error, FileNotFoundError):
        command = ["mkdir", "-m", "700", "-p", str(path.parent)]
    elif isinstance(error, PermissionError):
        # Of a folder that cannot be entered, nobody can tell whether it has the file.
        refused = next(each for each in (path, *path.parents) if os.path.exists(each))  # noqa: PTH110
        is_own = refused.stat().st_uid == os.geteuid()
        command = ["chmod", "u+rwX"] if is_own else ["chown", str(os.geteuid())]
        command.append(str(refused))
    return (f"{reason}.", "") if command is None else (f"{reason};", shlex.join(command))


def sync_folder(folder: Path) -> None:
    """Puts a new name on the disk; without it a power cut can take the file away."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
