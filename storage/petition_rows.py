"""What the classes of a noun have in common: they read and write one petition's rows."""

from storage.database import Database, Row, Statement, Value
from storage.keyring import Keyring


class PetitionRows:
    """Runs statements for one petition, whose slug each of them finds as `:petition`."""

    def __init__(self, database: Database, slug: str, keyring: Keyring) -> None:
        self._database = database
        self._slug = slug
        self._keyring = keyring

    async def _read(self, sql: str, **values: Value) -> list[Row]:
        return await self._database.read(self._statement(sql, **values))

    async def _write(self, sql: str, **values: Value) -> None:
        await self._database.write(self._statement(sql, **values))

    def _statement(self, sql: str, **values: Value) -> Statement:
        return Statement(sql, {"petition": self._slug, **values})
