"""Tests that an export has the signatures that it may have, all as of one moment."""

import pytest

from bot.export.signature_list import open_signature_list
from storage import Storage
from storage.database import Database
from storage.errors import Unavailable
from storage.exports import (
    ExportedList,
    NamedSignature,
    begin_export,
    finish_export,
)
from storage.handovers import owed_changes
from tests.support.raw_sql import read_sql
from tests.support.supporters import NOON, Supporters, later


@pytest.fixture
async def people(storage: Storage) -> Supporters:
    """Six people who signed; the petition is open."""
    people = Supporters(storage.database, storage.keyring)
    await people.sign(range(1, 7))
    return people


async def begun(storage: Storage) -> ExportedList:
    return await storage.write(begin_export, at=NOON, detail="json encrypted")


async def named(storage: Storage) -> list[NamedSignature]:
    async with open_signature_list(storage, await begun(storage)) as signatures:
        return [each async for page in signatures.pages() for each in page]


async def exports(database: Database) -> list[tuple[int, int, int]]:
    rows = await read_sql(database, "SELECT * FROM exports")
    return [(row["last_number"], row["with_name"], row["without_name"]) for row in rows]


@pytest.mark.parametrize("without", ["name_sealed = NULL", "restricted_at = 1", "objected_at = 1"])
async def test_who_may_not_be_named_is_counted_and_not_in_the_list(
    people: Supporters, without: str
) -> None:
    await people.change(2, without)
    async with open_signature_list(people, await begun(people)) as signatures:
        *_, groups = await signatures.totals()
    assert [(each.named, each.signatures) for each in groups] == [(False, 1), (True, 5)]
    assert [each.number for each in await named(people)] == [1, 3, 4, 5, 6]


async def test_whoever_signs_or_withdraws_while_the_list_is_read_changes_nothing_in_it(
    people: Supporters,
) -> None:
    await begun(people)
    # Whoever withdraws read the clock before it, and waited.
    export = await people.write(begin_export, at=later(1), detail="json encrypted")
    await people.sign([7])
    async with open_signature_list(people, export) as signatures:
        *_, (group,) = await signatures.totals()
        await people.withdraw(2)
        await people.sign([8])
        pages = [page async for page in signatures.pages()]
    assert group.signatures == 6
    assert [each.number for each in pages[0]] == [1, 2, 3, 4, 5, 6]
    await people.write(finish_export, export, with_name=6, without_name=0)
    # And the one who withdrew is owed a notice.
    (owed,) = await people.read(owed_changes, export)
    assert owed.number == 2
    assert sorted(await exports(people.database)) == [(6, 0, 0), (6, 6, 0)]


@pytest.mark.parametrize("kind", ["postgres"], indirect=True)
async def test_a_server_that_ends_the_connection_is_told_and_asked_for_no_other_moment(
    people: Supporters, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.exports._PAGE", 2)
    severing = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE pid <> pg_backend_pid() AND datname = current_database()
    """
    async with open_signature_list(people, await begun(people)) as signatures:
        pages = signatures.pages()
        assert len(await anext(pages)) == 2
        await read_sql(people.database, severing)
        with pytest.raises(Unavailable):
            await anext(pages)
    assert len(await named(people)) == 6
