"""Benchmark of a backup and its restore: the time and the memory of the commands."""

import os
from pathlib import Path

import pyrage

from benchmarks.benchmark import Benchmark, Report
from benchmarks.dossiers import measured
from benchmarks.run_options import RunOptions
from benchmarks.signed_database import DATABASE, KEY, url_of
from storage import open_storage
from storage.journal import Deed, Entry
from storage.keyring import Keyring
from tests.support.raw_sql import read_sql
from tests.support.supporters import SLUG

_PEOPLE, _WITHDRAWN = 1_000_000, 10_000
_QUICK_PEOPLE, _QUICK_WITHDRAWN = 10_000, 100

_IDS = "SELECT id FROM signatures ORDER BY number LIMIT CAST(:many AS BIGINT)"


async def _run(options: RunOptions) -> Report:
    people = _QUICK_PEOPLE if options.quick else _PEOPLE
    withdrawn = _QUICK_WITHDRAWN if options.quick else _WITHDRAWN
    async with options.petition(people) as folder:
        identity, backup = pyrage.x25519.Identity.generate(), folder / "petition.backup"
        key = folder / "age.txt"
        key.write_text(f"{identity}\n")
        environment = {
            **os.environ,
            "PETITION_DATABASE_URL": url_of(folder),
            "PETITION_KEY_FILE": str(folder / KEY),
            "PETITION_AGE_RECIPIENTS": str(identity.to_public()),
        }
        size = (folder / DATABASE).stat().st_size
        made = await measured("backup", str(backup), environment=environment)
        await _withdraw(folder, withdrawn)
        opening = ("restore", str(backup), "--identity", str(key))
        checked = await measured("restore", str(backup), "--check", environment=environment)
        tried = await measured(*opening, "--drill", environment=environment)
        restored = await measured(*opening, "--yes", environment=environment)
        rows = tuple(
            (what, f"{seconds:,.1f}", f"{peak / 2**20:,.0f}")
            for what, (seconds, peak) in (
                ("backup", made),
                ("restore --check", checked),
                ("restore --drill", tried),
                ("restore", restored),
            )
        )
        note = (
            f"{people:,} signatures on SQLite, a database of {size / 2**20:,.0f} MB and a backup"
            f" of {backup.stat().st_size / 2**20:,.0f} MB. The restores repeat {withdrawn:,}"
            " withdrawals from the journal."
        )
    return Report(("Command", "time, s", "peak memory, MB"), rows, (note,))


async def _withdraw(folder: Path, many: int) -> None:
    """Notes withdrawals in the journal, as if they had been made after the backup."""
    storage = await open_storage(url_of(folder), Keyring.load(folder / KEY), SLUG)
    try:
        rows = await read_sql(storage.database, _IDS, many=many)
        storage.journal.append([Entry(Deed.WITHDRAWAL, row["id"]) for row in rows])
    finally:
        await storage.close()


BACKUPS = Benchmark(
    "backups",
    "A backup and its restore",
    "How long `petition-bot backup` and `petition-bot restore` take, and how much memory.",
    _run,
)
