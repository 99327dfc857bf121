"""The schema's history: one revision a file, run by `storage/migrate.py`.

To add a revision, change `storage/tables.py`, run `python -m storage.migrations "add a column"`,
which writes the difference into `versions/`, say it with `storage/columns.py`, and set NEWEST
below to it. Revisions are rendered as SQL before they run, so one that moves data does it in SQL
(`op.execute`), and one that needs an ALTER that SQLite lacks gives `op.batch_alter_table` its
`copy_from`. `tests/storage/databases` has a database of each schema that was released.
"""

# Repeated here so that a start with nothing to migrate need not load Alembic.
NEWEST = "v1"
