"""Tests that the count is right, whatever people, the operator, admins and retention do."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.export.signature_list import SignatureListHeader, pages_of
from bot.petition.petition import BUNDLED, load_petition
from storage import Storage, open_storage
from storage.consents import add_signed_name, remove_signed_name
from storage.conversations import conversation_of
from storage.erasures import DueBefore, due_numbers, erase_signatures
from storage.exports import ExportedList, begin_export, finish_export, signature_totals
from storage.handovers import owed_changes
from storage.invalidations import all_invalidations, take_out_signatures, undo_invalidation
from storage.keyring import Keyring
from storage.person_requests import PersonNoticeKind, carry_out_request, find_signer
from storage.petitions import (
    Reached,
    close_petition,
    petition_state,
    reached_so_far,
    reopen_petition,
)
from storage.signatures import signature_statistics, withdraw_signature
from tests.storage.test_name_choice import GIVES
from tests.support.raw_sql import read_sql
from tests.support.restores import Rows, all_rows, put_back, replay
from tests.support.supporters import NOON, a_supporter, signature_of

PETITION = load_petition(BUNDLED)
PROOF = "came to the office"
NEVER = datetime(2000, 1, 1, tzinfo=NOON.tzinfo)
DEEDS = (
    "sign", "withdraw", "choose", "correct", "restrict", "object", "lift", "erase",
    "invalidate", "undo", "purge", "export", "close", "reopen", "back_up", "tidy",
)  # fmt: skip

_COUNTED = """
SELECT p.signatures AS told,
  (SELECT COUNT(*) FROM signatures WHERE invalidation_id IS NULL)
  + (SELECT COALESCE(SUM(signatures), 0) FROM anonymous_counts WHERE is_valid = 1) AS counted
