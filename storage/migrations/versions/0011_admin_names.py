"""Admins are shown by the names that Telegram tells, kept encrypted."""

import sqlalchemy as sa
from alembic import op

from storage.columns import blob, number, text

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "admin_names",
        text("petition"),
        blob("admin"),
        blob("name_sealed"),
        number("updated_at"),
        sa.PrimaryKeyConstraint("petition", "admin"),
        sqlite_strict=True,
    )
