"""A petition can have a date from which nobody can sign, and notices of its own to its admins."""

import sqlalchemy as sa
from alembic import op

# SQLite's strict tables know INTEGER only, which holds 64 bits there.
WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("petitions", sa.Column("closes_at", WHOLE, nullable=True))
    op.add_column(
        "petitions",
        sa.Column("closes_at_chosen", WHOLE, nullable=False, server_default=sa.text("0")),
    )
    # What was closed and opened again before, or is closed, was so by hand.
    op.execute("UPDATE petitions SET closes_at_chosen = 1 WHERE revision > 0")
    op.create_table(
        "petition_notices",
        sa.Column("petition", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["petition"], ["petitions.slug"], name=op.f("petition_notices_petition_known")
        ),
        sa.PrimaryKeyConstraint("petition", "kind", "about", name=op.f("petition_notices_key")),
        sqlite_strict=True,
    )