FROM petitions p
"""


@dataclass
class TriedPetition:
    """A petition of six people, and what is true of it.

    Attributes:
        gone: the numbers of whoever withdrew, or was erased when they asked for it.
        invalidated: the numbers that were taken out of the count, also if they are back.
        touched: when a signature was last changed by a deed that its owner asked for.
        given: when a name was given to a signature that had none.
        lists: each list that was written, and the names in it by number.
        backup: all rows as they were at `backed_up_at`, if there is a backup.
    """

    storage: Storage
    keyring: Keyring
    now: datetime = NOON
    gone: set[int] = field(default_factory=set)
    invalidated: set[int] = field(default_factory=set)
    touched: dict[int, datetime] = field(default_factory=dict)
    given: dict[int, datetime] = field(default_factory=dict)
    lists: list[tuple[ExportedList, dict[int, str | None]]] = field(default_factory=list)
    backed_up_at: datetime = NOON
    backup: Rows | None = None

    async def do(self, deed: str, person: int) -> None:
        """Does a deed of a person, or with the person's number where it needs one."""
        self.now += timedelta(seconds=1)
        await getattr(self, deed)(person)

    async def sign(self, person: int) -> None:
        who = a_supporter(self.keyring, person)
        language, with_name = "es" if person % 2 else "en", person % 3 > 0
        known = await self.storage.read(conversation_of, who.supporter)
        was = known.version if known else 0
        await who.sign(self.storage, was=was, at=self.now, language=language, with_name=with_name)

    async def withdraw(self, person: int) -> None:
        number = await self.number(person)
        if await self.storage.write(withdraw_signature, self.supporter(person), self.now):
            self.gone.add(number)

    async def choose(self, person: int) -> None:
        held = await self.storage.read(signature_of, self.supporter(person))
        known = await self.storage.read(conversation_of, self.supporter(person))
        if held is None or known is None or held.is_only_stored:
            return
        after = replace(known, version=known.version + 1)
        storage = self.storage
        self.touched[held.number] = self.now
        if held.with_name:
            await storage.write(remove_signed_name, after, known.version, self.now)
        elif await storage.write(
            add_signed_name, after, known.version, self.now, f"Otro {self.now.second}", GIVES
        ):
            self.given[held.number] = self.now

    async def correct(self, person: int) -> None:
        await self.answer(PersonNoticeKind.CORRECTED, person, f"Nombre {self.now.second}")

    async def restrict(self, person: int) -> None:
        await self.answer(PersonNoticeKind.RESTRICTED, person)

    async def object(self, person: int) -> None:
        await self.answer(PersonNoticeKind.OBJECTED, person)

    async def lift(self, person: int) -> None:
        await self.answer(PersonNoticeKind.LIFTED, person)

    async def erase(self, person: int) -> None:
        number = await self.number(person)
        if await self.answer(PersonNoticeKind.ERASED, person):
            self.gone.add(number)

    async def invalidate(self, person: int) -> None:
        numbers = [*range(person, 20, 2)]
        self.invalidated.update(numbers)
        await self.storage.write(
            take_out_signatures, numbers, reason="r", condition="c", at=self.now
        )

    async def undo(self, person: int) -> None:
        entries = await self.storage.read(all_invalidations)
        if person <= len(entries):
            await self.storage.write(undo_invalidation, entries[person - 1].id, self.now)

    async def purge(self, person: int) -> None:
        storage, due = self.storage, DueBefore(self.now - timedelta(seconds=person))
        numbers = await storage.read(due_numbers, due, untold_too=True, after=0, limit=99)
        await storage.write(
            erase_signatures, numbers, action="purge", entry=os.urandom(16), at=self.now
        )

    async def export(self, _: int) -> None:
        begun = await self.storage.write(begin_export, at=self.now, detail="csv")
        async with self.storage.snapshot() as read:
            state, anonymous, groups = await read(signature_totals, begun.last_number)
            header = SignatureListHeader(begun, PETITION, state, anonymous, groups)
            pages = [page async for page in pages_of(begun, read)]
        names = {each.number: each.name for page in pages for each in page}
        assert header.with_name == len(names)
        assert header.counted == header.with_name + header.without_name
        assert header.counted == await self.check_count()
        days = header.by_day()
        assert sum(each.with_name + each.without_name for each in days) == header.counted
        assert header.withdrawn_since >= 0
        if state.closed_signatures is not None:
            gone = header.withdrawn_since + state.invalidated_since
            assert header.counted == state.closed_signatures - gone
        written = ExportedList(
            begun.id, self.now, begun.last_number, header.with_name, header.without_name
        )
        await self.storage.write(
            finish_export, begun, with_name=header.with_name, without_name=header.without_name
        )
        self.lists.append((written, names))

    async def close(self, _: int) -> None:
        revision = (await self.storage.read(petition_state)).revision
        await self.storage.write(close_petition, revision=revision, actor=9, at=self.now)

    async def reopen(self, _: int) -> None:
        revision = (await self.storage.read(petition_state)).revision
        await self.storage.write(reopen_petition, revision=revision, actor=9, at=self.now)

    async def back_up(self, _: int) -> None:
        self.backup = await self.storage.database.read(all_rows)
        self.backed_up_at = self.now

    async def tidy(self, _: int) -> None:
        self.storage.journal.rewrite(None)

    async def answer(self, asked: PersonNoticeKind, person: int, name: str = "") -> bool:
        storage = self.storage
        number = await self.number(person)
        self.touched[number] = self.now
        return await storage.write(carry_out_request, asked, number, PROOF, self.now, name)

    def supporter(self, person: int) -> bytes:
        return a_supporter(self.keyring, person).supporter

    async def number(self, person: int) -> int:
        held = await self.storage.read(signature_of, self.supporter(person))
        return held.number if held else 0

    async def check_count(self) -> int:
        """Checks what is told of the count; returns it."""
        ((told, counted),) = (
            row.values() for row in await read_sql(self.storage.database, _COUNTED)
        )
        stats = await self.storage.read(signature_statistics, NOON)
        assert told == counted == stats.total == stats.with_name + stats.without_name
        return int(told)

    async def check_notices(self) -> None:
        """Checks that each list's addressee would be told of whom they must, and of no others."""
        now = await self.names()
        rows = await read_sql(
            self.storage.database, "SELECT number, restricted_at, objected_at FROM signatures"
        )
        hidden = {
            row["number"]
            for row in rows
            if now[row["number"]] is None or row["restricted_at"] or row["objected_at"]
        }
        for listed, names in self.lists:
            changes = await self.storage.read(owed_changes, listed)
            owed = {each.number: each.corrected_name for each in changes}
            # Who is counted again is in no earlier list, which nothing but the number shows.
            assert names.keys() & (self.gone | hidden) <= owed.keys()
            assert owed.keys() <= names.keys() | self.invalidated
            assert all(
                number in self.gone or self.touched[number] >= listed.exported_at
                for number in owed
            )
            for number in names.keys() & now.keys() - hidden:
                assert now[number] == owed.get(number, names[number])

    async def names(self) -> dict[int, str | None]:
        """The name of every signature, by number."""
        rows = await read_sql(self.storage.database, "SELECT number FROM signatures")
        found = [await self.storage.read(find_signer, row["number"]) for row in rows]
        return {each.number: each.name for each in found if each is not None}

    async def check_journal(self) -> None:
        """Checks that the journal has no name of a signature but the one that it has."""
        await asyncio.to_thread(self.storage.journal.rewrite, None)
        names = await self.names()
        for entry in self.storage.journal.read().entries:
            sql = "SELECT number FROM signatures WHERE id = :id"
            found = await read_sql(self.storage.database, sql, id=entry.subject)
            if found and entry.has_name:
                assert names[found[0]["number"]] is not None


