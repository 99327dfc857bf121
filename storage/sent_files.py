"""Files with a person's data that the bot sent into their chat. New queries go here.

A file becomes due when what it holds is erased or replaced. Its row lasts until the file is gone
from the chat, so that a restart or an outage forgets none, but no longer than `TRIED_FOR`; what
retention erases is tried once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from storage.audit import ALWAYS
from storage.database import Row, Statement
from storage.petition_rows import PetitionRows
from storage.times import to_millis

TRIED_FOR = timedelta(days=30)
"""For so long it is tried to remove a file, from the first look that could not."""

# What `due` holds until then; later it is since when it was tried, in milliseconds.
_DUE_NOW = 1
AT_ONCE_OR_NEVER = 2
"""What it holds where the row must not last for longer than the next look."""

_PERSON = "petition = :petition AND supporter = :supporter"

_ADD = """
INSERT INTO sent_files (petition, supporter, message_id, chat_sealed, sent_at, due)
VALUES (:petition, :supporter, :message_id, :chat, :at, 0)
"""

_ALL_DUE = f"UPDATE sent_files SET due = {_DUE_NOW} WHERE {_PERSON} AND due = 0"  # noqa: S608

_DUE_OF = f"""
SELECT supporter, message_id, chat_sealed FROM sent_files WHERE {_PERSON} AND due > 0
"""  # noqa: S608 - a constant

_DUE = """
SELECT supporter, message_id, chat_sealed FROM sent_files
WHERE petition = :petition AND due > 0
ORDER BY sent_at
"""

# Without a signature, what was filled in is forgotten by then too.
_EXPIRE = f"""
UPDATE sent_files SET due = {_DUE_NOW}
WHERE petition = :petition AND due = 0 AND sent_at <= :before AND NOT EXISTS (
  SELECT 1 FROM signatures s
  WHERE s.petition = sent_files.petition AND s.supporter = sent_files.supporter
)
"""  # noqa: S608 - a constant

_GIVE_UP = f"""
DELETE FROM sent_files
WHERE petition = :petition AND due > {_DUE_NOW} AND due <= CAST(:before AS BIGINT)
RETURNING message_id
"""  # noqa: S608 - a constant

_WERE_TRIED = f"""
UPDATE sent_files SET due = CAST(:now AS BIGINT) WHERE petition = :petition AND due = {_DUE_NOW}
"""  # noqa: S608 - a constant

_FORGET = f"DELETE FROM sent_files WHERE {_PERSON} AND message_id = :message_id"  # noqa: S608 - a constant


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file to be erased; `chat_id` is None if it cannot be decrypted."""

    supporter: bytes
    message_id: int
    chat_id: int | None = field(repr=False)


class SentFiles(PetitionRows):
    """The files of one petition's people, keyed by the supporter's reference."""

    async def add(self, supporter: bytes, *, chat_id: int, message_id: int, at: datetime) -> None:
        """Stores that a file was sent; those sent to the same person before become due."""
        adding = self._statement(
            _ADD,
            supporter=supporter,
            message_id=message_id,
            chat=self._sealed(chat_id, "sent_files", "chat_sealed", supporter),
            at=to_millis(at),
        )
        await self._database.write(all_due(self._slug, supporter), adding)

    async def make_due(self, supporter: bytes) -> None:
        """Makes all files of a person due."""
        await self._database.write(all_due(self._slug, supporter))

    async def due_of(self, supporter: bytes) -> Sequence[SentFile]:
        """Returns the files of a person that are to be erased."""
        return [self._file(row) for row in await self._read(_DUE_OF, supporter=supporter)]

    async def due(self) -> Sequence[SentFile]:
        """Returns the files of everybody that are to be erased, oldest first."""
        return [self._file(row) for row in await self._read(_DUE)]

    async def expire(self, before: datetime) -> None:
        """Makes files due that were sent until `before` to people who have not signed."""
        await self._write(_EXPIRE, before=to_millis(before))

    async def give_up(self, now: datetime) -> int:
        """Notes which files were tried and stay; erases the rows of those that were for too long.

        Returns:
            How many files are left to their chats.
        """
        given_up, _ = await self._database.write(
            self._statement(_GIVE_UP, before=to_millis(now - TRIED_FOR)),
            self._statement(_WERE_TRIED, now=to_millis(now)),
        )
        return len(given_up)

    async def forget(self, file: SentFile) -> None:
        """Erases the row of a file that is gone from the chat, or out of reach."""
        await self._write(_FORGET, supporter=file.supporter, message_id=file.message_id)

    def _file(self, row: Row) -> SentFile:
        chat_id = self._opened_id(row, "sent_files", "chat_sealed", row["supporter"])
        return SentFile(row["supporter"], row["message_id"], chat_id)


def all_due(slug: str, supporter: bytes, only_if: Statement = ALWAYS) -> Statement:
    """Returns the statement that makes all files of a person due, for a transaction."""
    values = {**only_if.values, "petition": slug, "supporter": supporter}
    return Statement(f"{_ALL_DUE} AND {only_if.sql}", values)
