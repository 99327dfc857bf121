"""Each case of damaged data is logged; the admins are told of the first in each column."""

import asyncio
from typing import cast

import pytest
from structlog.testing import capture_logs

from handlers import admin_notices
from handlers.admin_notices import DamageReporter, Notice
from handlers.context import Services
from storage.errors import BrokenData


class Nobody:
    """A bot's services whose database and key have no damage to tell of."""

    @property
    def keyring(self) -> "Nobody":
        return self


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The columns of which the admins are told."""
    told = list[str]()

    async def tell(_: Services, notice: Notice) -> None:
        told.append(notice.about)

    monkeypatch.setattr(admin_notices, "tell_admins", tell)
    return told


@pytest.fixture
async def reporter(told: list[str]) -> DamageReporter:
    return DamageReporter(cast(Services, Nobody()))


async def note(reporter: DamageReporter, *columns: str | None) -> None:
    for column in columns:
        reporter.report(BrokenData("Ana García", where=column))
    for _ in range(3):
        await asyncio.sleep(0)


async def test_each_is_logged_with_its_place_and_no_words(reporter: DamageReporter) -> None:
    with capture_logs() as logs:
        await note(reporter, "signatures.name_sealed", "signatures.name_sealed", None)
    assert [(line["event"], line["log_level"], line["column"]) for line in logs] == [
        ("data_damaged", "critical", "signatures.name_sealed"),
        ("data_damaged", "critical", "signatures.name_sealed"),
        ("data_damaged", "critical", None),
    ]
    assert all(isinstance(line["exc_info"], BrokenData) for line in logs)
    assert "Ana" not in str([{**line, "exc_info": None} for line in logs])


async def test_admins_are_told_of_each_column_once(
    reporter: DamageReporter, told: list[str]
) -> None:
    await note(reporter, "a", "a")
    await note(reporter, "a", None)
    assert told == ["a", ""]
    await note(reporter, "b", None, "a")
    assert told == ["a", "", "b"]


async def test_what_is_reported_twice_is_one(reporter: DamageReporter) -> None:
    error = BrokenData(where="a")
    with capture_logs() as logs:
        for _ in range(2):
            reporter.report(error)
        await asyncio.sleep(0)
    assert len(logs) == 1
