"""Signatures can be handed over, with or without a name, taken out of the count, and forgotten.

Who signed before agreed that their name is handed over, so theirs are with it.
"""

import sqlalchemy as sa
from alembic import op

# SQLite's strict tables know INTEGER only, which holds 64 bits there.
WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "anonymous_counts",
        sa.Column("petition", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("with_name", WHOLE, nullable=False),
        sa.Column("is_valid", WHOLE, nullable=False),
        sa.Column("signatures", WHOLE, nullable=False),
        sa.ForeignKeyConstraint(
            ["petition"], ["petitions.slug"], name=op.f("anonymous_counts_petition_known")
        ),
        sa.PrimaryKeyConstraint(
            "petition", "language", "with_name", "is_valid", name=op.f("anonymous_counts_key")
        ),
        sqlite_strict=True,
    )
    op.create_table(
        "changes_after_export",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("petition", sa.Text(), nullable=False),
        sa.Column("number", WHOLE, nullable=False),
        sa.Column("change", sa.Text(), nullable=False),
        sa.Column("changed_at", WHOLE, nullable=False),
        sa.Column("told_at", WHOLE, nullable=True),
        sa.ForeignKeyConstraint(
            ["petition"], ["petitions.slug"], name=op.f("changes_after_export_petition_known")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("changes_after_export_key")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("changes_after_export_by_petition_changed_at"),
        "changes_after_export",
        ["petition", "changed_at"],
        unique=False,
    )
    op.create_table(
        "exports",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("petition", sa.Text(), nullable=False),
        sa.Column("exported_at", WHOLE, nullable=False),
        sa.Column("last_number", WHOLE, nullable=False),
        sa.Column("with_name", WHOLE, nullable=False),
        sa.Column("without_name", WHOLE, nullable=False),
        sa.ForeignKeyConstraint(
            ["petition"], ["petitions.slug"], name=op.f("exports_petition_known")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("exports_key")),
        sqlite_strict=True,
    )
    op.create_table(
        "invalidations",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("petition", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("condition", sa.Text(), nullable=False),
        sa.Column("signatures", WHOLE, nullable=False),
        sa.Column("invalidated_at", WHOLE, nullable=False),
        sa.Column("undone_at", WHOLE, nullable=True),
        sa.ForeignKeyConstraint(
            ["petition"], ["petitions.slug"], name=op.f("invalidations_petition_known")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("invalidations_key")),
        sqlite_strict=True,
    )
    op.create_table(
        "person_codes",
        sa.Column("petition", sa.Text(), nullable=False),
        sa.Column("supporter", sa.LargeBinary(), nullable=False),
        sa.Column("code_digest", sa.LargeBinary(), nullable=False),
        sa.Column("ends_at", WHOLE, nullable=False),
        sa.Column("attempts", WHOLE, server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(
            ["petition"], ["petitions.slug"], name=op.f("person_codes_petition_known")
        ),
        sa.PrimaryKeyConstraint("petition", "supporter", name=op.f("person_codes_key")),
        sqlite_strict=True,
    )
    op.create_table(
        "person_notices",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("petition", sa.Text(), nullable=False),
        sa.Column("supporter", sa.LargeBinary(), nullable=False),
        sa.Column("chat_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("written_at", WHOLE, nullable=False),
        sa.ForeignKeyConstraint(
            ["petition"], ["petitions.slug"], name=op.f("person_notices_petition_known")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("person_notices_key")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("person_notices_by_petition_written_at"),
        "person_notices",
        ["petition", "written_at"],
        unique=False,
    )
    op.create_table(
        "handovers",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("petition", sa.Text(), nullable=False),
        sa.Column("export_id", sa.LargeBinary(), nullable=True),
        sa.Column("handed_over_on", sa.Text(), nullable=False),
        sa.Column("manifest", sa.Text(), nullable=False),
        sa.Column("with_name", WHOLE, nullable=False),
        sa.Column("without_name", WHOLE, nullable=False),
        sa.Column("recorded_at", WHOLE, nullable=False),
        sa.Column("undone_at", WHOLE, nullable=True),
        sa.ForeignKeyConstraint(
            ["export_id"], ["exports.id"], name=op.f("handovers_export_id_known")
        ),
        sa.ForeignKeyConstraint(
            ["petition"], ["petitions.slug"], name=op.f("handovers_petition_known")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("handovers_key")),
        sqlite_strict=True,
    )
    op.add_column(
        "consents", sa.Column("with_name", WHOLE, server_default=sa.text("1"), nullable=False)
    )
    op.add_column("conversations", sa.Column("with_name", WHOLE, nullable=True))
    op.add_column("conversations", sa.Column("form_started_at", WHOLE, nullable=True))
    op.add_column(
        "signatures", sa.Column("with_name", WHOLE, server_default=sa.text("1"), nullable=False)
    )
    op.add_column("signatures", sa.Column("form_seconds", WHOLE, nullable=True))
    op.add_column("signatures", sa.Column("restricted_at", WHOLE, nullable=True))
    op.add_column("signatures", sa.Column("objected_at", WHOLE, nullable=True))
    op.add_column("signatures", sa.Column("invalidation_id", sa.LargeBinary(), nullable=True))
