"""Conversations: each person's stage and what is on their screen. New queries go here.

A row is written only over the version that was read, so when two processes answer the same
person at once, one of them has to read again. A row of version 0 holds only what is on screen,
and counts as no conversation.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from storage.database import FOR_UPDATE, SKIP_LOCKED, Row, Statement
from storage.errors import ConversationMoved
from storage.petition_rows import PetitionRows
from storage.times import from_millis, to_millis

_FIRST_STAGE = "home"

# The column had this name when digests were first stored. It is part of what the key signs, so
# with another one no stored digest would match, and every screen would be edited once in vain.
_DIGEST_LABEL = "shown"

# Columns that hold what the attribute of the same name does; the others are converted.
_AS_THEY_ARE = (
    *("stage", "page", "return_stage", "language", "source"),
    *("message_id", "picture_id", "screen_digest", "version", "notice"),
)
_COLUMNS = (
    *_AS_THEY_ARE,
    *("name_sealed", "news", "updates", "with_name", "form_started_at"),
    *("name_message_ids", "updated_at"),
)

_GET = f"""
SELECT supporter, {", ".join(_COLUMNS)} FROM conversations
WHERE petition = :petition AND supporter = :supporter
"""  # noqa: S608 - constants of this file

_LOCK = f"""
SELECT version FROM conversations
WHERE petition = :petition AND supporter = :supporter {FOR_UPDATE}
"""  # noqa: S608 - a constant

_FIRST = f"""
INSERT INTO conversations (petition, supporter, {", ".join(_COLUMNS)})
VALUES (:petition, :supporter, {", ".join(f":{column}" for column in _COLUMNS)})
ON CONFLICT (petition, supporter)
DO UPDATE SET {", ".join(f"{column} = excluded.{column}" for column in _COLUMNS)}
WHERE conversations.version = 0
RETURNING version
"""  # noqa: S608 - constants of this file

_NEXT = f"""
UPDATE conversations SET {", ".join(f"{column} = :{column}" for column in _COLUMNS)}
WHERE petition = :petition AND supporter = :supporter AND version = :was
RETURNING version
"""  # noqa: S608 - constants of this file

_SET_SCREEN = """
INSERT INTO conversations (
  petition, supporter, stage, page, news, name_message_ids, version, updated_at,
  message_id, screen_digest
)
VALUES (:petition, :supporter, :stage, 0, 0, '[]', 0, 0, :message_id, :screen_digest)
ON CONFLICT (petition, supporter) DO UPDATE SET
  message_id = excluded.message_id,
  screen_digest = excluded.screen_digest
"""

_SET_PICTURE = """
UPDATE conversations SET picture_id = :picture_id
WHERE petition = :petition AND supporter = :supporter
"""

_CLEAR_NAME_MESSAGES = """
UPDATE conversations SET name_message_ids = '[]'
WHERE petition = :petition AND supporter = :supporter AND name_message_ids = :ids
"""


# What was filled in, and by which link they came; an index in `tables.py` has this condition.
_FILLED_IN = (
    "(name_sealed IS NOT NULL OR name_message_ids <> '[]' OR news <> 0 OR updates <> 0"
    " OR source IS NOT NULL OR form_started_at IS NOT NULL)"
)

_UNSIGNED = """
SELECT COUNT(*) AS people FROM conversations c
WHERE c.petition = :petition AND c.name_sealed IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM signatures s WHERE s.petition = c.petition AND s.supporter = c.supporter
)
"""

# The stage and the version stay, so that an old button leads to the first choice. Rows that are
# being written are skipped. MATERIALIZED, or PostgreSQL may take more rows than asked.
_FORGET_FORMS = f"""
WITH turn AS MATERIALIZED (
  SELECT supporter FROM conversations
  WHERE petition = :petition AND updated_at <= :before AND {_FILLED_IN}
  ORDER BY updated_at
  LIMIT CAST(:limit AS BIGINT)
  {SKIP_LOCKED}
)
UPDATE conversations SET name_sealed = NULL, name_message_ids = '[]', news = 0, updates = 0,
  with_name = NULL, form_started_at = NULL, notice = NULL, source = NULL, screen_digest = NULL
