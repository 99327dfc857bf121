"""A code is used once, and a sentence to one person is sent twice at most."""

import sqlalchemy as sa
from alembic import op

# SQLite's strict tables know INTEGER only, which holds 64 bits there.
WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("person_codes", sa.Column("used_at", WHOLE, nullable=True))
    op.add_column(
        "person_notices",
        sa.Column("attempts", WHOLE, server_default=sa.text("0"), nullable=False),
    )
