"""Admins are shown by the names that Telegram tells, kept encrypted."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "admin_names",
        sa.Column("petition", sa.Text(), nullable=False),
        sa.Column("admin", sa.LargeBinary(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column(
            "updated_at", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.PrimaryKeyConstraint("petition", "admin", name=op.f("admin_names_key")),
        sqlite_strict=True,
    )
