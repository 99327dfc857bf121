"""Helpers for the tests of the command line: changes to the petition, and typed commands."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

import pytest
from typer.testing import CliRunner, Result

from bot.cli.main import app
from storage import AuditEntry, Broadcast, BroadcastAction, Keyring, Outcome, Storage, open_storage
from tests.support.broadcasts import ME, claim, queued, results, start
from tests.support.supporters import ADMIN, Supporters

R = TypeVar("R")
SIGNERS = 6

on_both = pytest.mark.parametrize("kind", ["sqlite", "postgres"], indirect=True)
# Nothing of this may ever be printed.
CONTENT = {"es": "canario: <b>Gracias</b>", "en": "canary: <b>Thank you</b>"}


class TelegramDate:
    """A server whose date is `days_ahead` of the machine's; None: it is away."""

    days_ahead: int | None = 0


@dataclass(frozen=True)
class PetitionDatabase:
    """The petition as its database has it, and `petition-bot broadcasts` beside it."""

    url: str
    keyring: Keyring

    def open(self) -> None:
        """People sign, and the petition is closed."""

        async def opened(storage: Storage) -> None:
            people = Supporters(storage.database, self.keyring)
            await people.set_closed(True)
            await people.sign(range(1, SIGNERS + 1))

        self.do(opened)

    def do(self, work: Callable[[Storage], Awaitable[R]]) -> R:
        """Works on the storage as the bot would."""

        async def done() -> R:
            storage = await open_storage(self.url, self.keyring, "andry")
            try:
                return await work(storage)
            finally:
                await storage.close()

        return asyncio.run(done())

    def begins(self, key: bytes | None = None, **changes: Any) -> Broadcast:
        """An admin confirms one; every recipient has a row unless it is for later."""

        async def begun(storage: Storage) -> Broadcast:
            asked = {"at": datetime.now(UTC), "content": CONTENT} | changes
            broadcast = await start(storage.broadcasts, key, **asked)
            assert isinstance(broadcast, Broadcast)
            if broadcast.starts_at is not None:
                return broadcast
            await self._attend(storage)
            return await queued(storage.broadcasts, broadcast)

        return self.do(begun)

    def approves(self, broadcast: Broadcast) -> Broadcast:
        """Another admin approves one; it begins, and every recipient has a row."""

        async def approved(storage: Storage) -> Broadcast:
            now, broadcasts = datetime.now(UTC), storage.broadcasts
            agreed = await broadcasts.change(BroadcastAction.APPROVE, broadcast.id, ADMIN + 1, now)
            assert agreed is not None
            await self._attend(storage)
            return await queued(broadcasts, await broadcasts.begin(agreed, datetime.now(UTC)))

        return self.do(approved)

    def tells(self, broadcast: Broadcast, people: int, outcome: Outcome) -> None:
        """The bot sends it to some, and it turns out like that."""

        async def told(storage: Storage) -> None:
            await self._attend(storage)
            now = datetime.now(UTC)
            taken = await claim(storage.broadcasts, broadcast, limit=people, at=now)
            assert len(taken) == people
            deliveries = storage.broadcasts.deliveries
            found = [replace(each, messages=(7,)) for each in results(taken, outcome)]
            await deliveries.record(broadcast.id, found, now)
            await storage.broadcasts.finish(broadcast.id, now)

        self.do(told)

    def is_left_alone(self) -> None:
        """The bot goes away in good order."""
        self.do(lambda storage: storage.leases.release(storage.broadcasts.lease, ME))

    def now(self, broadcast: Broadcast) -> Broadcast:
        """What became of it."""
        found = self.do(lambda storage: storage.broadcasts.get(broadcast.id))
        assert found is not None
        return found

    def audited(self) -> list[AuditEntry]:
        """Who did what, newest first."""
        return self.do(lambda storage: storage.audit.entries(limit=20))

    async def _attend(self, storage: Storage) -> None:
        now = datetime.now(UTC)
        assert await storage.leases.take(storage.broadcasts.lease, ME, seconds=60, now=now)


def call(*arguments: str, typed: str = "") -> Result:
    """What a person types behind `petition-bot broadcasts`."""
    return CliRunner().invoke(app, ["broadcasts", *arguments], input=typed)


def said(result: Result) -> str:
    """What came of a command that went well."""
    assert result.exit_code == 0, result.output
    return result.output


def refused(result: Result, code: int = 1) -> str:
    """The sentence of one that did not."""
    assert result.exit_code == code, result.output
    assert isinstance(result.exception, SystemExit), repr(result.exception)
    assert "Traceback" not in result.output
    return result.stderr


def data(result: Result) -> Any:
    """What a program reads."""
    return json.loads(said(result))
