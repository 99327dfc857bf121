"""Signatures can be handed over, with or without a name, taken out of the count, and forgotten.

Who signed before agreed that their name is handed over, so theirs are with it.
"""

import sqlalchemy as sa
from alembic import op

from storage.columns import blob, number, petition, text

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.create_table(
        "anonymous_counts",
        petition(),
        text("language"),
        number("with_name"),
        number("is_valid"),
        number("signatures"),
        sa.PrimaryKeyConstraint("petition", "language", "with_name", "is_valid"),
        sqlite_strict=True,
    )
    op.create_table(
        "changes_after_export",
        blob("id"),
        petition(),
        number("number"),
        text("change"),
        number("changed_at"),
        number("told_at", null=True),
        sa.PrimaryKeyConstraint("id"),
        sa.Index(None, "petition", "changed_at"),
        sqlite_strict=True,
    )
    op.create_table(
        "exports",
        blob("id"),
        petition(),
        number("exported_at"),
        number("last_number"),
        number("with_name"),
        number("without_name"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_strict=True,
    )
    op.create_table(
        "invalidations",
        blob("id"),
        petition(),
        text("reason"),
        text("condition"),
        number("signatures"),
        number("invalidated_at"),
        number("undone_at", null=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_strict=True,
    )
    op.create_table(
        "person_codes",
        petition(),
        blob("supporter"),
        blob("code_digest"),
        number("ends_at"),
        number("attempts", default=0),
        sa.PrimaryKeyConstraint("petition", "supporter"),
        sqlite_strict=True,
    )
    op.create_table(
        "person_notices",
        blob("id"),
        petition(),
        blob("supporter"),
        blob("chat_sealed"),
        text("language"),
        text("kind"),
        number("written_at"),
        sa.PrimaryKeyConstraint("id"),
        sa.Index(None, "petition", "written_at"),
        sqlite_strict=True,
    )
    op.create_table(
        "handovers",
        blob("id"),
        petition(),
        blob("export_id", "exports.id", null=True),
        text("handed_over_on"),
        text("manifest"),
        number("with_name"),
        number("without_name"),
        number("recorded_at"),
        number("undone_at", null=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_strict=True,
    )
    op.add_column("consents", number("with_name", default=1))
    op.add_column("conversations", number("with_name", null=True))
    op.add_column("conversations", number("form_started_at", null=True))
    op.add_column("signatures", number("with_name", default=1))
    op.add_column("signatures", number("form_seconds", null=True))
    op.add_column("signatures", number("restricted_at", null=True))
    op.add_column("signatures", number("objected_at", null=True))
    op.add_column("signatures", blob("invalidation_id", null=True))
