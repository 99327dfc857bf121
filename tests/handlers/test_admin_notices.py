"""Each case of damaged data is logged; the admins are told of the first in each column."""

import asyncio
from types import SimpleNamespace
from typing import cast

from bot.back_off import BackOff, Retries
from handlers.admin_notices import report_damage
from handlers.context import Services
from storage.errors import BrokenData


class Damaged:
    """A bot's services, as far as damage is told of, and who is told of it."""

    def __init__(self) -> None:
        self.keyring = SimpleNamespace()
        self.services = SimpleNamespace(
            keyring=self.keyring,
            admins=frozenset({1}),
            owed_notices={},
            notice_retries=Retries(BackOff(1)),
            notices_came=asyncio.Event(),
        )
        report_damage(cast(Services, self.services))

    async def found(self, *columns: str | None) -> None:
        for column in columns:
            self.keyring.on_damage(BrokenData("Ana García", where=column))
        await asyncio.sleep(0)

    @property
    def told(self) -> list[str]:
        """The columns of which the admins are told."""
        return [about for _, about in self.services.owed_notices]


async def test_admins_are_told_of_each_column_once() -> None:
    damaged = Damaged()
    await damaged.found("a", "a")
    await damaged.found("a", None)
    assert damaged.told == ["a", ""]
    await damaged.found("b", None, "a")
    assert damaged.told == ["a", "", "b"]