async def restored(petition: TriedPetition, url: str, backup: Rows) -> None:
    """Checks that in the newest backup, with what the journal says, nobody is back."""
    entries = petition.storage.journal.read().entries
    storage = await open_storage(url, petition.keyring, "andry")
    try:
        await storage.write(put_back, backup)
        at, last = petition.now, (await petition.storage.read(reached_so_far)).number
        await storage.write(replay, entries, reached=Reached(last), at=at)
        copy = replace(petition, storage=storage)
        await copy.check_count()
        held, now = await copy.names(), await petition.names()
        assert not held.keys() & petition.gone
        for number in held.keys() & now.keys():
            # The consent to a name that was given after the backup is not in it.
            given = petition.given.get(number, NEVER) > petition.backed_up_at
            assert held[number] == (None if given else now[number])
        assert not await storage.write(replay, entries, reached=Reached(last), at=at)
    finally:
        await storage.close()


async def lived(url: str, copy_url: str, key: Path, deeds: Sequence[tuple[str, int]]) -> None:
    """Does all deeds one after the other, and checks after each of them."""
    keyring = Keyring.generate(key)
    storage = await open_storage(url, keyring, "andry")
    petition = TriedPetition(storage, keyring)
    everybody = [("sign", person) for person in range(1, 7)]
    try:
        for deed, person in [*everybody, *deeds]:
            await petition.do(deed, person)
            await petition.check_count()
        await petition.check_notices()
        await petition.check_journal()
        await petition.do("export", 1)
        if petition.backup is not None:
            await restored(petition, copy_url, petition.backup)
    finally:
        await storage.close()


@contextmanager
def new_database(template: Path) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        yield f"sqlite+aiosqlite:///{shutil.copy(template, folder)}"


_deeds = st.tuples(st.sampled_from(DEEDS), st.integers(1, 6))


@settings(max_examples=8)
@given(st.lists(_deeds, min_size=5, max_size=30))
# Whose use was restricted objects to it too: only the first list has the name.
@example([(deed, 1) for deed in ("export", "restrict", "export", "object")])
def test_after_any_deeds_the_count_and_the_lists_say_the_same(
    sqlite_template: Path, deeds: list[tuple[str, int]]
) -> None:
    with (
        new_database(sqlite_template) as url,
        new_database(sqlite_template) as copy,
        tempfile.TemporaryDirectory() as folder,
    ):
        asyncio.run(lived(url, copy, Path(folder, "petition.key"), deeds))
