"""Tests that a running bot notices that its database was replaced."""

import asyncio
from pathlib import Path
from typing import cast

import pytest
from structlog.testing import capture_logs

from bot import database_watch
from bot.database_watch import DatabaseWatch
from bot.high_water_mark import HighWaterMark
from storage import Storage
from storage.errors import DatabaseReplaced, Unavailable
from storage.petitions import Reached


class Stored:
    """A storage whose files and last number are as the test says."""

    def __init__(self) -> None:
        self.number = 6
        self.replaced = False
        self.away = False
        self.database = self

    def require_files(self) -> None:
        if self.replaced:
            raise DatabaseReplaced

    async def read(self, _: object) -> Reached:
        if self.away:
            raise Unavailable
        return Reached(self.number)


def watch_of(stored: Stored, mark: HighWaterMark) -> DatabaseWatch:
    return DatabaseWatch(cast("Storage", stored), mark)


def number_in(mark: HighWaterMark) -> int:
    return int(mark.path.read_text().split()[0])


@pytest.fixture
def mark(tmp_path: Path) -> HighWaterMark:
    (tmp_path / "keys").mkdir()
    url = f"sqlite+aiosqlite:///{tmp_path / 'petition.db'}"
    return HighWaterMark(tmp_path / "keys" / "petition.key", url, "andry")


async def test_many_looks_at_once_never_seem_to_go_back(mark: HighWaterMark) -> None:
    class Busy(Stored):
        async def read(self, _: object) -> Reached:
            """The earlier it is asked for, the longer it takes to arrive."""
            self.number += 1
            number = self.number
            await asyncio.sleep(0.1 / number)
            return Reached(number)

    stored = Busy()
    watch = watch_of(stored, mark)
    await asyncio.gather(*[watch.look() for _ in range(10)])
    assert number_in(mark) == stored.number


async def test_other_files_end_it(mark: HighWaterMark, monkeypatch: pytest.MonkeyPatch) -> None:
    assert database_watch.LOOK_SECONDS == 1.0
    monkeypatch.setattr(database_watch, "LOOK_SECONDS", 0.001)
    stored = Stored()
    watching = asyncio.create_task(watch_of(stored, mark).run())
    await asyncio.sleep(0.02)
    assert not watching.done()
    stored.replaced = True
    with pytest.raises(DatabaseReplaced):
        await asyncio.wait_for(watching, 5)


async def test_a_database_that_is_away_is_looked_at_again(mark: HighWaterMark) -> None:
    stored = Stored()
    stored.away = True
    watch = watch_of(stored, mark)
    await watch.look()
    assert not mark.path.exists()
    stored.away = False
    await watch.look()
    assert number_in(mark) == 6


async def test_a_mark_that_cannot_be_kept_is_said_once(
    mark: HighWaterMark, tmp_path: Path
) -> None:
    stored = Stored()
    watch = watch_of(stored, mark)
    with capture_logs() as logs:
        for said in (1, 2):
            (tmp_path / "keys").rename(tmp_path / "away")
            for _ in range(2):
                await watch.look()
                assert len(logs) == said
            (tmp_path / "away").rename(tmp_path / "keys")
            stored.number += 1
            await watch.look()
            assert number_in(mark) == stored.number
            stored.number += 1
    assert [(line["event"], line["kind"]) for line in logs] == [
        ("high_water_mark_not_saved", "FileNotFoundError")
    ] * 2
