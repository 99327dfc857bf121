"""Writes a file of a petition's folder as a whole or not at all."""

import errno
import os
import shutil
import tempfile
from pathlib import Path


def write_whole(file: Path, content: bytes, *, like: Path) -> None:
    """Puts this content in the place of a file's; whoever reads meanwhile sees one or the other.

    A link stays one: the file that it leads to is written. The permissions are those of `like`,
    which for a file that is there already is the file itself.

    Raises:
        OSError: the file or its folder is not to be written, or the disk is full; the file is as
            it was.
    """
    target = Path(os.path.realpath(file))
    # A rename would put another file in the place of one that is marked as not to be changed.
    if target.exists() and not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix="~")
    fresh = Path(name)
    try:
        with os.fdopen(handle, "wb") as written:
            written.write(content)
            written.flush()
            os.fsync(written.fileno())
        shutil.copymode(like, fresh)
        fresh.replace(target)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
