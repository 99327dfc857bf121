"""Broadcasts of any kind: scheduled, paused, cancelled and recalled; and drafts of them."""

import sqlalchemy as sa
from alembic import op

from storage.columns import NAMING_CONVENTION, blob, number, text, where
from storage.migrations.first_tables import first_broadcasts, first_deliveries

revision = "0002"
down_revision = "0001"

# What was there already is queued to the last recipient, and all of it was the closing update.
UPDATE = """
UPDATE broadcasts SET expected = total, queued_at = created_at, started_at = created_at,
  ended_at = CASE WHEN state = 'running' THEN NULL ELSE COALESCE(finished_at, created_at) END
"""


def before(name: str, parts: tuple[sa.schema.SchemaItem, ...]) -> sa.Table:
    return sa.Table(
        name, sa.MetaData(naming_convention=NAMING_CONVENTION), *parts, sqlite_strict=True
    )


def upgrade() -> None:
    op.drop_index("broadcasts_one_running", table_name="broadcasts")
    with op.batch_alter_table(
        "broadcasts",
        copy_from=before("broadcasts", first_broadcasts()),
        recreate="auto",
        table_kwargs={"sqlite_strict": True},
    ) as table:
        for column in (
            text("topic", default="closing"),
            blob("source_chat_sealed", null=True),
            text("source_language", default="es"),
            text("language", null=True),
            number("news_only", default=0),
            number("paid", default=0),
            number("expected", null=True),
            number("cutoff", null=True),
            number("queued_upto", default=0),
            number("queued_at", null=True),
            number("starts_at", null=True),
            number("started_at", null=True),
            number("ended_at", null=True),
            number("recall_started_at", null=True),
            number("recall_ended_at", null=True),
            blob("approved_by_sealed", null=True),
        ):
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
        **where("state IN ('running', 'paused')"),
    )
    op.drop_index("deliveries_by_signature_id", table_name="deliveries")
    with op.batch_alter_table(
        "deliveries",
        copy_from=before("deliveries", first_deliveries()),
        table_kwargs={"sqlite_strict": True},
    ) as table:
        table.add_column(text("message_ids", null=True))
        table.add_column(text("recall", null=True))
        table.drop_constraint(op.f("deliveries_broadcast_id_signature_id_once"), type_="unique")
        table.create_unique_constraint(
            op.f("deliveries_signature_id_broadcast_id_once"), ["signature_id", "broadcast_id"]
        )
    op.add_column("signatures", number("muted_at", null=True))
    op.add_column("consents", number("news_ended_at", null=True))
    op.create_table(
        "drafts",
        text("petition"),
        blob("admin"),
        blob("body_sealed"),
        number("updated_at"),
        sa.PrimaryKeyConstraint("petition", "admin"),
        sqlite_strict=True,
    )
