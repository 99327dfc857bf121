"""How far the versions of conversations had come that an exchange of keys has forgotten."""

import sqlalchemy as sa
from alembic import op

# SQLite's strict tables know INTEGER only, which holds 64 bits there.
WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "petitions",
        sa.Column("forgotten_version", WHOLE, nullable=False, server_default=sa.text("0")),
    )
