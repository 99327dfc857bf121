"""How many deeds the journal was told of, which notice was shown, and what recipients forbid."""

import sqlalchemy as sa
from alembic import op

from storage.columns import blob, number, text

revision = "0026"
down_revision = "0025"

_STATES = (
    "state IN ('pending', 'sending', 'delivered', 'unreachable', 'rejected', 'forbidden',"
    " 'unconfirmed', 'withdrawn')"
)


def upgrade() -> None:
    op.add_column("petitions", number("deeds", default=0))
    op.add_column("conversations", text("notice", null=True))
    if op.get_context().dialect.name == "sqlite":
        rebuild_deliveries()
    else:
        op.drop_constraint(op.f("deliveries_state_known"), "deliveries", type_="check")
        op.create_check_constraint(op.f("deliveries_state_known"), "deliveries", _STATES)


def rebuild_deliveries() -> None:
    """Writes the table anew, since SQLite cannot change a constraint: each row once."""
    op.rename_table("deliveries", "deliveries_before")
    op.create_table(
        "deliveries",
        blob("broadcast_id", "broadcasts.id"),
        number("position"),
        blob("signature_id", "signatures.id", null=True, on_delete="SET NULL"),
        text("language"),
        text("state"),
        number("attempts", default=0),
        blob("claim_token", null=True),
        number("updated_at"),
        text("message_ids", null=True),
        text("recall_outcome", null=True),
        sa.CheckConstraint(_STATES, name="state_known"),
        sa.PrimaryKeyConstraint("broadcast_id", "position"),
        sa.UniqueConstraint("signature_id", "broadcast_id"),
        sqlite_strict=True,
    )
    op.execute("INSERT INTO deliveries SELECT * FROM deliveries_before")
    op.drop_table("deliveries_before")
    op.create_index(
        op.f("deliveries_by_broadcast_id_state_position"),
        "deliveries",
        ["broadcast_id", "state", "position"],
    )
