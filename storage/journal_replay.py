"""Carries out again, on a restored copy, what the journal says was asked for.

Each entry is repeated as the statements that it was done with at first, where its signature is in
the copy; doing it twice changes nothing. Who signed after the backup is not in it, and neither is
anything about them.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from storage.changes_after_export import Change, note_change
from storage.consents import IS_TO_SIGN
from storage.database import Database, Row, Statement, Value
from storage.handovers import repeated_statements
from storage.journal import Deed, Entry, last_entries
from storage.keyring import Keyring
from storage.sent_files import all_due
from storage.signing import withdraw_statements
from storage.times import to_millis

# Done at once, so that they share commits.
_AT_ONCE = 200

_SIGNATURE = f"""
SELECT s.supporter, s.name_sealed, s.with_name, s.muted_at, s.restricted_at, s.objected_at,
  c.updates_ended_at, c.news_ended_at
FROM signatures s LEFT JOIN consents c ON c.signature_id = s.id AND {IS_TO_SIGN}
WHERE s.petition = :petition AND s.id = :id
"""  # noqa: S608 - a constant

# By deed the column that it sets, and what the recipients of a list are told of it, if anything.
_COLUMNS: Mapping[Deed, tuple[str, Change | None]] = {
    Deed.MUTED: ("muted_at", None),
    Deed.RESTRICTED: ("restricted_at", Change.RESTRICTED),
    Deed.OBJECTED: ("objected_at", Change.OBJECTED),
    Deed.UPDATES_ENDED: ("updates_ended_at", None),
    Deed.NEWS_ENDED: ("news_ended_at", None),
}
_IN_CONSENTS = frozenset({Deed.UPDATES_ENDED, Deed.NEWS_ENDED})

_RAISE = """
UPDATE petitions SET last_number = CAST(:number AS BIGINT)
WHERE slug = :petition AND last_number < CAST(:number AS BIGINT)
"""

# A code in the copy may have been used since, and a sentence that waits in it been sent.
_FORGOTTEN = (
    "DELETE FROM person_codes WHERE petition = :petition",
    "DELETE FROM person_notices WHERE petition = :petition",
)

# More than any conversation has gone through since: the buttons of screens that the copy does not
# know stay in the chats, and fit none of the versions that come.
_AFTER_THE_BACKUP = 1_000_000
_LEAVE_VERSIONS_OUT = """
UPDATE petitions SET forgotten_version = forgotten_version + CAST(:versions AS BIGINT)
WHERE slug = :petition
"""

_REMOVE_NAME = "UPDATE signatures SET with_name = 0 WHERE id = :id"

_CONSENTS_TO_NAME = """
SELECT id FROM consents
WHERE signature_id = :id AND with_name = 1 AND with_name_ended_at IS NULL
"""

_END_CONSENT_TO_NAME = """
UPDATE consents SET with_name_ended_at = :at
WHERE signature_id = :id AND with_name = 1 AND with_name_ended_at IS NULL
"""

_NAME = "UPDATE signatures SET name_sealed = :name WHERE id = :id"


async def replay(
    database: Database,
    keyring: Keyring,
    slug: str,
    entries: tuple[Entry, ...],
    *,
    last_number: int,
    at: datetime,
) -> Counter[Deed]:
    """Repeats what is noted and not so in the copy, on which no bot may run.

    Args:
        database: the restored one.
        keyring: seals the names that were corrected.
        slug: the petition.
        entries: what its journal holds.
        last_number: the highest number that was given to a signature, also after the backup; none
            of them is given again.
        at: now.

    Returns:
        How many of each deed were carried out.
    """
    number: dict[str, Value] = {"petition": slug, "number": last_number}
    forgotten = [Statement(sql, {"petition": slug}) for sql in _FORGOTTEN]
    versions: dict[str, Value] = {"petition": slug, "versions": _AFTER_THE_BACKUP}
    await database.write(
        Statement(_RAISE, number), Statement(_LEAVE_VERSIONS_OUT, versions), *forgotten
    )
    copy = _Copy(database, keyring, slug, at)
    done: Counter[Deed] = Counter()
    last = last_entries(entries)
    # First, since what changed in a list that was handed over is noted only where it is known.
    handovers = [entry for entry in last if entry.deed is Deed.HANDOVER]
    others = [entry for entry in last if entry.deed is not Deed.HANDOVER]
    for group in (handovers, others):
        for start in range(0, len(group), _AT_ONCE):
            portion = group[start : start + _AT_ONCE]
            repeated = await asyncio.gather(*[copy.repeat(entry) for entry in portion])
            done.update(entry.deed for entry, was in zip(portion, repeated, strict=True) if was)
    return done


@dataclass(frozen=True, slots=True)
class _Copy:
    """A restored copy, on which deeds are repeated."""

    database: Database
    keyring: Keyring
    slug: str
    at: datetime

    async def repeat(self, entry: Entry) -> bool:
        """Repeats a deed; returns whether it was not done in the copy."""
        statements = await self._statements(entry)
        if statements:
            await self.database.write(*statements)
        return bool(statements)

    async def _statements(self, entry: Entry) -> tuple[Statement, ...]:
        subject: dict[str, Value] = {"petition": self.slug, "id": entry.subject}
        if entry.deed is Deed.HANDOVER:
            return repeated_statements(self.slug, entry)
        rows = await self.database.read(Statement(_SIGNATURE, subject))
        if not rows:
            return ()
        row = rows[0]
        if entry.deed is Deed.WITHDRAWAL:
            return withdraw_statements(self.slug, row["supporter"], None, self.at)
        if entry.deed is Deed.NAME:
            return self._rename(entry, row)
        if entry.deed is Deed.WITH_NAME:
            return await self._remove_name(entry, row)
        column, change = _COLUMNS[entry.deed]
        value = int(entry.value) if entry.value else None
        if row[column] == value:
            return ()
        table, key = (
            ("consents", "signature_id") if entry.deed in _IN_CONSENTS else ("signatures", "id")
        )
        setting = Statement(
            f"UPDATE {table} SET {column} = CAST(:value AS BIGINT) WHERE {key} = :id",  # noqa: S608 - constants
            {"id": entry.subject, "value": value},
        )
        if change is None or row["with_name"] == 0:
            return (setting,)
        noted = Change.NAME_GIVEN if value is None else change
        return note_change(self.slug, row["supporter"], noted, self.at), setting

    async def _remove_name(self, entry: Entry, row: Row) -> tuple[Statement, ...]:
        own: dict[str, Value] = {"id": entry.subject}
        if row["with_name"] == 0:
            return ()
        # One that was given after the backup stays off: the consent to it is not in the copy, and
        # a former one was taken back before. Nor is one that was refused, and noted all the same.
        given = await self.database.read(Statement(_CONSENTS_TO_NAME, own))
        if entry.value in {each["id"].hex() for each in given}:
            return ()
        return (
            note_change(self.slug, row["supporter"], Change.NAME_REMOVED, self.at),
            Statement(_END_CONSENT_TO_NAME, {**own, "at": to_millis(self.at)}),
            Statement(_REMOVE_NAME, own),
        )

    def _rename(self, entry: Entry, row: Row) -> tuple[Statement, ...]:
        keyring, table, column = self.keyring, "signatures", "name_sealed"
        present = row["name_sealed"]
        name = keyring.open_if_whole(present, table=table, column=column, row=entry.subject)
        if name == entry.value:
            return ()
        sealed = keyring.seal(entry.value, table=table, column=column, row=entry.subject)
        return (
            note_change(self.slug, row["supporter"], Change.CORRECTED, self.at),
            Statement(_NAME, {"id": entry.subject, "name": sealed}),
            all_due(self.slug, row["supporter"]),
        )
