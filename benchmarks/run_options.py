"""The options and the shared data of one run of the benchmarks."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.signed_database import KEY, gather_signatures, reopen, url_of
from storage.keyring import Keyring


@dataclass(frozen=True, slots=True)
class RunOptions:
    """The options of one run of the benchmarks, and its temporary folder.

    Attributes:
        runs: how often each comparison is repeated.
        quick: whether runs are few and short; such figures are not worth keeping.
        folder: the folder for databases.
    """

    runs: int
    quick: bool
    folder: Path
    _petitions: dict[int, Path] = field(default_factory=dict)

    @contextmanager
    def empty_folder(self) -> Iterator[Path]:
        """Yields an empty folder, for one child."""
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            yield Path(folder)

    @asynccontextmanager
    async def petition(self, people: int, *, closed: bool = True) -> AsyncIterator[Path]:
        """Yields a folder with the database and the key of a petition with `people` signatures.

        The signatures are made once for each number and then copied.
        """
        made = self._petitions.get(people)
        if made is None:
            made = self.folder / f"signed-by-{people}"
            made.mkdir(mode=0o700)
            await gather_signatures(url_of(made), Keyring.generate(made / KEY), people)
            self._petitions[people] = made
        with self.empty_folder() as folder:
            for file in made.iterdir():
                shutil.copy2(file, folder)
            if not closed:
                await reopen(url_of(folder), Keyring.load(folder / KEY))
            yield folder
