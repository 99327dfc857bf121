"""Two tables as revision 0001 made them, which 0002 has SQLite write anew."""

import sqlalchemy as sa

from storage.columns import blob, number, petition, text


def first_broadcasts() -> tuple[sa.schema.SchemaItem, ...]:
    """Returns the columns and constraints of the first `broadcasts`."""
    return (
        blob("id"),
        petition(),
        text("kind"),
        text("state"),
        text("content"),
        blob("content_sha256"),
        number("total"),
        number("created_at"),
        number("finished_at", null=True),
        text("stop_reason", null=True),
        blob("progress_chat_sealed", null=True),
        number("progress_message_id", null=True),
        blob("started_by_sealed"),
        sa.CheckConstraint("state IN ('running', 'finished', 'stopped')", name="state_known"),
        sa.PrimaryKeyConstraint("id"),
    )


def first_deliveries() -> tuple[sa.schema.SchemaItem, ...]:
    """Returns the columns, constraints and first index of the first `deliveries`."""
    return (
        blob("broadcast_id", "broadcasts.id"),
        number("position"),
        blob("signature_id", "signatures.id", null=True, on_delete="SET NULL"),
        text("language"),
        text("state"),
        number("attempts", default=0),
        blob("claim", null=True),
        number("updated_at"),
        sa.CheckConstraint(
            "state IN ('pending', 'sending', 'delivered', 'unreachable', 'rejected', 'unknown',"
            " 'withdrawn')",
            name="state_known",
        ),
        sa.PrimaryKeyConstraint("broadcast_id", "position"),
        sa.UniqueConstraint("broadcast_id", "signature_id"),
        sa.Index(None, "broadcast_id", "state", "position"),
    )
