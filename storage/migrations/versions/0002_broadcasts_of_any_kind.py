"""Broadcasts of any kind: scheduled, paused, cancelled and recalled; and drafts of them."""

import sqlalchemy as sa
from alembic import op

# SQLite's strict tables know INTEGER only, which holds 64 bits there.
WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# What was there already is queued to the last recipient, and all of it was the closing update.
UPDATE = """
UPDATE broadcasts SET expected = total, queued_at = created_at, started_at = created_at,
  ended_at = CASE WHEN state = 'running' THEN NULL ELSE COALESCE(finished_at, created_at) END
"""


def upgrade() -> None:
    op.drop_index("broadcasts_one_running", table_name="broadcasts")
    with op.batch_alter_table(
        "broadcasts", copy_from=before(), recreate="auto", table_kwargs={"sqlite_strict": True}
    ) as table:
        for column in added():
            table.add_column(column)
        table.drop_constraint(op.f("broadcasts_state_known"), type_="check")
        table.create_check_constraint(
            op.f("broadcasts_state_known"),
            "state IN ('scheduled', 'running', 'paused', 'finished', 'stopped', 'cancelled')",
        )
        table.create_check_constraint(
            op.f("broadcasts_news_to_those_who_agreed"), "kind <> 'news' OR news_only = 1"
        )
    op.execute(UPDATE)
    op.create_index(
        "broadcasts_one_active",
        "broadcasts",
        ["petition"],
        unique=True,
        sqlite_where=sa.text("state IN ('running', 'paused')"),
        postgresql_where=sa.text("state IN ('running', 'paused')"),
    )
    op.drop_index("deliveries_by_signature_id", table_name="deliveries")
    with op.batch_alter_table(
        "deliveries", copy_from=deliveries_before(), table_kwargs={"sqlite_strict": True}
    ) as table:
        table.add_column(sa.Column("message_ids", sa.Text(), nullable=True))
        table.add_column(sa.Column("recall", sa.Text(), nullable=True))
        table.drop_constraint(op.f("deliveries_broadcast_id_signature_id_once"), type_="unique")
        table.create_unique_constraint(
            op.f("deliveries_signature_id_broadcast_id_once"), ["signature_id", "broadcast_id"]
        )
    op.add_column("signatures", sa.Column("muted_at", WHOLE, nullable=True))
    op.add_column("consents", sa.Column("news_ended_at", WHOLE, nullable=True))
    op.create_table(
        "drafts",
        sa.Column("petition", sa.Text(), nullable=False),
        sa.Column("admin", sa.LargeBinary(), nullable=False),
        sa.Column("body_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("updated_at", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("petition", "admin", name=op.f("drafts_key")),
        sqlite_strict=True,
    )


def before() -> sa.Table:
    """The table as the first revision made it, which SQLite has to write anew."""
    return sa.Table(
        "broadcasts",
        sa.MetaData(),
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


def deliveries_before() -> sa.Table:
    """The same for the deliveries."""
    return sa.Table(
        "deliveries",
        sa.MetaData(),
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
        sa.Index(
            op.f("deliveries_by_broadcast_id_state_position"), "broadcast_id", "state", "position"
        ),
        sqlite_strict=True,
    )


def added() -> list[sa.Column[object]]:
    """What a broadcast is besides."""
    return [
        sa.Column("topic", sa.Text(), server_default=sa.text("'closing'"), nullable=False),
        sa.Column("source_chat_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("source_language", sa.Text(), server_default=sa.text("'es'"), nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("news_only", WHOLE, server_default=sa.text("0"), nullable=False),
        sa.Column("paid", WHOLE, server_default=sa.text("0"), nullable=False),
        sa.Column("expected", WHOLE, nullable=True),
        sa.Column("cutoff", WHOLE, nullable=True),
        sa.Column("queued_upto", WHOLE, server_default=sa.text("0"), nullable=False),
        sa.Column("queued_at", WHOLE, nullable=True),
        sa.Column("starts_at", WHOLE, nullable=True),
        sa.Column("started_at", WHOLE, nullable=True),
        sa.Column("ended_at", WHOLE, nullable=True),
        sa.Column("recall_started_at", WHOLE, nullable=True),
        sa.Column("recall_ended_at", WHOLE, nullable=True),
        sa.Column("approved_by_sealed", sa.LargeBinary(), nullable=True),
    ]
