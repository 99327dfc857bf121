"""Petitions: how many have signed, and whether it is open. New queries about them go here.

Signing, withdrawing, closing and reopening each lock the petition's row first, so the count at
the moment of closing is exact, even if people sign in that moment.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Update, select, update

from storage.audit import AuditedRows
from storage.database import FOR_UPDATE, Database, Statement
from storage.errors import KeyFileOther, PetitionMissing
from storage.keyring import NOBODY, Keyring
from storage.tables import INVALIDATIONS, PETITIONS
from storage.times import from_millis, to_millis, with_times
from storage.transaction import Transaction

_ENSURE = """
INSERT INTO petitions (slug, key_fingerprint) VALUES (:petition, :fingerprint)
ON CONFLICT (slug) DO UPDATE SET key_fingerprint = excluded.key_fingerprint
WHERE petitions.key_fingerprint IS NULL
"""

_STATE_COLUMNS = "signatures, closed_at, closed_signatures, revision, closes_at, erased_at"

INVALIDATED_SINCE = """
COALESCE((
  SELECT CAST(SUM(CASE
    WHEN i.invalidated_at >= p.closed_at AND i.undone_at IS NULL THEN i.signatures
    WHEN i.invalidated_at < p.closed_at AND i.undone_at >= p.closed_at
      THEN -COALESCE(i.put_back, i.signatures)
    ELSE 0 END) AS BIGINT)
  FROM invalidations i WHERE i.petition = p.slug
), 0)
"""
"""SQL: how many signatures of a petition `p` were invalidated since its closing. What was before
it, and was undone after it, counts the other way; while it is open that is none."""

_STATE = f"""
SELECT {_STATE_COLUMNS}, {INVALIDATED_SINCE} AS invalidated_since
FROM petitions p WHERE slug = :petition
"""  # noqa: S608 - constants

_FINGERPRINT = """
SELECT key_fingerprint, forgotten_version FROM petitions WHERE slug = :petition
"""

_REACHED = "SELECT last_number, deeds FROM petitions WHERE slug = :petition"

_COUNT_DEED = "UPDATE petitions SET deeds = deeds + 1 WHERE slug = :petition"

_LOCK = f"SELECT slug FROM petitions WHERE slug = :petition {FOR_UPDATE}"  # noqa: S608 - a constant

_MAY_CLOSE = "slug = :petition AND revision = :revision AND closed_at IS NULL"

NO_CLOSING_BROADCAST = """
NOT EXISTS (
  SELECT 1 FROM broadcasts b WHERE b.petition = :petition AND b.kind = 'closing'
    AND b.state IN ('scheduled', 'running', 'paused')
)
"""
"""SQL: whether no closing update is being sent or planned."""

ALL_WERE_TOLD = """
EXISTS (
  SELECT 1 FROM broadcasts b WHERE b.petition = :petition AND b.kind = 'closing'
    AND b.state = 'finished' AND b.recall_started_at IS NULL
    AND b.total > CAST(:approval_above AS BIGINT)
    AND b.created_at >= closing_publications.published_at
)
"""
"""SQL: whether enough people to need an approval, if there was a threshold, have what it says."""

# A closing update that is being sent, or is planned, says that the petition is closed; and who
# signed after the handover would be erased with those whom it included.
_MAY_REOPEN = f"""
slug = :petition AND revision = :revision AND closed_at IS NOT NULL AND {NO_CLOSING_BROADCAST}
AND NOT EXISTS (
  SELECT 1 FROM handovers h WHERE h.petition = :petition AND h.undone_at IS NULL
)
"""  # noqa: S608 - a constant

_IS_DUE = "slug = :petition AND closed_at IS NULL AND closes_at <= CAST(:now AS BIGINT)"

_CLOSE = "closed_at = :at, closed_signatures = signatures"

_CLOSE_DUE = "closed_at = closes_at, closed_signatures = signatures"

# Without its date, which would close it again at once.
_REOPEN = "closed_at = NULL, closed_signatures = NULL, closes_at = NULL, closes_at_chosen = 1"

_CHOOSE_DATE = "closes_at = CAST(:closes_at AS BIGINT), closes_at_chosen = 1"

_FOLLOW_FOLDER = """
UPDATE petitions SET closes_at = CAST(:closes_at AS BIGINT)
WHERE slug = :petition AND closed_at IS NULL AND closes_at_chosen = 0
"""

_NOTICE_WAS_SENT = """
SELECT 1 FROM petition_notices
WHERE petition = :petition AND kind = :kind AND about = :about
"""

_MARK_NOTICE_SENT = """
INSERT INTO petition_notices (petition, kind, about, sent_at)
VALUES (:petition, :kind, :about, CAST(:at AS BIGINT))
ON CONFLICT (petition, kind, about) DO NOTHING
"""

_FIRST_NOTICE = """
SELECT MIN(sent_at) AS sent_at FROM petition_notices
WHERE petition = :petition AND kind = :kind
  AND SUBSTR(about, 1, CAST(:length AS INTEGER)) = :about
