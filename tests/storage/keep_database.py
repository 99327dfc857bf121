"""Keeps a database of the present schema: `python -m tests.storage.keep_database 0.2.0`.

To be done before a release with another schema, for `test_released_databases.py`.
"""

import asyncio
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path

from storage import Storage, open_storage
from storage.admins import save_admin_name, store_draft
from storage.broadcast_types import Kind, Outcome
from storage.closing_texts import (
    CLOSING_UPDATE,
    AwaitedText,
    ClosingTextKind,
    await_closing_text,
    write_closing_text,
)
from storage.deliveries import record_results
from storage.exports import begin_export, finish_export
from storage.handovers import record_handover
from storage.invalidations import take_out_signatures
from storage.keyring import Keyring
from storage.leases import take_over
from storage.migrate import migrate
from storage.person_requests import PersonNoticeKind, carry_out_request
from storage.petitions import close_petition
from storage.sent_files import add_sent_file
from storage.signatures import mute_supporter, withdraw_signature
from storage.tables import metadata
from tests.support.broadcasts import ME, claim, queued, results, start
from tests.support.person_codes import make_code
from tests.support.postgres_server import PostgresServer, running_postgres
from tests.support.raw_sql import postgres_connection
from tests.support.supporters import ADMIN, NOON, Supporter, a_supporter, later

DATABASES = Path(__file__).with_name("databases")

_SIGNERS = (
    "Ana García",
    "Jordi Puig",
    "Mallory Quinn",
    "Seán O'Brien",
    "Pau Roca",
    "Eva Sanz",
    "Íñigo Ruiz",
)


HANDED_OVER = "sahara"
"""The petition whose list was handed over."""


async def live(storage: Storage) -> None:
    """Something of everything: people, requests, a text, and a broadcast in its middle."""
    people: list[Supporter] = []
    for number, name in enumerate(_SIGNERS, start=1):
        people.append(a_supporter(storage.keyring, 1000 + number, name))
        await people[-1].come_and_sign(storage)
    ana, jordi, mallory, _, pau, *_ = people
    await a_supporter(storage.keyring, 1050, "Zoe Vidal").arrive(storage)
    await storage.write(withdraw_signature, mallory.supporter, NOON)
    await storage.write(mute_supporter, jordi.supporter, NOON)
    await make_code(storage, pau.supporter, NOON)
    proof = "carnet"
    await storage.write(
        carry_out_request, PersonNoticeKind.CORRECTED, 5, proof, NOON, "Pau Roca Vila"
    )
    await storage.write(add_sent_file, ana.supporter, chat_id=1001, message_id=5, at=NOON)
    await storage.write(take_out_signatures, [7], reason="Una ola", condition="x", at=NOON)
    await of_admins(storage)
    await in_its_middle(storage)


async def of_admins(storage: Storage) -> None:
    """An admin has written a draft and how it ended, and is about to write that again."""
    admin = storage.keyring.reference("andry", ADMIN)
    awaited = AwaitedText(CLOSING_UPDATE, ClosingTextKind.CLOSING_UPDATE, "es", NOON)
    version = awaited.written(b"k" * 16, "Han vuelto.", ADMIN, NOON)
    await storage.write(write_closing_text, version, admin)
    await storage.write(await_closing_text, admin, awaited)
    await storage.write(store_draft, admin, '{"kind": "news"}', NOON)
    await storage.write(save_admin_name, ADMIN, "Marta", NOON)


async def in_its_middle(storage: Storage) -> None:
    """One of four has a message, and one is being sent it."""
    await storage.write(take_over, ME, NOON)
    broadcast = await start(
        storage,
        b"b" * 16,
        kind=Kind.NEWS,
        content={"es": "<b>Hola</b>"},
        source_chat=ADMIN,
        progress=(ADMIN, 5),
    )
    broadcast = await queued(storage, broadcast)
    first, *_ = await claim(storage, broadcast, limit=2)
    told = results([first], Outcome.DELIVERED)
    await storage.write(record_results, broadcast.id, told, later(2))


async def handed_over(storage: Storage) -> None:
    """Ana's signature was handed over, with her name; since then she withdrew."""
    ana = a_supporter(storage.keyring, 2001, "Ana Gil", HANDED_OVER)
    await ana.come_and_sign(storage)
    await storage.write(close_petition, revision=0, actor=ADMIN, at=later(200))
    listed = await storage.write(begin_export, at=later(210), detail="csv")
    await storage.write(finish_export, listed, with_name=1, without_name=0)
    listed = replace(listed, with_name=1)
    day = date(2026, 3, 2)
    await storage.write(record_handover, day, at=later(220), listed=listed, manifest="a")
    await storage.write(withdraw_signature, ana.supporter, later(230))


async def copied(path: Path, url: str) -> None:
    """Makes the same database on PostgreSQL."""
    await migrate(url)
    async with postgres_connection(url) as server:
        with closing(sqlite3.connect(path)) as database:
            for table in metadata.sorted_tables:
                names = [column.name for column in table.columns]
                columns = ", ".join(names)
                places = ", ".join(f"${number}" for number in range(1, len(names) + 1))
                for row in database.execute(f"SELECT {columns} FROM {table.name}"):  # noqa: S608
                    insert = f"INSERT INTO {table.name} ({columns}) VALUES ({places})"  # noqa: S608
                    await server.execute(insert, *row)


def dumped(server: PostgresServer, url: str) -> str:
    """Returns a database as SQL that any client runs."""
    words = ("--inserts", "--no-owner", "--no-privileges", url.replace("+asyncpg", ""))
    program = str(server.programs / "pg_dump")
    text = subprocess.run([program, *words], capture_output=True, text=True, check=True).stdout  # noqa: S603
    for_psql = ("--", "\\", "SET ", "SELECT pg_catalog.set_config")
    return "\n".join(each for each in text.splitlines() if each and not each.startswith(for_psql))


async def made(path: Path, keyring: Keyring) -> None:
    """Makes one on SQLite."""
    url = f"sqlite+aiosqlite:///{path}"
    await migrate(url)
    for slug, lived in (("andry", live), (HANDED_OVER, handed_over)):
        storage = await open_storage(url, keyring, slug)
        await lived(storage)
        await storage.close()


def keep(schema: str, folder: Path, server: PostgresServer) -> None:
    """Writes one of each kind as text, with its journal."""
    key_file = Path(shutil.copy(DATABASES / "key_file", folder / "kept.key"))
    key_file.chmod(0o600)
    keyring, path, url = Keyring.load(key_file), folder / "petition.db", server.empty()
    asyncio.run(made(path, keyring))
    asyncio.run(copied(path, url))
    shutil.copyfile(keyring.beside("andry.journal"), DATABASES / f"{schema}.andry.journal")
    with closing(sqlite3.connect(path)) as database:
        text = "\n".join(database.iterdump())
    for kind, sql in (("sqlite", text), ("postgres", dumped(server, url))):
        (DATABASES / f"{schema}.{kind}.sql").write_text(f"{sql}\n", "utf-8")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder, running_postgres() as running:
        keep(sys.argv[1], Path(folder), running)
