"""Writes a new revision: what the tables have and a database of the last one does not.

Usage: python -m tests.storage.write_revision "add a column"
"""

import asyncio
import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from alembic import command
from sqlalchemy import create_engine

from storage.migrate import alembic_config, migrate
from storage.migrations import NEWEST
from storage.migrations.before_the_release import FIRST
from tests.storage.keep_database import DATABASES


def write_revision(message: str) -> None:
    """Brings a database of the first release to the newest revision; Alembic writes the rest."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "revision.db"
        with closing(sqlite3.connect(path)) as database, database:
            database.executescript((DATABASES / f"{FIRST}.sqlite.sql").read_text("utf-8"))
        asyncio.run(migrate(f"sqlite+aiosqlite:///{path}"))
        engine = create_engine(f"sqlite:///{path}")
        with engine.connect() as connection:
            number = f"v{int(NEWEST[1:]) + 1}"
            command.revision(alembic_config(connection), message, autogenerate=True, rev_id=number)
        engine.dispose()


if __name__ == "__main__":
    write_revision(" ".join(sys.argv[1:]) or "change")