"""


@dataclass(frozen=True, slots=True)
class Reached:
    """How far a petition has got in a database; neither number ever falls.

    Attributes:
        number: the highest that a signature was given.
        deeds: how many the journal was told of, each counted in its own transaction.
    """

    number: int = 0
    deeds: int = 0

    def is_behind(self, other: "Reached") -> bool:
        """Returns whether something is missing that the other one has."""
        return self.number < other.number or self.deeds < other.deeds


@dataclass(frozen=True, slots=True)
class PetitionState:
    """The petition at one moment.

    Attributes:
        revision: goes up whenever an admin or the date closes it, and an admin reopens it or
            chooses its date.
        closes_at: from when on nobody can sign; None while it has no date.
        erased_at: when signatures were last erased because their retention was over.
        invalidated_since: how many of those counted at the closing are not counted any more; less
            than zero if more were put back than taken out.
    """

    signatures: int
    closed_at: datetime | None
    closed_signatures: int | None
    revision: int
    closes_at: datetime | None = None
    erased_at: datetime | None = None
    invalidated_since: int = 0

    @property
    def told_signatures(self) -> int:
        """How many people signed, as everybody is told: now, or once closed at the closing."""
        if self.closed_signatures is None:
            return self.signatures
        return self.closed_signatures - self.invalidated_since

    @property
    def is_closed(self) -> bool:
        """Whether nobody can sign any more."""
        return self.closed_at is not None

    @property
    def was_closed_by_its_date(self) -> bool:
        """Whether it is closed, and no admin closed it."""
        return self.is_closed and self.closed_at == self.closes_at


class Petitions(AuditedRows):
    """The one petition this bot is for."""

    def __init__(self, database: Database, slug: str, keyring: Keyring) -> None:
        super().__init__(database, slug, keyring)
        self.forgotten_version = 0
        """The highest version of the conversations that are forgotten; buttons have it still."""

    async def ensure(self) -> None:
        """Makes the petition's row, if this is its first start, and keeps its key's fingerprint.

        Raises:
            StorageError: as `require_known` does.
        """
        await self._write(_ENSURE, fingerprint=self._keyring.reference(self._slug, NOBODY))
        await self.require_known()

    async def require_known(self) -> None:
        """Checks that the petition was started on this database, and with this key.

        With another key nobody who signed would be recognised, and all of them could sign again.

        Raises:
            PetitionMissing: it was never started on this database.
            KeyFileOther: it was started with another key.
        """
        rows = await self._read(_FINGERPRINT)
        if not rows:
            raise PetitionMissing
        stored = rows[0]["key_fingerprint"]
        if stored not in (None, self._keyring.reference(self._slug, NOBODY)):
            raise KeyFileOther
        self.forgotten_version = rows[0]["forgotten_version"]

    async def state(self) -> PetitionState:
        """Returns the petition's present state."""
        return PetitionState(**with_times((await self._read(_STATE))[0]))

    async def last_number(self) -> int:
        """Returns the highest number that a signature was given; it never falls."""
        return (await self.reached()).number

    async def reached(self) -> Reached:
        """Returns how far the petition has got, by which an older copy is known."""
        row = (await self._read(_REACHED))[0]
        return Reached(row["last_number"], row["deeds"])

    async def close(self, *, revision: int, actor: int, at: datetime) -> PetitionState | None:
        """Closes the petition and stores the exact count; None if `revision` is out of date."""
        may = self._statement(_MAY_CLOSE, revision=revision)
        return await self._change("close", _CLOSE, may, actor=actor, at=at)

    async def reopen(self, *, revision: int, actor: int, at: datetime) -> PetitionState | None:
        """Reopens the petition; None if `revision` is old, or a closing update is not over."""
        may = self._statement(_MAY_REOPEN, revision=revision)
        return await self._change("reopen", _REOPEN, may, actor=actor, at=at)

    async def choose_closing_date(
        self, closes_at: datetime | None, *, revision: int, actor: int, at: datetime
    ) -> PetitionState | None:
        """Sets the moment from which nobody can sign, whatever the petition folder says.

        With None it stays open until an admin closes it.

        Returns:
            The new state; None if `revision` is out of date or the petition is closed.
        """
        may = self._statement(_MAY_CLOSE, revision=revision, closes_at=to_millis(closes_at))
        detail = "none" if closes_at is None else closes_at.isoformat()
        return await self._change(
            "closing date", _CHOOSE_DATE, may, actor=actor, at=at, detail=detail
        )

    async def follow_folder(self, closes_at: datetime | None) -> None:
        """Takes over the petition folder's date, unless an admin has chosen one or reopened."""
        following = self._statement(_FOLLOW_FOLDER, closes_at=to_millis(closes_at))
        await self._database.write(locking_petition(self._slug), following)

    async def close_if_due(self, now: datetime) -> bool:
        """Closes the petition as of its date, if that has come; returns whether it did.

        From that moment on nobody can sign, whenever this is called.
        """
        due = self._statement(_IS_DUE, now=to_millis(now))
        closed = await self._change("close", _CLOSE_DUE, due, actor=None, at=now, detail="date")
        return closed is not None

    async def notice_was_sent(self, kind: str, about: str) -> bool:
        """Returns whether the admins were sent this notice about the petition before."""
        return bool(await self._read(_NOTICE_WAS_SENT, kind=kind, about=about))

    async def mark_notice_sent(self, kind: str, about: str, at: datetime) -> None:
        """Stores that the admins were sent this notice about the petition."""
        await self._write(_MARK_NOTICE_SENT, kind=kind, about=about, at=to_millis(at))

    async def first_notice_at(self, kind: str, about: str) -> datetime | None:
        """Returns when the first notice of a kind was sent whose `about` begins like this."""
        (row,) = await self._read(_FIRST_NOTICE, kind=kind, about=about, length=len(about))
        return from_millis(row["sent_at"])

    async def _change(
        self,
        action: str,
        setting: str,
        may: Statement,
        *,
        actor: int | None,
        at: datetime,
        detail: str = "",
    ) -> PetitionState | None:
        """Changes the petition's row and its revision; None if it may not be changed like that."""
        is_so = Statement(f"EXISTS (SELECT 1 FROM petitions WHERE {may.sql})", may.values)  # noqa: S608 - constants
        changing = (
            f"UPDATE petitions SET {setting}, revision = revision + 1"  # noqa: S608 - constants
            f" WHERE {may.sql} RETURNING {_STATE_COLUMNS}"
        )
        *_, rows = await self._database.write(
            locking_petition(self._slug),
            self._audit.statement(action, actor=actor, at=at, detail=detail, only_if=is_so),
            Statement(changing, {**may.values, "at": to_millis(at)}),
        )
        return PetitionState(**with_times(rows[0])) if rows else None