WHERE petition = :petition AND supporter IN (SELECT supporter FROM turn)
RETURNING supporter
"""  # noqa: S608 - constants of this file


EMPTY_FORM: Mapping[str, object] = MappingProxyType(
    {
        **{"name": None, "news": False, "updates": False, "with_name": None},
        **{"form_started_at": None, "notice": None},
    }
)
"""The attributes of a conversation that the form fills in, as they are outside of it."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """One person's stage in the petition, with what they have filled in so far.

    Attributes:
        with_name: whether the signature is to be handed over with the name; None: not chosen yet.
        form_started_at: when the form was begun.
        notice: the mark of the privacy notice that was shown with that.
        is_damaged: whether a name is stored that cannot be decrypted.
        updated_at: when it was written last; None of one that was not read.
    """

    supporter: bytes
    stage: str = _FIRST_STAGE
    page: int = 0
    return_stage: str | None = None
    language: str | None = None
    name: str | None = field(default=None, repr=False)
    news: bool = False
    updates: bool = False
    with_name: bool | None = None
    form_started_at: datetime | None = None
    notice: str | None = None
    source: str | None = None
    message_id: int | None = None
    picture_id: int | None = None
    name_message_ids: tuple[int, ...] = ()
    screen_digest: bytes | None = None
    version: int = 0
    is_damaged: bool = field(default=False, compare=False)
    updated_at: datetime | None = field(default=None, compare=False)


class Conversations(PetitionRows):
    """The conversations of one petition, keyed by the supporter's reference."""

    async def get(self, supporter: bytes) -> Conversation | None:
        """Returns a supporter's conversation, or None if there is none."""
        rows = await self._read(_GET, supporter=supporter)
        return self._conversation(rows[0]) if rows else None

    async def save(self, conversation: Conversation, *, was: int | None, at: datetime) -> None:
        """Writes a conversation over the version that was read (None or 0: there was none).

        Raises:
            ConversationMoved: it was written since by somebody else.
        """
        rows = await self._database.write(self.saving(conversation, was=was, at=at))
        if not rows[0]:
            raise ConversationMoved

    def saving(self, conversation: Conversation, *, was: int | None, at: datetime) -> Statement:
        """Returns the statement of `save` for a transaction; it yields no row if it moved."""
        supporter, name = conversation.supporter, conversation.name
        with_name, sealed = conversation.with_name, None
        if name is not None:
            sealed = self._sealed(name, "conversations", "name_sealed", supporter)
        return self._statement(
            _NEXT if was else _FIRST,
            was=was,
            supporter=supporter,
            **{column: getattr(conversation, column) for column in _AS_THEY_ARE},
            name_sealed=sealed,
            news=int(conversation.news),
            updates=int(conversation.updates),
            with_name=None if with_name is None else int(with_name),
            form_started_at=to_millis(conversation.form_started_at),
            name_message_ids=json.dumps(conversation.name_message_ids),
            updated_at=to_millis(at),
        )

    def digest(self, supporter: bytes, drawn: bytes) -> bytes:
        """Returns the digest that is stored of someone's screen.

        A screen can show a name. Without the key, no name can be found by trying, and two people
        with the same screen have different digests.
        """
        return self._keyring.digest(
            drawn, table="conversations", column=_DIGEST_LABEL, row=supporter
        )

    async def set_screen(
        self, supporter: bytes, *, message_id: int | None, screen_digest: bytes | None
    ) -> None:
        """Stores what is on someone's screen; their stage and version stay as they are."""
        await self._write(
            _SET_SCREEN,
            supporter=supporter,
            stage=_FIRST_STAGE,
            message_id=message_id,
            screen_digest=screen_digest,
        )

    async def set_picture(self, supporter: bytes, message_id: int) -> None:
        """Stores that someone has had the picture; 0 when it may have come, without a number."""
        await self._write(_SET_PICTURE, supporter=supporter, picture_id=message_id)

    async def unsigned(self) -> int:
        """Returns how many people's name is stored who have not signed; their chat is not."""
        return int((await self._read(_UNSIGNED))[0]["people"])

    async def clear_name_messages(self, supporter: bytes, ids: tuple[int, ...]) -> None:
        """Records that these messages were deleted; changes nothing if more came meanwhile."""
        await self._write(_CLEAR_NAME_MESSAGES, supporter=supporter, ids=json.dumps(ids))

    async def forget_forms(self, before: datetime, *, limit: int) -> int:
        """Erases what at most `limit` people filled in and have not touched since `before`.

        A signer loses nothing by it: the signature has its own name and source.

        Returns:
            The number of people; fewer than `limit` when nobody is left.
        """
        return len(await self._write(_FORGET_FORMS, before=to_millis(before), limit=limit))

    def _conversation(self, row: Row) -> Conversation:
        name = self._opened(row, "conversations", "name_sealed", row["supporter"])
        return Conversation(
            supporter=row["supporter"],
            **{column: row[column] for column in _AS_THEY_ARE},
            name=name,
            news=bool(row["news"]),
            updates=bool(row["updates"]),
            with_name=None if row["with_name"] is None else bool(row["with_name"]),
            form_started_at=from_millis(row["form_started_at"]),
            name_message_ids=tuple(json.loads(row["name_message_ids"])),
            is_damaged=name is None and row["name_sealed"] is not None,
            updated_at=from_millis(row["updated_at"]),
        )


def lock_conversation(slug: str, supporter: bytes) -> Statement:
    """Returns the statement that locks a conversation, behind the petition."""
    return Statement(_LOCK, {"petition": slug, "supporter": supporter})
