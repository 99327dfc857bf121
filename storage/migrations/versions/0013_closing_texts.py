"""The closing update can be written in the chat, and what became of the petition later too."""

import sqlalchemy as sa
from alembic import op

from storage.columns import blob, number, petition, text

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "awaited_closing_texts",
        text("petition"),
        blob("admin"),
        text("entry"),
        text("kind"),
        text("day", null=True),
        text("language"),
        number("asked_at"),
        sa.PrimaryKeyConstraint("petition", "admin"),
        sqlite_strict=True,
    )
    op.create_table(
        "closing_publications",
        blob("id"),
        petition(),
        blob("requested_by_sealed"),
        number("requested_at"),
        blob("approved_by_sealed", null=True),
        number("published_at", null=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_strict=True,
    )
    op.create_table(
        "closing_texts",
        blob("id"),
        petition(),
        text("entry"),
        text("kind"),
        text("day", null=True),
        text("language"),
        number("number"),
        blob("text_sealed"),
        blob("author_sealed"),
        number("written_at"),
        number("discarded_at", null=True),
        blob("publication_id", "closing_publications.id", null=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("petition", "entry", "language", "number"),
        sqlite_strict=True,
    )
