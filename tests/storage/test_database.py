"""Tests what every caller may rely on, whichever database it is, and what opening one reports."""

import asyncio
import sys
import traceback
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError

from storage import open_storage
from storage.database import (
    Database,
    PostgresAddress,
    SqliteAddress,
    names_standby,
    open_database,
    parse_address,
)
from storage.errors import (
    DatabaseUrlWrong,
    KeyFileOther,
    NeedsAPerson,
    PetitionMissing,
    SchemaMissing,
    Unavailable,
)
from storage.journal import Deed, Entry
from storage.keyring import Keyring
from storage.tables import PETITIONS
from storage.transaction import BoundWork, Transaction
from tests.support.raw_sql import write_sql


def add(*slugs: str) -> BoundWork[None]:
    def adding(tx: Transaction) -> None:
        for slug in slugs:
            tx.change(insert(PETITIONS).values(slug=slug))

    return adding


def found(tx: Transaction) -> set[str]:
    return {row.slug for row in tx.all(select(PETITIONS.c.slug))}


async def slugs(database: Database) -> set[str]:
    return await database.read(found)


async def test_many_writes_at_once_all_happen(database: Database) -> None:
    names = {f"p{number}" for number in range(500)}
    await asyncio.gather(*[database.write(add(name)) for name in names])
    assert await slugs(database) == names


async def test_a_mistake_undoes_its_own_transaction_only(database: Database, kind: str) -> None:
    await database.write(add("taken"))
    results = await asyncio.gather(
        database.write(add("a")),
        database.write(add("b", "taken")),
        database.write(lambda tx: tx.scalar(text("SELEC nothing"))),
        database.write(lambda _: 1 / 0),
        database.write(add("d")),
        return_exceptions=True,
    )
    wrong_sql = OperationalError if kind == "sqlite" else ProgrammingError
    kinds = [type(result) for result in results]
    assert kinds == [type(None), IntegrityError, wrong_sql, ZeroDivisionError, type(None)]
    assert isinstance(results[3], Exception)
    assert results[3].__context__ is None, "it tells of nobody else's mistake"
    assert await slugs(database) == {"taken", "a", "d"}


async def test_what_a_driver_says_is_told_without_the_values(database: Database) -> None:
    twice = ["".join(("An", "dry"))] * 2
    with pytest.raises(IntegrityError) as raised:
        await database.write(add(*twice))
    assert "petitions" in str(raised.value)
    assert "Andry" not in "".join(traceback.format_exception(raised.value))


async def test_a_reader_cannot_write(database: Database) -> None:
    with pytest.raises(Unavailable):
        await database.read(add("andry"))
    assert await slugs(database) == set()


async def test_cancelling_one_harms_nobody(database: Database) -> None:
    writes = [asyncio.create_task(database.write(add(f"p{number}"))) for number in range(50)]
    await asyncio.sleep(0)
    for write in writes[::2]:
        write.cancel()
    results = await asyncio.gather(*writes, return_exceptions=True)
    assert [type(result) for result in results[1::2]] == [type(None)] * 25
    assert await slugs(database) >= {f"p{number}" for number in range(1, 50, 2)}


async def test_closing_finishes_what_was_asked_for_and_takes_on_nothing_more(
    database: Database, database_url: str
) -> None:
    writes = [asyncio.create_task(database.write(add(f"p{number}"))) for number in range(300)]
    await asyncio.sleep(0)
    await database.close()
    await asyncio.gather(*writes)
    for asked in (database.write(add("andry")), slugs(database)):
        with pytest.raises(Unavailable, match="closed"):
            await asked
    again = await open_database(database_url)
    assert len(await slugs(again)) == 300
    await again.close()


async def test_postgres_without_its_driver_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "asyncpg", None)
    monkeypatch.delitem(sys.modules, "storage.postgres", raising=False)
    with pytest.raises(NeedsAPerson, match="make live EXTRAS=postgres"):
        await open_database("postgresql+asyncpg://bot@127.0.0.1/petition")


async def test_storage_on_a_database_without_tables_says_to_migrate(
    empty_url: str, keyring: Keyring
) -> None:
    with pytest.raises(SchemaMissing, match="migrate"):
        await open_storage(empty_url, keyring, "andry")


async def test_a_petition_is_opened_with_no_other_key_than_its_first(
    database_url: str, keyring: Keyring, tmp_path: Path
) -> None:
    other = Keyring.generate(tmp_path / "other.key")
    for first, second in ((keyring, other), (other, keyring)):
        storage = await open_storage(database_url, first, "andry")
        for is_known in (False, True):
            with pytest.raises(KeyFileOther):
                await open_storage(database_url, second, "andry", is_known=is_known)
        await write_sql(storage.database, "DELETE FROM petitions")
        await storage.close()


