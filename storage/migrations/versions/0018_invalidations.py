"""Why signatures were invalidated and by which condition is sealed: both can hold a name."""

import sqlalchemy as sa
from alembic import op

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Nothing has written into it yet.
    op.drop_table("invalidations")
    op.create_table(
        "invalidations",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("petition", sa.Text(), nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("condition_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("signatures", WHOLE, nullable=False),
        sa.Column("invalidated_at", WHOLE, nullable=False),
        sa.Column("undone_at", WHOLE, nullable=True),
        sa.ForeignKeyConstraint(
            ["petition"], ["petitions.slug"], name=op.f("invalidations_petition_known")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("invalidations_key")),
        sqlite_strict=True,
    )
    op.create_index(
        "signatures_counted",
        "signatures",
        ["petition", "signed_at"],
        unique=False,
        sqlite_where=sa.text("invalidation_id IS NULL"),
        postgresql_where=sa.text("invalidation_id IS NULL"),
    )
