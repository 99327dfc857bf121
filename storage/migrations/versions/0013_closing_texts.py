"""The closing update can be written in the chat, and what became of the petition later too."""

import sqlalchemy as sa
from alembic import op

# SQLite's strict tables know INTEGER only, which holds 64 bits there.
WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "awaited_closing_texts",
        sa.Column("petition", sa.Text(), nullable=False),
        sa.Column("admin", sa.LargeBinary(), nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("asked_at", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("petition", "admin", name=op.f("awaited_closing_texts_key")),
        sqlite_strict=True,
    )
    op.create_table(
        "closing_publications",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("petition", sa.Text(), nullable=False),
        sa.Column("requested_by_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("requested_at", WHOLE, nullable=False),
        sa.Column("approved_by_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("published_at", WHOLE, nullable=True),
        sa.ForeignKeyConstraint(
            ["petition"], ["petitions.slug"], name=op.f("closing_publications_petition_known")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("closing_publications_key")),
        sqlite_strict=True,
    )
    op.create_table(
        "closing_texts",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("petition", sa.Text(), nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("number", WHOLE, nullable=False),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("author_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("written_at", WHOLE, nullable=False),
        sa.Column("discarded_at", WHOLE, nullable=True),
        sa.Column("publication_id", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["petition"], ["petitions.slug"], name=op.f("closing_texts_petition_known")
        ),
        sa.ForeignKeyConstraint(
            ["publication_id"],
            ["closing_publications.id"],
            name=op.f("closing_texts_publication_id_known"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("closing_texts_key")),
        sa.UniqueConstraint(
            "petition",
            "entry",
            "language",
            "number",
            name=op.f("closing_texts_petition_entry_language_number_once"),
        ),
        sqlite_strict=True,
    )
