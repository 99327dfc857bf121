"""What late visitors read below the thanks: the closing update, and what became of it later.

Each has an *entry*, and one text a language in numbered versions, of which none is ever changed or
erased. Versions become visible together, by a *publication*; with many signers that waits for a
second admin. New queries about them go here.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import select

from storage.audit import AuditedRows
from storage.database import Row, Value
from storage.petition_rows import as_read
from storage.petitions import ALL_WERE_TOLD, NO_CLOSING_BROADCAST, locking_petition
from storage.tables import CLOSING_PUBLICATIONS, CLOSING_TEXTS
from storage.times import from_millis, to_millis
from storage.transaction import Transaction

CLOSING_UPDATE = "closing"
"""The entry of the closing update; that of what followed is a random word."""

_IS_LEFT = "petition = :petition AND publication_id IS NULL AND discarded_at IS NULL"

_ALL = """
SELECT t.id, t.entry, t.kind, t.day, t.language, t.number, t.text_sealed, t.author_sealed,
  t.written_at, t.discarded_at, t.publication_id, p.requested_by_sealed, p.requested_at,
  p.approved_by_sealed, p.published_at
FROM closing_texts t LEFT JOIN closing_publications p ON p.id = t.publication_id
WHERE t.petition = :petition
"""

_PUBLISHED = f"{_ALL} AND p.published_at IS NOT NULL ORDER BY t.written_at, t.number"
_HISTORY = f"{_ALL} ORDER BY t.written_at, t.number, t.language, t.entry"

# A version that was not published gives way to the next one.
_REPLACE = f"""
UPDATE closing_texts SET discarded_at = :at
WHERE {_IS_LEFT} AND entry = :entry AND language = :language AND id <> :id
  AND NOT EXISTS (SELECT 1 FROM closing_texts known WHERE known.id = :id)
"""  # noqa: S608 - constants of this file

_WRITE = """
INSERT INTO closing_texts
  (id, petition, entry, kind, day, language, number, text_sealed, author_sealed, written_at)
SELECT :id, :petition, :entry, :kind, CAST(:day AS TEXT), :language,
  (SELECT COALESCE(MAX(number), 0) + 1 FROM closing_texts
   WHERE petition = :petition AND entry = :entry AND language = :language),
  :text, :author, :at
WHERE NOT EXISTS (SELECT 1 FROM closing_texts WHERE id = :id)
"""

_FORGET_AWAITED = "DELETE FROM awaited_closing_texts WHERE petition = :petition AND admin = :admin"

_AWAIT = """
INSERT INTO awaited_closing_texts (petition, admin, entry, kind, day, language, asked_at)
VALUES (:petition, :admin, :entry, :kind, CAST(:day AS TEXT), :language, :at)
ON CONFLICT (petition, admin) DO UPDATE SET entry = excluded.entry, kind = excluded.kind,
  day = excluded.day, language = excluded.language, asked_at = excluded.asked_at
"""

_AWAITED = """
SELECT entry, kind, day, language, asked_at FROM awaited_closing_texts
WHERE petition = :petition AND admin = :admin
"""

_HAS_LEFT = f"EXISTS (SELECT 1 FROM closing_texts WHERE {_IS_LEFT})"  # noqa: S608 - constants
_DISCARD = f"UPDATE closing_texts SET discarded_at = :at WHERE {_IS_LEFT}"  # noqa: S608 - constants

_HAS_CLOSING_UPDATE = f"""
EXISTS (SELECT 1 FROM closing_texts WHERE {_IS_LEFT} AND entry = '{CLOSING_UPDATE}')
"""  # noqa: S608 - constants of this file

# All that is left is what the admin was shown, and nothing else waits for a second admin. The
# closing update that is being sent, or is planned, has the text of its confirmation.
_MAY_PUBLISH = f"""
(SELECT COUNT(*) FROM closing_texts WHERE {_IS_LEFT}) = :versions
AND (SELECT COUNT(*) FROM closing_texts WHERE {_IS_LEFT} AND id IN ({{ids}})) = :versions
AND NOT EXISTS (
  SELECT 1 FROM closing_publications WHERE petition = :petition AND published_at IS NULL
)
AND (NOT {_HAS_CLOSING_UPDATE} OR {NO_CLOSING_BROADCAST})
"""  # noqa: S608 - constants of this file

# Also while it is open: one admin could change the text alone and close the petition at once.
_PUBLISH = f"""
INSERT INTO closing_publications (id, petition, requested_by_sealed, requested_at, published_at)
SELECT :publication, :petition, :requested_by, CAST(:at AS BIGINT),
  CASE WHEN CAST(:approval_above AS BIGINT) IS NULL
    OR COALESCE(p.closed_signatures, p.signatures) <= CAST(:approval_above AS BIGINT)
  THEN CAST(:at AS BIGINT) END
