"""Messages about the petition are a choice of their own, up to a number on each consent.

Consents to earlier words promised the closing update alone, so their number is 0.
"""

import sqlalchemy as sa
from alembic import op

# SQLite's strict tables know INTEGER only, which holds 64 bits there.
WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

FILLED_IN = (
    "name_sealed IS NOT NULL OR name_message_ids <> '[]' OR news <> 0 OR updates <> 0"
    " OR source IS NOT NULL"
)


def upgrade() -> None:
    op.add_column(
        "consents",
        sa.Column("updates_at_most", WHOLE, server_default=sa.text("0"), nullable=False),
    )
    op.add_column("consents", sa.Column("updates_ended_at", WHOLE, nullable=True))
    op.add_column(
        "conversations", sa.Column("updates", WHOLE, server_default=sa.text("0"), nullable=False)
    )
    op.drop_index("conversations_filled_in", "conversations")
    op.create_index(
        "conversations_filled_in",
        "conversations",
        ["petition", "updated_at"],
        unique=False,
        sqlite_where=sa.text(FILLED_IN),
        postgresql_where=sa.text(FILLED_IN),
    )
