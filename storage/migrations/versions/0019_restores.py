"""After a backup was restored, sending is held until an admin has looked."""

import sqlalchemy as sa
from alembic import op

from storage.columns import blob, number, petition

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.create_table(
        "restores",
        blob("id"),
        petition(),
        number("backup_made_at", null=True),
        number("restored_at"),
        number("lost"),
        number("repeated_at", null=True),
        number("released_at", null=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_strict=True,
    )
