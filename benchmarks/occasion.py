"""One run of the benchmarks: how thorough it is, and what its parts share."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.signatories import KEY, gather_signatures, reopen, url_of
from storage import Keyring


@dataclass(frozen=True, slots=True)
class Occasion:
    """How often and with how many, and a folder that goes when it is over.

    Attributes:
        runs: of what is compared.
        quick: few and short, for a look; nothing of it is worth keeping.
        folder: where databases are made.
    """

    runs: int
    quick: bool
    folder: Path
    _petitions: dict[int, Path] = field(default_factory=dict)

    @contextmanager
    def empty_folder(self) -> Iterator[Path]:
        """A folder for one child."""
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            yield Path(folder)

    @asynccontextmanager
    async def petition(self, people: int, *, closed: bool = True) -> AsyncIterator[Path]:
        """A folder with the database and the key of a petition that so many signed.

        They are gathered once and copied for everyone who asks.
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
