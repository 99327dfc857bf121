"""Files with a person's data that the bot sent into their chat. New queries go here.

A file becomes due when what it holds is erased or replaced. Its row lasts until the file is gone
from the chat, so that a restart or an outage forgets none, but no longer than `TRIED_FOR`; what
retention erases is tried once.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import exists, select

from storage.tables import SENT_FILES, SIGNATURES
from storage.times import to_millis
from storage.transaction import Transaction

TRIED_FOR = timedelta(days=30)
"""For so long it is tried to remove a file, from the first look that could not."""

# What `due` holds until then; later it is since when it was tried, in milliseconds.
_DUE_NOW = 1
AT_ONCE_OR_NEVER = 2
"""What it holds where the row must not last for longer than the next look."""

_FILES = SENT_FILES.c


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file to be erased; `chat` is None if it cannot be decrypted."""

    supporter: bytes
    message_id: int
    chat: int | None = field(repr=False)


def add_sent_file(
    tx: Transaction, supporter: bytes, chat_id: int, message_id: int, at: datetime
) -> None:
    """Stores that a file was sent; those sent to the same person before become due."""
    make_files_due(tx, supporter)
    row = {"supporter": supporter, "message_id": message_id, "chat": chat_id}
    tx.add(SENT_FILES, **row, sent_at=at, due=0)


def make_files_due(tx: Transaction, supporter: bytes) -> None:
    """Makes all files of a person due."""
    tx.set(SENT_FILES, supporter, _FILES.due == 0, due=_DUE_NOW)


def files_due(tx: Transaction, supporter: bytes | None = None) -> list[SentFile]:
    """Returns the files that are to be erased, of everybody or of a person, oldest first."""
    columns = (_FILES.supporter, _FILES.message_id, _FILES.chat_sealed)
    query = select(*columns).where(tx.of(SENT_FILES), _FILES.due > 0).order_by(_FILES.sent_at)
    rows = tx.all(query if supporter is None else query.where(_FILES.supporter == supporter))
    return [SentFile(**tx.unsealed(SENT_FILES, row)) for row in rows]


def expire_files(tx: Transaction, before: datetime) -> None:
    """Makes files due that were sent until `before` to people who have not signed.

    Without a signature, what was filled in is forgotten by then too.
    """
    signed = exists().where(
        SIGNATURES.c.petition == _FILES.petition, SIGNATURES.c.supporter == _FILES.supporter
    )
    tx.set(SENT_FILES, _FILES.due == 0, _FILES.sent_at <= before, ~signed, due=_DUE_NOW)


def give_up_files(tx: Transaction, now: datetime) -> int:
    """Notes which files were tried and stay; erases and counts those tried for too long."""
    too_long_ago = _FILES.due <= to_millis(now - TRIED_FOR)
    given_up = tx.delete(SENT_FILES, _FILES.due > _DUE_NOW, too_long_ago)
    tx.set(SENT_FILES, _FILES.due == _DUE_NOW, due=to_millis(now))
    return given_up


def forget_sent_file(tx: Transaction, file: SentFile) -> None:
    """Erases the row of a file that is gone from the chat, or out of reach."""
    tx.delete(SENT_FILES, file.supporter, _FILES.message_id == file.message_id)
