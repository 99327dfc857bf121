"""Forms that were opened and left without a word are found too, as their beginning is kept."""

from alembic import op

from storage.columns import where

revision = "0022"
down_revision = "0021"

FILLED_IN = (
    "name_sealed IS NOT NULL OR name_message_ids <> '[]' OR news <> 0 OR updates <> 0"
    " OR source IS NOT NULL OR form_started_at IS NOT NULL"
)


def upgrade() -> None:
    op.drop_index("conversations_filled_in", table_name="conversations")
    op.create_index(
        "conversations_filled_in", "conversations", ["petition", "updated_at"], **where(FILLED_IN)
    )
