"""Whether the journal could be read whole when a backup was restored."""

from alembic import op

from storage.columns import number

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.add_column("restores", number("journal_is_whole", default=1))
