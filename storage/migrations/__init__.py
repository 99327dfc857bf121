"""The schema's history: one revision a file, run by `storage/migrate.py`.

A new database has the tables of `storage/tables.py`; the revisions bring those that were released
to them, and `tests/storage/databases` has one of each. To add a revision, change the tables, run
`python -m tests.storage.write_revision "add a column"`, which writes the difference into
`versions/`, say it with `storage/columns.py`, and set NEWEST below to it. One that needs an ALTER
that SQLite lacks gives `op.batch_alter_table` its `copy_from`.
"""

# Repeated here so that a start with nothing to migrate need not load Alembic.
NEWEST = "v3"
