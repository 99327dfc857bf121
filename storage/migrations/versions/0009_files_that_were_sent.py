"""The files of /mydata that are in people's chats, so that they can be deleted there."""

import sqlalchemy as sa
from alembic import op

# SQLite's strict tables know INTEGER only, which holds 64 bits there.
WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sent_files",
        sa.Column("petition", sa.Text(), nullable=False),
        sa.Column("supporter", sa.LargeBinary(), nullable=False),
        sa.Column("message_id", WHOLE, nullable=False),
        sa.Column("chat_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("sent_at", WHOLE, nullable=False),
        sa.Column("due", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint(
            "petition", "supporter", "message_id", name=op.f("sent_files_key")
        ),
        sqlite_strict=True,
    )
