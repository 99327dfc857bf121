"""Where the data of a rehearsal are: apart from the petition's, and gone when it ends.

The database, and what else lies beside a key, are in a folder of their own. The keys are in no
file, so the names of a rehearsal that was killed can be read by nobody; the next start of the
petition's bot removes what it left.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bot.file_locations import default_data_folder
from storage.database import data_folder
from storage.keyring import Keyring

_NAME = "rehearsal"


@contextmanager
def rehearsal_data(url: str, slug: str) -> Iterator[tuple[str, Keyring]]:
    """Yields the address of an empty database and new keys; nothing is left after the block.

    The `url` is that of the petition's own database. The caller holds the process lock of
    the petition.

    Raises:
        OSError: the folder cannot be made or emptied.
    """
    folder = _folder(url, slug)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        # In no file: what they encrypt is lost with the process.
        encryption = {os.urandom(4): os.urandom(32)}
        keyring = Keyring(os.urandom(32), encryption, folder / f"{_NAME}.key")
        yield f"sqlite+aiosqlite:///{folder / _NAME}.db", keyring
    finally:
        erase_rehearsal(url, slug)


def erase_rehearsal(url: str, slug: str) -> None:
    """Removes what a rehearsal of the petition has left; raises OSError where that fails."""
    folder = _folder(url, slug)
    # A folder that may not be looked at, as beside a server under systemd, has none of its own.
    if not os.path.isdir(folder):  # noqa: PTH112 - the method raises PermissionError
        return
    for file in folder.glob(f"{_NAME}.*"):
        file.unlink()
    with suppress(OSError):  # what somebody else put there stays
        folder.rmdir()


def _folder(url: str, slug: str) -> Path:
    """Returns the folder: beside a database that is a file, or where one would be by default."""
    return (data_folder(url) or default_data_folder()) / f"{_NAME}-{slug}"
