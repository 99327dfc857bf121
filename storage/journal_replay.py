"""Carries out again, on a restored copy, what the journal says was asked for.

Each entry is repeated as the statements that it was done with at first, where its signature is in
the copy; doing it twice changes nothing. Who signed after the backup is not in it, and neither is
anything about them.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from itertools import groupby
from operator import attrgetter

from storage.changes_after_export import Change, change_noted
from storage.consents import IS_TO_SIGN
from storage.database import Database, Row, Statement
from storage.handovers import repeat_handover
from storage.journal_entries import Deed, Entry, last_entries
from storage.keyring import Keyring
from storage.petition_rows import PetitionRows
from storage.petitions import Reached
from storage.sent_files import all_due
from storage.signed_names import END_CONSENTS, SET_NAME, short
from storage.signing import withdraw_statements
from storage.times import to_millis

# Done at once, so that they share commits.
_AT_ONCE = 200

_SIGNATURE = f"""
SELECT s.supporter, s.name_sealed, s.muted_at, s.restricted_at, s.objected_at,
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
UPDATE petitions SET {column} = CAST(:number AS BIGINT)
WHERE slug = :petition AND {column} < CAST(:number AS BIGINT)
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

_CONSENTS_TO_NAME = """
SELECT id FROM consents
WHERE signature_id = :id AND with_name = 1 AND with_name_ended_at IS NULL
"""

_END_CONSENTS = END_CONSENTS.format(may="1 = 1")
_SET_NAME = SET_NAME.format(may="1 = 1")


async def replay(
    database: Database,
    keyring: Keyring,
    slug: str,
    entries: tuple[Entry, ...],
    *,
    reached: Reached,
    at: datetime,
) -> Counter[Deed]:
    """Repeats what is noted and not so in the copy, on which no bot may run.

    No number up to that of `reached` is given again, as it may have been given after the backup.

    Returns:
        How many of each deed were carried out.
    """
    copy = _Copy(database, slug, keyring)
    await copy.forget(reached)
    done: Counter[Deed] = Counter()
    last = last_entries(entries)
    # First, since what changed in a list that was handed over is noted only where it is known.
    handovers = [entry for entry in last if entry.deed is Deed.HANDOVER]
    others = [entry for entry in last if entry.deed is not Deed.HANDOVER]
    for group in (handovers, others):
        # What one person asked for goes in its order: where the name is off, nothing is noted.
        of = attrgetter("subject")
        subjects = [list(each) for _, each in groupby(sorted(group, key=of), of)]
        for start in range(0, len(subjects), _AT_ONCE):
            portion = subjects[start : start + _AT_ONCE]
            for deeds in await asyncio.gather(*[copy.repeat(each, at) for each in portion]):
                done.update(deeds)
    return done


class _Copy(PetitionRows):
    """A restored copy, on which deeds are repeated."""

    async def forget(self, reached: Reached) -> None:
        """Leaves out what is not so any more, whatever the journal says."""
        await self._database.write(
            self._statement(_RAISE.format(column="last_number"), number=reached.number),
            self._statement(_RAISE.format(column="deeds"), number=reached.deeds),
            self._statement(_LEAVE_VERSIONS_OUT, versions=_AFTER_THE_BACKUP),
            *map(self._statement, _FORGOTTEN),
        )

    async def repeat(self, entries: list[Entry], at: datetime) -> list[Deed]:
        """Repeats deeds one after the other; returns those that were not done in the copy."""
        repeated: list[Deed] = []
        for entry in entries:
            if entry.deed is Deed.HANDOVER:
                await self._transact(repeat_handover, entry)
                repeated.append(entry.deed)
            elif statements := await self._statements(entry, at):
                await self._database.write(*statements)
                repeated.append(entry.deed)
        return repeated

    async def _statements(self, entry: Entry, at: datetime) -> tuple[Statement, ...]:
        rows = await self._read(_SIGNATURE, id=entry.subject)
        if not rows:
            return ()
        row = rows[0]
        if entry.deed is Deed.WITHDRAWAL:
            return withdraw_statements(self._slug, row["supporter"], None, at)
        if entry.deed is Deed.NAME:
            return () if row["name_sealed"] is None else self._named(entry, row, entry.value, at)
        if entry.deed is Deed.WITH_NAME:
            return await self._with_name(entry, row, at)
        column, change = _COLUMNS[entry.deed]
        value = int(entry.value) if entry.value else None
        if row[column] == value:
            return ()
        table, key = (
            ("consents", "signature_id") if entry.deed in _IN_CONSENTS else ("signatures", "id")
        )
        setting = self._statement(
            f"UPDATE {table} SET {column} = CAST(:value AS BIGINT) WHERE {key} = :id",  # noqa: S608 - constants
            id=entry.subject,
            value=value,
        )
        if change is None or row["name_sealed"] is None:
            return (setting,)
        noted = Change.NAME_GIVEN if value is None else change
        return change_noted(self._slug, row["supporter"], noted, at), setting

    async def _with_name(self, entry: Entry, row: Row, at: datetime) -> tuple[Statement, ...]:
        """Returns what gives the name, or takes it off.

        One that was given after the backup stays off: the consent to it is not in the copy, and a
        former one was taken back before.
        """
        consent_id, _, name = entry.value.partition(" ")
        given = await self._read(_CONSENTS_TO_NAME, id=entry.subject)
        known = {of(each["id"]) for each in given for of in (short, bytes.hex)}
        if consent_id in known:
            return self._named(entry, row, name, at) if name else ()
        if row["name_sealed"] is None:
            return ()
        return (
            change_noted(self._slug, row["supporter"], Change.NAME_REMOVED, at),
            self._statement(_END_CONSENTS, id=entry.subject, ended_at=to_millis(at)),
            self._statement(_SET_NAME, id=entry.subject, name=None),
            all_due(self._slug, row["supporter"]),
        )

    def _named(self, entry: Entry, row: Row, name: str, at: datetime) -> tuple[Statement, ...]:
        key = entry.subject
        if self._opened(row, "signatures", "name_sealed", key) == name:
            return ()
        sealed = self._sealed(name, "signatures", "name_sealed", key)
        return (
            change_noted(self._slug, row["supporter"], Change.CORRECTED, at),
            self._statement(_SET_NAME, id=key, name=sealed),
            all_due(self._slug, row["supporter"]),
        )
