"""Files with a person's data that the bot sent into their chat. New queries go here.

A file becomes due when what it holds is erased or replaced. Its row lasts until the file is gone
from the chat, so that a restart or an outage forgets none.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from storage.audit import ALWAYS
from storage.database import Database, Row, Statement, Value
from storage.keyring import Keyring
from storage.times import to_millis

_PERSON = "petition = :petition AND supporter = :supporter"

_ADD = """
INSERT INTO sent_files (petition, supporter, message_id, chat_sealed, sent_at, due)
VALUES (:petition, :supporter, :message_id, :chat, :at, 0)
"""

_ALL_DUE = f"UPDATE sent_files SET due = 1 WHERE {_PERSON}"  # noqa: S608 - a constant

_DUE_OF = f"""
SELECT supporter, message_id, chat_sealed FROM sent_files WHERE {_PERSON} AND due = 1
"""  # noqa: S608 - a constant

_DUE = """
SELECT supporter, message_id, chat_sealed FROM sent_files
WHERE petition = :petition AND due = 1
ORDER BY sent_at
"""

# Without a signature, what was filled in is forgotten by then too.
_EXPIRE = """
UPDATE sent_files SET due = 1
WHERE petition = :petition AND due = 0 AND sent_at <= :before AND NOT EXISTS (
  SELECT 1 FROM signatures s
  WHERE s.petition = sent_files.petition AND s.supporter = sent_files.supporter
)
"""

_FORGET = f"DELETE FROM sent_files WHERE {_PERSON} AND message_id = :message_id"  # noqa: S608 - a constant


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file to be erased; `chat_id` is None if it cannot be decrypted."""

    supporter: bytes
    message_id: int
    chat_id: int | None = field(repr=False)


class SentFiles:
    """The files of one petition's people, keyed by the supporter's reference."""

    def __init__(self, database: Database, slug: str, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring
        self._slug = slug

    async def add(self, supporter: bytes, *, chat_id: int, message_id: int, at: datetime) -> None:
        """Stores that a file was sent; those sent to the same person before become due."""
        chat = self._keyring.seal(
            str(chat_id), table="sent_files", column="chat_sealed", row=supporter
        )
        sent: dict[str, Value] = {"message_id": message_id, "chat": chat, "at": to_millis(at)}
        await self._database.write(
            all_due(self._slug, supporter), Statement(_ADD, {**self._person(supporter), **sent})
        )

    async def make_due(self, supporter: bytes) -> None:
        """Makes all files of a person due."""
        await self._database.write(all_due(self._slug, supporter))

    async def due_of(self, supporter: bytes) -> Sequence[SentFile]:
        """Returns the files of a person that are to be erased."""
        return await self._files(Statement(_DUE_OF, self._person(supporter)))

    async def due(self) -> Sequence[SentFile]:
        """Returns the files of everybody that are to be erased, oldest first."""
        return await self._files(Statement(_DUE, {"petition": self._slug}))

    async def expire(self, before: datetime) -> None:
        """Makes files due that were sent until `before` to people who have not signed."""
        asked: dict[str, Value] = {"petition": self._slug, "before": to_millis(before)}
        await self._database.write(Statement(_EXPIRE, asked))

    async def forget(self, file: SentFile) -> None:
        """Erases the row of a file that is gone from the chat, or out of reach."""
        asked = {**self._person(file.supporter), "message_id": file.message_id}
        await self._database.write(Statement(_FORGET, asked))

    def _person(self, supporter: bytes) -> dict[str, Value]:
        return {"petition": self._slug, "supporter": supporter}

    async def _files(self, statement: Statement) -> Sequence[SentFile]:
        return [self._file(row) for row in await self._database.read(statement)]

    def _file(self, row: Row) -> SentFile:
        chat = self._keyring.open_if_whole(
            row["chat_sealed"], table="sent_files", column="chat_sealed", row=row["supporter"]
        )
        chat_id = None if chat is None else int(chat)
        return SentFile(row["supporter"], row["message_id"], chat_id)


def all_due(slug: str, supporter: bytes, only_if: Statement = ALWAYS) -> Statement:
    """Returns the statement that makes all files of a person due, for a transaction.

    Args:
        slug: the petition.
        supporter: the person.
        only_if: an SQL condition with its values.
    """
    values = {**only_if.values, "petition": slug, "supporter": supporter}
    return Statement(f"{_ALL_DUE} AND {only_if.sql}", values)
