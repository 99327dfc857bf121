"""Helpers for the tests of the command line: changes to the petition, and typed commands."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, ParamSpec, TypeVar

import pytest
from typer.testing import CliRunner, Result

from bot.cli.main import app
from storage import Storage, open_storage
from storage.broadcast_transitions import begin_broadcast, change_broadcast, finish_broadcast
from storage.broadcast_types import Broadcast, BroadcastAction, Outcome
from storage.broadcasts import broadcast_with
from storage.database import SqliteAddress, parse_address
from storage.deliveries import record_results
from storage.keyring import Keyring
from storage.leases import take_over
from storage.private_files import locked_file
from storage.transaction import Work
from tests.support.audit_entries import AuditEntry, newest_audit_entries
from tests.support.broadcasts import ME, claim, queued, results, start
from tests.support.raw_sql import Rows, write_sql
from tests.support.supporters import ADMIN, Supporters

P = ParamSpec("P")
R = TypeVar("R")
SIGNERS = 6

on_both = pytest.mark.parametrize("kind", ["sqlite", "postgres"], indirect=True)
# Nothing of this may ever be printed.
CONTENT = {"es": "canario: <b>Gracias</b>", "en": "canary: <b>Thank you</b>"}


class TelegramDate:
    """A server whose date is `days_ahead` of the machine's; None: it is away."""

    days_ahead: int | None = 0


@dataclass
class PetitionDatabase:
    """The petition as its database has it, and `petition-bot broadcasts` beside it."""

    url: str
    keyring: Keyring
    _bot: ExitStack = field(default_factory=ExitStack, init=False)

    def open(self) -> None:
        """People sign, and the petition is closed."""

        self.people(lambda people: people.set_closed(True))
        self.people(lambda people: people.sign(range(1, SIGNERS + 1)))

    def do(self, work: Callable[[Storage], Awaitable[R]]) -> R:
        """Works on the storage as the bot would."""

        async def done() -> R:
            storage = await open_storage(self.url, self.keyring, "andry")
            try:
                return await work(storage)
            finally:
                await storage.close()

        return asyncio.run(done())

    def people(self, work: Callable[[Supporters], Awaitable[R]]) -> R:
        """Something happens to those who signed."""
        return self.do(lambda storage: work(Supporters(storage.database, self.keyring)))

    def supporter(self, number: int) -> bytes:
        """The reference of who signed as this number."""
        return self.keyring.reference("andry", 1000 + number)

    def read(self, work: Work[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Reads as the bot would."""
        return self.do(lambda storage: storage.read(work, *args, **kwargs))

    def write(self, work: Work[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Writes as the bot would."""
        return self.do(lambda storage: storage.write(work, *args, **kwargs))

    def sql(self, sql: str, **values: Any) -> Rows:
        """Runs a statement of SQL; returns its rows."""
        return self.do(lambda storage: write_sql(storage.database, sql, **values))

    def begins(self, key: bytes | None = None, **changes: Any) -> Broadcast:
        """An admin confirms one; every recipient has a row unless it is for later."""

        async def begun(storage: Storage) -> Broadcast:
            asked = {"at": datetime.now(UTC), "content": CONTENT} | changes
            broadcast = await start(storage, key, **asked)
            assert isinstance(broadcast, Broadcast)
            if broadcast.starts_at is not None:
                return broadcast
            await self._attend(storage)
            return await queued(storage, broadcast)

        return self.do(begun)

    def approves(self, broadcast: Broadcast) -> Broadcast:
        """Another admin approves one; it begins, and every recipient has a row."""

        async def approved(storage: Storage) -> Broadcast:
            approve, now = BroadcastAction.APPROVE, datetime.now(UTC)
            agreed = await storage.write(change_broadcast, approve, broadcast.id, ADMIN + 1, now)
            assert agreed is not None
            await self._attend(storage)
            return await queued(
                storage, await storage.write(begin_broadcast, agreed, datetime.now(UTC))
            )

        return self.do(approved)

    def tells(self, broadcast: Broadcast, people: int, outcome: Outcome) -> None:
        """The bot sends it to some, and it turns out like that."""

        async def told(storage: Storage) -> None:
            await self._attend(storage)
            now = datetime.now(UTC)
            taken = await claim(storage, broadcast, limit=people, at=now)
            assert len(taken) == people
            found = [replace(each, messages=(7,)) for each in results(taken, outcome)]
            await storage.write(record_results, broadcast.id, found, now)
            await storage.write(finish_broadcast, broadcast.id, now)

        self.do(told)

    def is_attended(self) -> None:
        """A bot runs for it."""
        self.do(self._attend)

    def is_left_alone(self) -> None:
        """The bot goes away in good order."""
        self._bot.close()
        self.sql("DELETE FROM leases")

    def now(self, broadcast: Broadcast) -> Broadcast:
        """What became of it."""
        found = self.read(broadcast_with, broadcast.id)
        assert found is not None
        return found

    def audited(self) -> list[AuditEntry]:
        """Who did what, newest first."""
        return self.read(newest_audit_entries, limit=20)

    async def _attend(self, storage: Storage) -> None:
        await storage.write(take_over, ME, datetime.now(UTC) + timedelta(minutes=1))
        address = parse_address(self.url)
        if isinstance(address, SqliteAddress):
            self._bot.close()
            lock = address.path.with_name(f"{address.path.name}-intake%2Fandry.lock")
            self._bot.enter_context(locked_file(lock, waits=False))


def command(*arguments: str, typed: str = "") -> Result:
    """What a person types behind `petition-bot`."""
    return CliRunner().invoke(app, arguments, input=typed)


call = partial(command, "broadcasts")


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
