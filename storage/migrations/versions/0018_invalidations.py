"""Why signatures were invalidated and by which condition is sealed: both can hold a name."""

import sqlalchemy as sa
from alembic import op

from storage.columns import blob, number, petition, where

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    # Nothing has written into it yet.
    op.drop_table("invalidations")
    op.create_table(
        "invalidations",
        blob("id"),
        petition(),
        blob("reason_sealed"),
        blob("condition_sealed"),
        number("signatures"),
        number("invalidated_at"),
        number("undone_at", null=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_strict=True,
    )
    op.create_index(
        "signatures_counted",
        "signatures",
        ["petition", "signed_at"],
        **where("invalidation_id IS NULL"),
    )
