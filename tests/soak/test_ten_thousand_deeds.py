"""Twenty petitions live through five hundred deeds each, and twenty through five hundred others.

Of the first what is told of the count stays true, of the others whom their broadcasts reach.
"""

import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from storage.database import Database
from storage.keyring import Keyring
from tests.storage.test_count import DEEDS, lived
from tests.support import broadcast_life

LIVES, DEEDS_EACH = 20, 500


@pytest.fixture
def copy_url(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A second database, for the backup to be put back."""
    if kind == "sqlite":
        copied = shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path)
        yield f"sqlite+aiosqlite:///{copied}"
        return
    server = request.getfixturevalue("postgres_server")
    url = server.migrated()
    yield url
    server.take_back(url)


@pytest.mark.parametrize("seed", range(LIVES))
async def test_after_any_deeds_the_count_and_the_lists_say_the_same(
    seed: int, database_url: str, copy_url: str, tmp_path: Path, tell: Callable[[str], None]
) -> None:
    drawn = random.Random(seed)  # noqa: S311 - repeatable, not secret
    deeds = [(drawn.choice(DEEDS), drawn.randint(1, 6)) for _ in range(DEEDS_EACH)]
    await lived(database_url, copy_url, tmp_path / "petition.key", deeds)
    tell(f"{DEEDS_EACH} deeds, seed {seed}")


@pytest.mark.parametrize("seed", range(LIVES))
async def test_whatever_happens_everybody_is_sent_what_the_plain_model_says(
    seed: int, database: Database, keyring: Keyring, tell: Callable[[str], None]
) -> None:
    drawn = random.Random(seed)  # noqa: S311 - repeatable, not secret
    deeds = [
        (drawn.choice(broadcast_life.DEEDS), drawn.randint(1, broadcast_life.PEOPLE))
        for _ in range(DEEDS_EACH)
    ]
    await broadcast_life.lived(database, keyring, deeds)
    tell(f"{DEEDS_EACH} deeds, seed {seed}")
