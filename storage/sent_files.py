"""Files with a person's data that the bot sent into their chat. New queries go here.

A file becomes due when what it holds is erased or replaced. Its row lasts until the file is gone
from the chat, so that a restart or an outage forgets none, but no longer than `TRIED_FOR`; what
retention erases is tried once.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, exists, select

from storage.petition_rows import PetitionRows, as_read, as_write
from storage.tables import SENT_FILES, SIGNATURES
from storage.times import to_millis
from storage.transaction import Transaction

TRIED_FOR = timedelta(days=30)
"""For so long it is tried to remove a file, from the first look that could not."""

# What `due` holds until then; later it is since when it was tried, in milliseconds.
_DUE_NOW = 1
AT_ONCE_OR_NEVER = 2
"""What it holds where the row must not last for longer than the next look."""

_DUE = SENT_FILES.c.due


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file to be erased; `chat_id` is None if it cannot be decrypted."""

    supporter: bytes
    message_id: int
    chat_id: int | None = field(repr=False)


def add_file(
    tx: Transaction, supporter: bytes, *, chat_id: int, message_id: int, at: datetime
) -> None:
    """Stores that a file was sent; those sent to the same person before become due."""
    make_files_due(tx, supporter)
    chat = tx.seal(chat_id, SENT_FILES.c.chat_sealed, supporter)
    row = {"supporter": supporter, "message_id": message_id, "chat_sealed": chat}
    tx.add(SENT_FILES, **row, sent_at=at, due=0)


def make_files_due(tx: Transaction, supporter: bytes) -> None:
    """Makes all files of a person due."""
    tx.set(SENT_FILES, SENT_FILES.c.supporter == supporter, _DUE == 0, due=_DUE_NOW)


def files_due_of(tx: Transaction, supporter: bytes) -> list[SentFile]:
    """Returns the files of a person that are to be erased."""
    return _due(tx, SENT_FILES.c.supporter == supporter)


def files_due(tx: Transaction) -> list[SentFile]:
    """Returns the files of everybody that are to be erased, oldest first."""
    return _due(tx)


def expire_files(tx: Transaction, before: datetime) -> None:
    """Makes files due that were sent until `before` to people who have not signed.

    Without a signature, what was filled in is forgotten by then too.
    """
    signed = exists().where(
        SIGNATURES.c.petition == SENT_FILES.c.petition,
        SIGNATURES.c.supporter == SENT_FILES.c.supporter,
    )
    tx.set(SENT_FILES, _DUE == 0, SENT_FILES.c.sent_at <= before, ~signed, due=_DUE_NOW)


def give_up_files(tx: Transaction, now: datetime) -> int:
    """Notes which files were tried and stay; erases the rows of those that were for too long.

    Returns:
        How many files are left to their chats.
    """
    given_up = tx.delete(SENT_FILES, _DUE > _DUE_NOW, to_millis(now - TRIED_FOR) >= _DUE)
    tx.set(SENT_FILES, _DUE == _DUE_NOW, due=to_millis(now))
    return given_up


def forget_file(tx: Transaction, file: SentFile) -> None:
    """Erases the row of a file that is gone from the chat, or out of reach."""
    columns = SENT_FILES.c
    tx.delete(
        SENT_FILES, columns.supporter == file.supporter, columns.message_id == file.message_id
    )


class SentFiles(PetitionRows):
    """The files of one petition's people, keyed by the supporter's reference."""

    add = as_write(add_file)
    make_due = as_write(make_files_due)
    due_of = as_read(files_due_of)
    due = as_read(files_due)
    expire = as_write(expire_files)
    give_up = as_write(give_up_files)
    forget = as_write(forget_file)


def _due(tx: Transaction, *conditions: ColumnElement[bool]) -> list[SentFile]:
    query = select(SENT_FILES).where(tx.of(SENT_FILES), _DUE > 0, *conditions)
    return [
        SentFile(
            row.supporter,
            row.message_id,
            tx.opened_id(row.chat_sealed, SENT_FILES.c.chat_sealed, row.supporter),
        )
        for row in tx.all(query.order_by(SENT_FILES.c.sent_at))
    ]
