"""Forms that were opened and left without a word are found too, as their beginning is kept."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

FILLED_IN = (
    "name_sealed IS NOT NULL OR name_message_ids <> '[]' OR news <> 0 OR updates <> 0"
    " OR source IS NOT NULL OR form_started_at IS NOT NULL"
)


def upgrade() -> None:
    op.drop_index("conversations_filled_in", table_name="conversations")
    op.create_index(
        "conversations_filled_in",
        "conversations",
        ["petition", "updated_at"],
        unique=False,
        sqlite_where=sa.text(FILLED_IN),
        postgresql_where=sa.text(FILLED_IN),
    )
