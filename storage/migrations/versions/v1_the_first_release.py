"""The first release. A new database gets the tables of today from it, and skips what follows."""

from alembic import op

from storage.tables import metadata

revision = "v1"
down_revision = None


def upgrade() -> None:
    for table in metadata.sorted_tables:
        op.get_context().impl.create_table(table)
