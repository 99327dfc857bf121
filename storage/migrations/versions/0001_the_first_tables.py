"""The first tables."""

import sqlalchemy as sa
from alembic import op

from storage.columns import blob, number, petition, text, where
from storage.migrations.first_tables import first_broadcasts, first_deliveries

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "audit",
        blob("id"),
        text("petition"),
        number("at"),
        blob("actor_sealed", null=True),
        text("action"),
        text("detail"),
        sa.PrimaryKeyConstraint("id"),
        sa.Index(None, "petition", "at"),
        sqlite_strict=True,
    )
    op.create_table(
        "consent_texts",
        blob("sha256"),
        text("petition"),
        text("language"),
        text("version"),
        text("text"),
        sa.PrimaryKeyConstraint("sha256"),
        sqlite_strict=True,
    )
    op.create_table(
        "conversations",
        text("petition"),
        blob("supporter"),
        text("stage"),
        number("page"),
        text("behind", null=True),
        text("language", null=True),
        blob("name_sealed", null=True),
        number("news"),
        text("source", null=True),
        number("message_id", null=True),
        number("picture_id", null=True),
        text("typed"),
        blob("shown", null=True),
        number("version"),
        number("updated_at"),
        sa.PrimaryKeyConstraint("petition", "supporter"),
        sqlite_strict=True,
    )
    op.create_table(
        "leases",
        text("name"),
        text("holder"),
        number("expires_at"),
        sa.PrimaryKeyConstraint("name"),
        sqlite_strict=True,
    )
    op.create_table(
        "petitions",
        text("slug"),
        number("signatures", default=0),
        number("last_number", default=0),
        number("closed_at", null=True),
        number("closed_signatures", null=True),
        number("revision", default=0),
        sa.CheckConstraint("signatures <= last_number", name="numbers_given"),
        sa.CheckConstraint("signatures >= 0", name="count_not_negative"),
        sa.PrimaryKeyConstraint("slug"),
        sqlite_strict=True,
    )
    op.create_table(
        "published",
        text("petition"),
        text("key"),
        blob("digest"),
        text("telegram_id", null=True),
        sa.PrimaryKeyConstraint("petition", "key"),
        sqlite_strict=True,
    )
    op.create_table("broadcasts", *first_broadcasts(), sqlite_strict=True)
    op.create_index(
        "broadcasts_one_running",
        "broadcasts",
        ["petition"],
        unique=True,
        **where("state = 'running'"),
    )
    op.create_table(
        "signatures",
        blob("id"),
        petition(),
        blob("supporter"),
        number("number"),
        blob("name_sealed"),
        blob("chat_sealed"),
        text("language"),
        text("source", null=True),
        text("text_version"),
        number("signed_at"),
        number("unreachable_at", null=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("petition", "number"),
        sa.UniqueConstraint("petition", "supporter"),
        sqlite_strict=True,
    )
    op.create_table(
        "consents",
        blob("id"),
        text("petition"),
        blob("signature_id", "signatures.id", on_delete="CASCADE"),
        text("purposes"),
        blob("text_sha256", "consent_texts.sha256"),
        text("text_version"),
        text("language"),
        text("channel"),
        number("message_id"),
        number("given_at"),
        sa.PrimaryKeyConstraint("id"),
        sa.Index(None, "signature_id"),
        sqlite_strict=True,
    )
    op.create_table("deliveries", *first_deliveries(), sqlite_strict=True)
    op.create_index("deliveries_by_signature_id", "deliveries", ["signature_id"])