def count_deed(slug: str) -> tuple[Statement, ...]:
    """Returns what begins the transaction of every deed that the journal is told of."""
    return locking_petition(slug), Statement(_COUNT_DEED, {"petition": slug})


def deed_counted(slug: str) -> Update:
    """Returns what counts a deed that the journal is told of."""
    return update(PETITIONS).where(PETITIONS.c.slug == slug).values(deeds=PETITIONS.c.deeds + 1)


def lock_petition(tx: Transaction, *, shared: bool = False) -> Row[Any]:
    """Locks the petition's row, before all others, and returns it.

    Args:
        tx: the transaction.
        shared: by many at once: it is neither closed nor reopened nor handed over meanwhile. Who
            counts a signature takes it so, and counts as the last before the commit.
    """
    query = select(PETITIONS).where(PETITIONS.c.slug == tx.slug)
    row = tx.first(query.with_for_update(read=shared, key_share=shared))
    if row is None:
        raise PetitionMissing
    return row


def invalidated_since(tx: Transaction, closed_at: datetime | None) -> int:
    """Returns how many signatures were invalidated since the closing; of an open petition none.

    What was before it, and was undone after it, counts the other way.
    """
    if closed_at is None:
        return 0
    total = 0
    for each in tx.all(select(INVALIDATIONS).where(tx.of(INVALIDATIONS))):
        is_undone_since = each.undone_at is not None and each.undone_at >= closed_at
        if each.invalidated_at >= closed_at:
            total += 0 if each.undone_at is not None else each.signatures
        elif is_undone_since:
            total -= each.signatures if each.put_back is None else each.put_back
    return total


def locking_petition(slug: str) -> Statement:
    """Returns the first statement of all that needs an open petition or changes its count."""
    return Statement(_LOCK, {"petition": slug})
