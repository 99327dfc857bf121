"""Where the data of a rehearsal are: apart from the petition's, and gone when it ends.

The database, and what else lies beside a key, are in a folder of their own. The keys are in no
file, so the names of a rehearsal that was killed can be read by nobody; the next start of the
petition's bot removes what it left.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bot.file_locations import default_data_folder
from storage import Keyring, data_folder

_NAME = "rehearsal"


@contextmanager
def rehearsal_data(url: str, slug: str) -> Iterator[tuple[str, Keyring]]:
    """Yields the address of an empty database and new keys; nothing is left after the block.

    Whoever calls it holds the process lock of the petition.

    Args:
        url: the address of the petition's own database.
        slug: the petition's short name.

    Raises:
        OSError: the folder cannot be made or emptied.
    """
    folder = _folder(url, slug)
    folder.mkdir(mode=0o700, parents=True)
    try:
        yield (
            f"sqlite+aiosqlite:///{folder / _NAME}.db",
            Keyring.in_memory(folder / f"{_NAME}.key"),
        )
    finally:
        erase_rehearsal(url, slug)


def erase_rehearsal(url: str, slug: str) -> None:
    """Removes what a rehearsal of the petition has left; raises OSError where that fails."""
    folder = _folder(url, slug)
    for file in folder.glob(f"{_NAME}.*"):
        file.unlink()
    with suppress(FileNotFoundError):
        folder.rmdir()


def _folder(url: str, slug: str) -> Path:
    """Returns the folder: beside a database that is a file, or where one would be by default."""
    return (data_folder(url) or default_data_folder()) / f"{_NAME}-{slug}"
