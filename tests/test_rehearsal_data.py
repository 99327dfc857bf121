"""Tests that a rehearsal's data are apart from the petition's, and none of them is left."""

import asyncio
import stat
from pathlib import Path

import pytest

from bot.rehearsal_data import erase_rehearsal, rehearsal_data
from storage import open_storage
from storage.keyring import Keyring
from storage.migrate import migrate


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite+aiosqlite:///{tmp_path / 'petition.db'}"


def test_all_of_it_is_in_a_folder_of_its_own_and_gone_at_the_end(url: str, tmp_path: Path) -> None:
    (tmp_path / "petition.db").write_bytes(b"the petition's")
    with rehearsal_data(url, "andry") as (its_url, keyring):
        asyncio.run(begun(its_url, keyring))
        (folder,) = (each for each in tmp_path.iterdir() if each.is_dir())
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert len(list(folder.iterdir())) >= 2  # the database, and the journal
        assert not keyring.path.exists()
    assert [each.name for each in tmp_path.iterdir()] == ["petition.db"]
    assert (tmp_path / "petition.db").read_bytes() == b"the petition's"


async def begun(url: str, keyring: Keyring) -> None:
    await migrate(url)
    await (await open_storage(url, keyring, "andry-rehearsal")).close()


def test_what_a_killed_one_left_goes_at_the_next_start(url: str, tmp_path: Path) -> None:
    for slug in ("andry", "river"):
        (tmp_path / f"rehearsal-{slug}").mkdir()
        (tmp_path / f"rehearsal-{slug}" / "rehearsal.db-wal").write_bytes(b"sealed names")
    erase_rehearsal(url, "andry")
    erase_rehearsal(url, "andry")  # where there was none
    assert [each.name for each in tmp_path.iterdir()] == ["rehearsal-river"]
