"""The schema's history: one revision a file, oldest first, run by `storage/migrate.py`.

A new revision: change `storage/tables.py`, then `python -m storage.migrations "add a column"`
writes the difference into `versions/`, and NEWEST below follows it. Revisions are rendered as SQL
before they run, so one that moves data says so in SQL (`op.execute`), and one for SQLite's missing
ALTERs gives `op.batch_alter_table` its `copy_from`.
"""

from typing import Final

# Told here so that a start need not load Alembic to learn that there is nothing to do.
NEWEST: Final = "0005"
