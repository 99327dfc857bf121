"""Writes a new revision: the difference between the tables and the revisions so far."""

import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from alembic import command
from sqlalchemy import create_engine

from storage.migrations.rendering import alembic_config, history, render


def write_revision(message: str) -> None:
    """Brings an empty database to the newest revision and lets Alembic write the difference."""
    number = f"v{len(history()) + 1}"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "revision.db"
        with closing(sqlite3.connect(path)) as database, database:
            for statement in render("sqlite", since=None):
                database.execute(statement)
        engine = create_engine(f"sqlite:///{path}")
        with engine.connect() as connection:
            config = alembic_config(connection=connection)
            command.revision(config, message, autogenerate=True, rev_id=number)
        engine.dispose()


if __name__ == "__main__":
    write_revision(" ".join(sys.argv[1:]) or "change")
