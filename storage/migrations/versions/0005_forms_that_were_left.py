"""Forms that were begun and never signed are found by when they were left."""

from alembic import op

from storage.columns import where

revision = "0005"
down_revision = "0004"

FILLED_IN = "name_sealed IS NOT NULL OR typed <> '[]' OR news <> 0 OR source IS NOT NULL"


def upgrade() -> None:
    op.create_index(
        "conversations_filled_in", "conversations", ["petition", "updated_at"], **where(FILLED_IN)
    )
