"""Forms that were begun and never signed are found by when they were left."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

FILLED_IN = "name_sealed IS NOT NULL OR typed <> '[]' OR news <> 0 OR source IS NOT NULL"


def upgrade() -> None:
    op.create_index(
        "conversations_filled_in",
        "conversations",
        ["petition", "updated_at"],
        unique=False,
        sqlite_where=sa.text(FILLED_IN),
        postgresql_where=sa.text(FILLED_IN),
    )
