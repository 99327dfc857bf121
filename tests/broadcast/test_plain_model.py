"""Whatever people, admins and kills do, everybody is sent what a plain model says."""

import asyncio
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from storage.database import open_database
from storage.keyring import Keyring
from tests.support.accelerated_loop import LoopOfTests
from tests.support.broadcast_life import DEEDS, PEOPLE, lived

_deeds = st.tuples(st.sampled_from(DEEDS), st.integers(1, PEOPLE))


async def _lived(template: Path, folder: Path, deeds: Sequence[tuple[str, int]]) -> None:
    keyring = Keyring.generate(folder / "petition.key")
    database = await open_database(f"sqlite+aiosqlite:///{shutil.copy(template, folder)}")
    try:
        await lived(database, keyring, deeds)
    finally:
        await database.close()


@settings(max_examples=5)
@given(st.lists(_deeds, min_size=10, max_size=40))
def test_whatever_happens_everybody_is_sent_what_the_plain_model_says(
    sqlite_template: Path, deeds: list[tuple[str, int]]
) -> None:
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner(loop_factory=LoopOfTests) as loop:
        loop.run(_lived(sqlite_template, Path(folder), deeds))