async def test_where_another_key_took_the_place_of_its_own_that_is_said_and_not_of_the_journal(
    database_url: str, keyring: Keyring
) -> None:
    """The journal is of the key that is not there any more, too."""
    storage = await open_storage(database_url, keyring, "andry")
    storage.journal.append([Entry(Deed.WITHDRAWAL, bytes(16))])
    await storage.close()
    keyring.path.unlink(missing_ok=True)
    with pytest.raises(KeyFileOther):
        await open_storage(database_url, Keyring.generate(keyring.path), "andry")


async def test_a_petition_that_was_never_started_is_not_known(
    database_url: str, keyring: Keyring
) -> None:
    with pytest.raises(PetitionMissing):
        await open_storage(database_url, keyring, "andry", is_known=True)


TELL_WHETHER_LOADED = """
import asyncio, sys
from storage.migrate import migrate
from storage.database import open_database

async def start(url):
    await migrate(url)
    await (await open_database(url)).close()

asyncio.run(start(sys.argv[1]))
print("asyncpg" in sys.modules)
"""


@pytest.mark.processes
async def test_a_start_loads_the_driver_of_an_extra_only_for_its_database(
    empty_url: str, kind: str
) -> None:
    told = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", TELL_WHETHER_LOADED, empty_url), stdout=asyncio.subprocess.PIPE
    )
    output, _ = await told.communicate()
    assert output.decode().strip() == str(kind == "postgres")


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite+aiosqlite:///petition.db", "petition.db"),
        ("sqlite+aiosqlite:////srv/petition/petition.db", "/srv/petition/petition.db"),
        ("sqlite+aiosqlite:///data/year 2025.db", "data/year 2025.db"),
    ],
)
def test_a_sqlite_url_names_a_file(url: str, path: str) -> None:
    assert parse_address(url) == SqliteAddress(Path(path))


# As of a cloud that offers a database by a socket in a folder with a long name.
SOCKET = "%2Fcloudsql%2Fan-organisation-petitions%3Anorthamerica-northeast1%3Apetition-database"


@pytest.mark.parametrize("server", ["db.example:5433", SOCKET, "%2Fvar%2F..%2Frun"])
def test_a_postgres_url_becomes_what_the_driver_reads(server: str) -> None:
    url = f"postgresql+asyncpg://bot:p%40ss@{server}/petition?sslmode=require"
    assert parse_address(url) == PostgresAddress(
        f"postgresql://bot:p%40ss@{server}/petition?sslmode=require"
    )


@pytest.mark.parametrize(
    "url",
    [
        "",
        "petition.db",
        "sqlite:///petition.db",
        "postgresql://bot:hunter2@db/petition",
        "mysql+aiomysql://bot:hunter2@db/petition",
        "sqlite+aiosqlite://",
        "sqlite+aiosqlite://petition.db",
        "sqlite+aiosqlite:///",
        "sqlite+aiosqlite:///data/",
        "sqlite+aiosqlite:///:memory:",
        "sqlite+aiosqlite:///petition.db?mode=ro",
        "postgresql+asyncpg://bot:hunter2@db:port/petition",
        "postgresql+asyncpg://bot:hunter2@[db/petition",
        "postgresql+asyncpg://bot:hunter2@db..internal/petition",
        "postgresql+asyncpg://bot:hunter2@db%00/petition",
        "postgresql+asyncpg://bot:hunter2@/petition?host=db&port=port",
        "postgresql+asyncpg://bot:12/hunter2@db/petition",
        "postgresql+asyncpg://bot:12?hunter2@db/petition",
        "postgresql+asyncpg://bot:12#hunter2@db/petition",
        "postgresql+asyncpg://bot:12?hunter2=y@db/petition",
        "postgresql+asyncpg://bot:12/3?hunter2=y@db/petition",
        "postgresql+asyncpg://bot:p@ss?host=hunter2@db/petition",
    ],
)
def test_any_other_url_is_refused_with_a_sentence_and_without_its_password(url: str) -> None:
    with pytest.raises(DatabaseUrlWrong) as caught:
        parse_address(url)
    assert "sqlite+aiosqlite:///" in str(caught.value) or "host, the port or an option" in str(
        caught.value
    )
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_password_is_not_in_the_repr() -> None:
    assert "hunter2" not in repr(parse_address("postgresql+asyncpg://bot:hunter2@db/petition"))


@pytest.mark.parametrize(
    ("place", "is_named"),
    [
        ("db1/petition", False),
        ("db1:5432,db2:5432/petition", True),
        ("/petition?host=db1,db2", True),
        ("bot:a,b@db1/petition?host=db1", False),
        ("pgbouncer/petition?target_session_attrs=read-write", True),
        ("pgbouncer/petition?sslmode=require&target_session_attrs=primary", True),
        ("db1/petition?target_session_attrs=any", False),
    ],
)
def test_an_address_says_whether_there_is_a_standby(place: str, is_named: bool) -> None:
    assert names_standby(f"postgresql://{place}") is is_named