FROM petitions p WHERE p.slug = :petition AND {_MAY_PUBLISH}
ON CONFLICT (id) DO NOTHING
"""  # noqa: S608 - constants of this file

_ATTACH = f"""
UPDATE closing_texts SET publication_id = :publication
WHERE {_IS_LEFT} AND id IN ({{ids}})
  AND EXISTS (SELECT 1 FROM closing_publications WHERE id = :publication)
"""  # noqa: S608 - constants of this file

# What one admin published when fewer had signed, unless the signers get it, or have it.
_ALONE = f"""
petition = :petition AND published_at IS NOT NULL AND approved_by_sealed IS NULL
AND {NO_CLOSING_BROADCAST} AND NOT {ALL_WERE_TOLD} AND EXISTS (
  SELECT 1 FROM petitions p WHERE p.slug = :petition
    AND COALESCE(p.closed_signatures, p.signatures) > CAST(:approval_above AS BIGINT)
)
"""  # noqa: S608 - constants of this file

_IS_ALONE = f"EXISTS (SELECT 1 FROM closing_publications WHERE {_ALONE})"  # noqa: S608 - constants
_ASK_AGAIN = f"UPDATE closing_publications SET published_at = NULL WHERE {_ALONE}"  # noqa: S608

_WAITS = "id = :publication AND petition = :petition AND published_at IS NULL"

_APPROVE = f"""
UPDATE closing_publications SET published_at = :at, approved_by_sealed = :approved_by
WHERE {_WAITS}
"""  # noqa: S608 - constants of this file

# What was confirmed with the former text is void: a broadcast, and the closing of the petition.
_NEW_REVISION = """
UPDATE petitions SET revision = revision + 1
WHERE slug = :petition AND EXISTS (
  SELECT 1 FROM closing_publications WHERE id = :publication AND published_at = :at
)
"""

_DOES_WAIT = f"EXISTS (SELECT 1 FROM closing_publications WHERE {_WAITS})"  # noqa: S608 - constants

# Its versions can be changed and offered again, unless there are newer ones.
_DETACH = f"""
UPDATE closing_texts SET publication_id = NULL, discarded_at = CASE WHEN EXISTS (
    SELECT 1 FROM closing_texts newer WHERE newer.petition = closing_texts.petition
      AND newer.entry = closing_texts.entry AND newer.language = closing_texts.language
      AND newer.number > closing_texts.number
  ) THEN CAST(:at AS BIGINT) END
