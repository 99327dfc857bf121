"""The files of /mydata that are in people's chats, so that they can be deleted there."""

import sqlalchemy as sa
from alembic import op

from storage.columns import blob, number, text

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "sent_files",
        text("petition"),
        blob("supporter"),
        number("message_id"),
        blob("chat_sealed"),
        number("sent_at"),
        number("due"),
        sa.PrimaryKeyConstraint("petition", "supporter", "message_id"),
        sqlite_strict=True,
    )
