"""The first tables."""

import sqlalchemy as sa
from alembic import op

# SQLite's strict tables know INTEGER only, which holds 64 bits there.
WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("petition", sa.Text(), nullable=False),
        sa.Column("at", WHOLE, nullable=False),
        sa.Column("actor_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("audit_key")),
        sqlite_strict=True,
    )
    op.create_index(op.f("audit_by_petition_at"), "audit", ["petition", "at"], unique=False)
    op.create_table(
        "consent_texts",
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("petition", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("consent_texts_key")),
        sqlite_strict=True,
    )
    op.create_table(
        "conversations",
        sa.Column("petition", sa.Text(), nullable=False),
        sa.Column("supporter", sa.LargeBinary(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("page", WHOLE, nullable=False),
        sa.Column("behind", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("news", WHOLE, nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("message_id", WHOLE, nullable=True),
        sa.Column("picture_id", WHOLE, nullable=True),
        sa.Column("typed", sa.Text(), nullable=False),
        sa.Column("shown", sa.LargeBinary(), nullable=True),
        sa.Column("version", WHOLE, nullable=False),
        sa.Column("updated_at", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("petition", "supporter", name=op.f("conversations_key")),
        sqlite_strict=True,
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("expires_at", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("leases_key")),
        sqlite_strict=True,
    )
    op.create_table(
        "petitions",
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("signatures", WHOLE, server_default=sa.text("0"), nullable=False),
        sa.Column("last_number", WHOLE, server_default=sa.text("0"), nullable=False),
        sa.Column("closed_at", WHOLE, nullable=True),
        sa.Column("closed_signatures", WHOLE, nullable=True),
        sa.Column("revision", WHOLE, server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint("signatures <= last_number", name=op.f("petitions_numbers_given")),
        sa.CheckConstraint("signatures >= 0", name=op.f("petitions_count_not_negative")),
        sa.PrimaryKeyConstraint("slug", name=op.f("petitions_key")),
        sqlite_strict=True,
    )
    op.create_table(
        "published",
        sa.Column("petition", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("telegram_id", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("petition", "key", name=op.f("published_key")),
        sqlite_strict=True,
    )
    op.create_table(
        "broadcasts",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("petition", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("content_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("total", WHOLE, nullable=False),
        sa.Column("created_at", WHOLE, nullable=False),
        sa.Column("finished_at", WHOLE, nullable=True),
        sa.Column("stop_reason", sa.Text(), nullable=True),
        sa.Column("progress_chat_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("progress_message_id", WHOLE, nullable=True),
        sa.Column("started_by_sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "state IN ('running', 'finished', 'stopped')", name=op.f("broadcasts_state_known")
        ),
        sa.ForeignKeyConstraint(
            ["petition"], ["petitions.slug"], name=op.f("broadcasts_petition_known")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("broadcasts_key")),
        sqlite_strict=True,
    )
    op.create_index(
        "broadcasts_one_running",
        "broadcasts",
        ["petition"],
        unique=True,
        sqlite_where=sa.text("state = 'running'"),
        postgresql_where=sa.text("state = 'running'"),
    )
    op.create_table(
        "signatures",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("petition", sa.Text(), nullable=False),
        sa.Column("supporter", sa.LargeBinary(), nullable=False),
        sa.Column("number", WHOLE, nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("chat_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("text_version", sa.Text(), nullable=False),
        sa.Column("signed_at", WHOLE, nullable=False),
        sa.Column("unreachable_at", WHOLE, nullable=True),
        sa.ForeignKeyConstraint(
            ["petition"], ["petitions.slug"], name=op.f("signatures_petition_known")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("signatures_key")),
        sa.UniqueConstraint("petition", "number", name=op.f("signatures_petition_number_once")),
        sa.UniqueConstraint(
            "petition", "supporter", name=op.f("signatures_petition_supporter_once")
        ),
        sqlite_strict=True,
    )
    op.create_table(
        "consents",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("petition", sa.Text(), nullable=False),
        sa.Column("signature_id", sa.LargeBinary(), nullable=False),
        sa.Column("purposes", sa.Text(), nullable=False),
        sa.Column("text_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("text_version", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("message_id", WHOLE, nullable=False),
        sa.Column("given_at", WHOLE, nullable=False),
        sa.ForeignKeyConstraint(
            ["signature_id"],
            ["signatures.id"],
            name=op.f("consents_signature_id_known"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["text_sha256"], ["consent_texts.sha256"], name=op.f("consents_text_sha256_known")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("consents_key")),
        sqlite_strict=True,
    )
    op.create_index(op.f("consents_by_signature_id"), "consents", ["signature_id"], unique=False)
    op.create_table(
        "deliveries",
        sa.Column("broadcast_id", sa.LargeBinary(), nullable=False),
        sa.Column("position", WHOLE, nullable=False),
        sa.Column("signature_id", sa.LargeBinary(), nullable=True),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", WHOLE, server_default=sa.text("0"), nullable=False),
        sa.Column("claim", sa.LargeBinary(), nullable=True),
        sa.Column("updated_at", WHOLE, nullable=False),
        sa.CheckConstraint(
            "state IN ('pending', 'sending', 'delivered', 'unreachable', 'rejected', 'unknown',"
            " 'withdrawn')",
            name=op.f("deliveries_state_known"),
        ),
        sa.ForeignKeyConstraint(
            ["broadcast_id"], ["broadcasts.id"], name=op.f("deliveries_broadcast_id_known")
        ),
        sa.ForeignKeyConstraint(
            ["signature_id"],
            ["signatures.id"],
            name=op.f("deliveries_signature_id_known"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("broadcast_id", "position", name=op.f("deliveries_key")),
        sa.UniqueConstraint(
            "broadcast_id", "signature_id", name=op.f("deliveries_broadcast_id_signature_id_once")
        ),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("deliveries_by_broadcast_id_state_position"),
        "deliveries",
        ["broadcast_id", "state", "position"],
        unique=False,
    )
    op.create_index(
        op.f("deliveries_by_signature_id"), "deliveries", ["signature_id"], unique=False
    )