WHERE publication_id = :publication AND {_DOES_WAIT}
"""  # noqa: S608 - constants of this file
_DECLINE = f"DELETE FROM closing_publications WHERE {_WAITS}"  # noqa: S608 - constants of this file


class ClosingTextKind(StrEnum):
    """What an entry is about. The values are stored, and are part of callback data."""

    CLOSING_UPDATE = "closing"
    DELIVERED = "delivered"
    ANSWERED = "answered"
    DECIDED = "decided"


@dataclass(frozen=True, slots=True)
class AwaitedText:
    """The text that an admin was asked for: their next message is it.

    Attributes:
        day: when it happened; None for the closing update.
    """

    entry: str
    kind: ClosingTextKind
    language: str
    asked_at: datetime
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Publication:
    """One change of what late visitors read; people are Telegram user ids, None if unreadable.

    Attributes:
        approved_by: the second admin; None if none was needed, or none has approved it yet.
        published_at: None while it waits for a second admin.
    """

    id: bytes
    requested_by: int | None = field(repr=False)
    requested_at: datetime
    approved_by: int | None = field(repr=False)
    published_at: datetime | None


@dataclass(frozen=True, slots=True)
class ClosingText:
    """One version of an entry in one language.

    Attributes:
        day: when it happened; None for the closing update.
        number: of this entry in this language, from 1.
        text: Telegram HTML with {count}; None if it cannot be decrypted.
        author: the Telegram user id of who wrote it; None if it cannot be decrypted.
        is_discarded: whether it was replaced or discarded before it was published.
        publication: None while nobody has asked to publish it.
    """

    id: bytes
    entry: str
    kind: ClosingTextKind
    day: date | None
    language: str
    number: int
    text: str | None = field(repr=False)
    author: int | None = field(repr=False)
    written_at: datetime
    is_discarded: bool
    publication: Publication | None

    @property
    def is_published(self) -> bool:
        """Whether late visitors read it, or read it before the next version."""
        return self.publication is not None and self.publication.published_at is not None

    @property
    def is_left(self) -> bool:
        """Whether it can be published, and nobody has asked for that."""
        return self.publication is None and not self.is_discarded


def closing_update_waits(tx: Transaction) -> bool:
    """Returns whether another text of the closing update waits for a second admin."""
    waiting = select(CLOSING_PUBLICATIONS.c.id).where(
        CLOSING_PUBLICATIONS.c.published_at.is_(None)
    )
    texts = CLOSING_TEXTS.c
    of_update = (texts.entry == CLOSING_UPDATE, texts.publication_id.in_(waiting))
    return tx.count(CLOSING_TEXTS, *of_update) > 0


class ClosingTexts(AuditedRows):
    """The closing update and the later entries of one petition."""

    async def published(self) -> Sequence[ClosingText]:
        """Returns every published version, oldest first."""
        return [self._text(row) for row in await self._read(_PUBLISHED)]

    async def history(self) -> Sequence[ClosingText]:
        """Returns every version ever written, oldest first."""
        return [self._text(row) for row in await self._read(_HISTORY)]

    closing_update_waits = as_read(closing_update_waits)

    async def await_text(self, admin: bytes, awaited: AwaitedText) -> None:
        """Stores that an admin's next message is this text, in place of an earlier one."""
        await self._write(_AWAIT, admin=admin, **_asked(awaited), at=to_millis(awaited.asked_at))

    async def awaited(self, admin: bytes) -> AwaitedText | None:
        """Returns the text that an admin was asked for; None if there is none."""
        for row in await self._read(_AWAITED, admin=admin):
            return AwaitedText(
                entry=row["entry"],
                kind=ClosingTextKind(row["kind"]),
                language=row["language"],
                asked_at=from_millis(row["asked_at"]),
                day=_day(row["day"]),
            )
        return None

    async def forget_awaited(self, admin: bytes) -> None:
        """Stores that an admin's next message is no text of these."""
        await self._write(_FORGET_AWAITED, admin=admin)

    async def write(
        self,
        key: bytes,
        admin: bytes | None,
        awaited: AwaitedText,
        text: str,
        *,
        actor: int,
        at: datetime,
    ) -> None:
        """Stores the awaited text as the next version, which nobody else reads yet.

        Args:
            key: 16 bytes that are the same when the same message is taken again.
            admin: the reference of who was asked for it; None if it was not asked for.
            awaited: what it is the text of.
            text: Telegram HTML.
            actor: the Telegram user id of who wrote it.
            at: now.
        """
        values: dict[str, Value] = {
            **_asked(awaited),
            "id": key,
            "text": self._sealed(text, "closing_texts", "text_sealed", key),
            "author": self._sealed(actor, "closing_texts", "author_sealed", key),
            "at": to_millis(at),
        }
        answered = () if admin is None else (self._statement(_FORGET_AWAITED, admin=admin),)
        await self._database.write(
            locking_petition(self._slug),
            self._statement(_REPLACE, **values),
            self._statement(_WRITE, **values),
            *answered,
        )

    async def discard(self, *, actor: int, at: datetime) -> None:
        """Discards what was written and not published; it stays in the history."""
        await self._change("discarded", _HAS_LEFT, (_DISCARD,), {}, actor=actor, at=at)

    async def publish(
        self,
        versions: Sequence[ClosingText],
        *,
        actor: int,
        at: datetime,
        approval_above: int | None,
    ) -> Publication | None:
        """Publishes these versions, or asks a second admin to.

        Args:
            versions: all that are left, as the admin was shown them.
            actor: the admin's Telegram user id.
            at: now.
            approval_above: with more signers than this a second admin is needed; None: never.

        Returns:
            The publication, also if an earlier call made it; None if something else is left,
            another publication waits, or a closing update is planned or on its way.
        """
        key = publication_id(versions)
        listed = {f"id{n}": version.id for n, version in enumerate(versions)}
        ids = ", ".join(f":{name}" for name in listed)
        values: dict[str, Value] = {
            **listed,
            "versions": len(versions),
            "publication": key,
            "requested_by": self._sealed(
                actor, "closing_publications", "requested_by_sealed", key
            ),
            "approval_above": approval_above,
        }
        changes = (_PUBLISH.format(ids=ids), _ATTACH.format(ids=ids), _NEW_REVISION)
        condition = _MAY_PUBLISH.format(ids=ids)
        named = ", ".join(f"{each.kind} {each.language} {each.number}" for each in versions)
        await self._change(named, condition, changes, values, actor=actor, at=at)
        return await self._publication(key)

    async def approve(self, key: bytes, *, actor: int, at: datetime) -> Publication | None:
        """Publishes what waits for a second admin; nothing changes for who requested it.

        Returns:
            The publication as it now is; None if it was declined.
        """
        known = await self._publication(key)
        if known is None or known.published_at is not None or known.requested_by == actor:
            return known
        approved_by = self._sealed(actor, "closing_publications", "approved_by_sealed", key)
        values: dict[str, Value] = {"publication": key, "approved_by": approved_by}
        changes = (_APPROVE, _NEW_REVISION)
        await self._change("approved", _DOES_WAIT, changes, values, actor=actor, at=at)
        return await self._publication(key)

    async def ask_again(self, approval_above: int | None, at: datetime) -> None:
        """Has a second admin decide on what one published when no more than that had signed."""
        values: dict[str, Value] = {"approval_above": approval_above}
        if approval_above is not None and await self._read(
            f"SELECT 1 WHERE {_IS_ALONE}", **values
        ):
            await self._change(
                "to be approved", _IS_ALONE, (_ASK_AGAIN,), values, actor=None, at=at
            )

    async def decline(self, key: bytes, *, actor: int, at: datetime) -> None:
        """Ends the wait for a second admin, who declines it, or for whom it is taken back."""
        changes, values = (_DETACH, _DECLINE), {"publication": key}
        await self._change("declined", _DOES_WAIT, changes, values, actor=actor, at=at)

    async def _change(
        self,
        detail: str,
        condition: str,
        changes: Sequence[str],
        values: Mapping[str, Value],
        *,
        actor: int | None,
        at: datetime,
    ) -> None:
        """Runs statements that have an effect on a condition only, and their audit entry."""
        asked = {**values, "at": to_millis(at)}
        await self._database.write(
            locking_petition(self._slug),
            self._audit.statement(
                "closing text",
                actor=actor,
                at=at,
                detail=detail,
                only_if=self._statement(condition, **asked),
            ),
            *(self._statement(sql, **asked) for sql in changes),
        )

    async def _publication(self, key: bytes) -> Publication | None:
        history = await self.history()
        found = (each.publication for each in history if each.publication is not None)
        return next((each for each in found if each.id == key), None)

    def _text(self, row: Row) -> ClosingText:
        key, table = row["id"], "closing_texts"
        return ClosingText(
            id=key,
            entry=row["entry"],
            kind=ClosingTextKind(row["kind"]),
            day=_day(row["day"]),
            language=row["language"],
            number=row["number"],
            text=self._opened(row, table, "text_sealed", key),
            author=self._opened_id(row, table, "author_sealed", key),
            written_at=from_millis(row["written_at"]),
            is_discarded=row["discarded_at"] is not None,
            publication=None if row["publication_id"] is None else self._published_by(row),
        )

    def _published_by(self, row: Row) -> Publication:
        key, table = row["publication_id"], "closing_publications"
        return Publication(
            id=key,
            requested_by=self._opened_id(row, table, "requested_by_sealed", key),
            requested_at=from_millis(row["requested_at"]),
            approved_by=self._opened_id(row, table, "approved_by_sealed", key),
            published_at=from_millis(row["published_at"]),
        )


def publication_id(versions: Sequence[ClosingText]) -> bytes:
    """Returns the id of the publication of these versions, so that two taps make only one."""
    joined = b"".join(sorted(version.id for version in versions))
    return hashlib.sha256(b"publication\x00" + joined).digest()[:16]


def _asked(awaited: AwaitedText) -> dict[str, Value]:
    return {
        "entry": awaited.entry,
        "kind": awaited.kind.value,
        "day": None if awaited.day is None else awaited.day.isoformat(),
        "language": awaited.language,
    }


def _day(stored: str | None) -> date | None:
    return None if stored is None else date.fromisoformat(stored)
