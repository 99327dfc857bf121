"""What the classes of a noun have in common: they read and write one petition's rows."""

from storage.database import Database, Row, Statement, Value
from storage.journal_entries import Entry
from storage.keyring import Keyring


class PetitionRows:
    """Runs statements for one petition, whose slug each of them finds as `:petition`."""

    def __init__(self, database: Database, slug: str, keyring: Keyring) -> None:
        self._database = database
        self._slug = slug
        self._keyring = keyring

    async def _read(self, sql: str, **values: Value) -> list[Row]:
        return await self._database.read(self._statement(sql, **values))

    async def _write(self, sql: str, noted: Entry | None = None, /, **values: Value) -> list[Row]:
        """Runs one statement as a transaction; returns its rows."""
        return (await self._database.write(self._statement(sql, noted, **values)))[0]

    def _statement(self, sql: str, noted: Entry | None = None, /, **values: Value) -> Statement:
        return Statement(sql, {"petition": self._slug, **values}, noted)

    def _sealed(self, plain: str | int, table: str, column: str, key: bytes) -> bytes:
        return self._keyring.seal(str(plain), table=table, column=column, row=key)

    def _opened(self, row: Row, table: str, column: str, key: bytes) -> str | None:
        """Decrypts a column; None if it is empty or damaged."""
        return self._keyring.open_if_whole(row[column], table=table, column=column, row=key)

    def _opened_id(self, row: Row, table: str, column: str, key: bytes) -> int | None:
        """Decrypts the number of a person or a chat; None if it is missing or damaged."""
        opened = self._opened(row, table, column, key)
        return None if opened is None else int(opened)
