"""Sentences to one person, written by the shell and sent by the running bot. New queries go here.

A row has the chat, encrypted, also of somebody whose signature is erased by then; so it lasts
until the sentence is sent, and for seven days at most.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from storage.audit import ALWAYS
from storage.database import Row, Statement
from storage.ids import rising_id
from storage.petition_rows import PetitionRows
from storage.times import to_millis

NOTICES_KEPT_FOR = timedelta(days=7)

MOST_TRIES = 2
"""What may have arrived is sent once more, as a broadcast is, and not a third time."""

_LOOKED_AT = 100

_ADD = """
INSERT INTO person_notices (id, petition, supporter, chat_sealed, language, kind, written_at)
SELECT :notice, :petition, :notice_supporter, :notice_chat, :notice_language, :notice_kind,
  :notice_at
WHERE {only_if}
"""

_WAITING = f"""
SELECT id, supporter, chat_sealed, language, kind, attempts FROM person_notices
WHERE petition = :petition ORDER BY written_at, id LIMIT {_LOOKED_AT}
"""  # noqa: S608 - a constant

# Nothing is returned for one that a withdrawal has erased meanwhile.
_BEGIN = """
UPDATE person_notices SET attempts = attempts + 1 WHERE id = :notice RETURNING attempts
"""

_TAKE_BACK = "UPDATE person_notices SET attempts = attempts - 1 WHERE id = :notice"

_FORGET = "DELETE FROM person_notices WHERE id = :notice"

_EXPIRE = "DELETE FROM person_notices WHERE petition = :petition AND written_at <= :before"

_ALL_OF = """
DELETE FROM person_notices
WHERE petition = :petition AND supporter = :supporter AND id <> :but
"""


class PersonNoticeKind(StrEnum):
    """What a sentence tells; `handlers/person_notices.py` has the words."""

    SHOWN = "shown"
    CORRECTED = "corrected"
    ERASED = "erased"
    RESTRICTED = "restricted"
    OBJECTED = "objected"
    LIFTED = "lifted"


@dataclass(frozen=True, slots=True)
class PersonNotice:
    """A sentence that waits to be sent.

    Attributes:
        chat_id: None if it cannot be decrypted.
        kind: as it is stored.
        attempts: how often it was sent without an answer that says whether it arrived.
    """

    id: bytes
    supporter: bytes
    chat_id: int | None = field(repr=False)
    language: str
    kind: str
    attempts: int


class PersonNotices(PetitionRows):
    """The sentences of one petition to single people."""

    def adding(
        self,
        supporter: bytes,
        chat_id: int,
        language: str,
        kind: PersonNoticeKind,
        at: datetime,
        only_if: Statement = ALWAYS,
    ) -> tuple[bytes, Statement]:
        """Returns the id of a new sentence, and its statement for the transaction of the deed."""
        notice = rising_id(at)
        return notice, self._statement(
            _ADD.format(only_if=only_if.sql),
            **only_if.values,
            notice=notice,
            notice_supporter=supporter,
            notice_chat=self._sealed(chat_id, "person_notices", "chat_sealed", notice),
            notice_language=language,
            notice_kind=kind.value,
            notice_at=to_millis(at),
        )

    async def waiting(self) -> Sequence[PersonNotice]:
        """Returns the sentences that wait, the oldest first."""
        return [self._notice(row) for row in await self._read(_WAITING)]

    async def begin(self, notice: PersonNotice) -> bool:
        """Counts a try before it is made; False if the row is gone."""
        return bool(await self._write(_BEGIN, notice=notice.id))

    async def take_back(self, notice: PersonNotice) -> None:
        """Counts a try as not made, as it certainly did not arrive."""
        await self._write(_TAKE_BACK, notice=notice.id)

    async def forget(self, notice: PersonNotice) -> None:
        """Erases the row of a sentence that was sent, or cannot be."""
        await self._write(_FORGET, notice=notice.id)

    async def expire(self, before: datetime) -> None:
        """Erases the sentences that were written until `before`."""
        await self._write(_EXPIRE, before=to_millis(before))

    def _notice(self, row: Row) -> PersonNotice:
        return PersonNotice(
            id=row["id"],
            supporter=row["supporter"],
            chat_id=self._opened_id(row, "person_notices", "chat_sealed", row["id"]),
            language=row["language"],
            kind=row["kind"],
            attempts=row["attempts"],
        )


def all_forgotten(
    slug: str, supporter: bytes, *, but: bytes, only_if: Statement = ALWAYS
) -> Statement:
    """Returns the statement that erases all sentences to a person but the one with this id."""
    values = {**only_if.values, "petition": slug, "supporter": supporter, "but": but}
    return Statement(f"{_ALL_OF} AND {only_if.sql}", values)
