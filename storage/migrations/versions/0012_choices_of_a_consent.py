"""Messages about the petition are a choice of their own, up to a number on each consent.

Consents to earlier words promised the closing update alone, so their number is 0.
"""

from alembic import op

from storage.columns import number, where

revision = "0012"
down_revision = "0011"

FILLED_IN = (
    "name_sealed IS NOT NULL OR name_message_ids <> '[]' OR news <> 0 OR updates <> 0"
    " OR source IS NOT NULL"
)


def upgrade() -> None:
    op.add_column("consents", number("updates_at_most", default=0))
    op.add_column("consents", number("updates_ended_at", null=True))
    op.add_column("conversations", number("updates", default=0))
    op.drop_index("conversations_filled_in", "conversations")
    op.create_index(
        "conversations_filled_in", "conversations", ["petition", "updated_at"], **where(FILLED_IN)
    )
