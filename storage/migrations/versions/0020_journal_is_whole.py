"""Whether the journal could be read whole when a backup was restored."""

import sqlalchemy as sa
from alembic import op

# SQLite's strict tables know INTEGER only, which holds 64 bits there.
WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "restores",
        sa.Column("journal_is_whole", WHOLE, nullable=False, server_default=sa.text("1")),
    )
