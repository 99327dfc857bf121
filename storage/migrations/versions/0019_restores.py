"""After a backup was restored, sending is held until an admin has looked."""

import sqlalchemy as sa
from alembic import op

# SQLite's strict tables know INTEGER only, which holds 64 bits there.
WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "restores",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("petition", sa.Text(), nullable=False),
        sa.Column("backup_made_at", WHOLE, nullable=True),
        sa.Column("restored_at", WHOLE, nullable=False),
        sa.Column("lost", WHOLE, nullable=False),
        sa.Column("repeated_at", WHOLE, nullable=True),
        sa.Column("released_at", WHOLE, nullable=True),
        sa.ForeignKeyConstraint(
            ["petition"], ["petitions.slug"], name=op.f("restores_petition_known")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("restores_key")),
        sqlite_strict=True,
    )
