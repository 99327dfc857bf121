"""The columns of broadcasts and deliveries say what they hold, and a reason is no prefix.

A broadcast's pause reason, stop reason and the detail of either have a column each. Values that
are sealed in a renamed column stay bound to its former name (`storage/keyring.py`).
"""

import sqlalchemy as sa
from alembic import op

# SQLite's strict tables know INTEGER only, which holds 64 bits there.
WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

BROADCASTS = {
    "finished_at": "reported_at",
    "cutoff": "last_signature_number",
    "queued_upto": "enqueued_through",
    "queued_at": "enqueued_at",
    "started_by_sealed": "author_sealed",
    "approved_by_sealed": "confirmed_by_sealed",
}
PAUSES = "'late', 'former', 'defect', 'unrecorded', 'nobody', 'denied'"
STOPS = "'content', 'unreadable', 'declined', 'unapproved', 'open'"

# A pause always had one of the reasons below. Earlier versions stopped for others too, and a text
# without a reason was free.
REASONS = """
UPDATE broadcasts SET
  pause_reason = CASE WHEN state <> 'paused' THEN NULL
    WHEN {word} IN ({pauses}) THEN {word} ELSE 'defect' END,
  stop_reason = CASE WHEN state <> 'stopped' THEN NULL
    WHEN {word} IN ({stops}) THEN {word} ELSE 'other' END,
  reason_detail = CASE WHEN state NOT IN ('paused', 'stopped') THEN NULL
    WHEN {word} IN ({stops}) AND state = 'stopped' OR {word} IN ({pauses}) AND state = 'paused'
      THEN SUBSTR(stop_reason, {colon} + 2)
    ELSE stop_reason END
WHERE stop_reason IS NOT NULL
"""
COLON = {"sqlite": "INSTR(stop_reason, ': ')", "postgresql": "STRPOS(stop_reason, ': ')"}

COPY = """
INSERT INTO deliveries_renamed (broadcast_id, position, signature_id, language, state, attempts,
  claim_token, updated_at, message_ids, recall_outcome)
SELECT broadcast_id, position, signature_id, language,
  CASE state WHEN 'unknown' THEN 'unconfirmed' ELSE state END, attempts, claim, updated_at,
  message_ids, recall
FROM deliveries
"""
STATES = (
    "state IN ('pending', 'sending', 'delivered', 'unreachable', 'rejected', 'unconfirmed',"
    " 'withdrawn')"
)


def upgrade() -> None:
    dialect = op.get_context().dialect.name
    for former, name in BROADCASTS.items():
        rename("broadcasts", former, name)
    op.add_column("broadcasts", sa.Column("pause_reason", sa.Text(), nullable=True))
    op.add_column("broadcasts", sa.Column("reason_detail", sa.Text(), nullable=True))
    colon = COLON[dialect]
    word = f"SUBSTR(stop_reason, 1, {colon} - 1)"
    if dialect == "postgresql":
        # Its SUBSTR refuses the negative length of a text without a colon.
        word = f"LEFT(stop_reason, GREATEST({colon} - 1, 0))"
    op.execute(REASONS.format(word=word, colon=colon, pauses=PAUSES, stops=STOPS))
    if dialect == "sqlite":
        rebuild_deliveries()
    else:
        rename("deliveries", "claim", "claim_token")
        rename("deliveries", "recall", "recall_outcome")
        op.drop_constraint(op.f("deliveries_state_known"), "deliveries", type_="check")
        op.execute("UPDATE deliveries SET state = 'unconfirmed' WHERE state = 'unknown'")
        op.create_check_constraint(op.f("deliveries_state_known"), "deliveries", STATES)
    rename("erased_deliveries", "recall", "recall_outcome")
    op.execute("UPDATE erased_deliveries SET state = 'unconfirmed' WHERE state = 'unknown'")


def rename(table: str, former: str, name: str) -> None:
    """Renames a column; both databases know the statement, and Alembic not for SQLite."""
    op.execute(f"ALTER TABLE {table} RENAME COLUMN {former} TO {name}")


def rebuild_deliveries() -> None:
    """Writes the table anew, since SQLite cannot change a constraint: each row once."""
    op.create_table(
        "deliveries_renamed",
        sa.Column("broadcast_id", sa.LargeBinary(), nullable=False),
        sa.Column("position", WHOLE, nullable=False),
        sa.Column("signature_id", sa.LargeBinary(), nullable=True),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", WHOLE, server_default=sa.text("0"), nullable=False),
        sa.Column("claim_token", sa.LargeBinary(), nullable=True),
        sa.Column("updated_at", WHOLE, nullable=False),
        sa.Column("message_ids", sa.Text(), nullable=True),
        sa.Column("recall_outcome", sa.Text(), nullable=True),
        sa.CheckConstraint(STATES, name=op.f("deliveries_state_known")),
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
            "signature_id", "broadcast_id", name=op.f("deliveries_signature_id_broadcast_id_once")
        ),
        sqlite_strict=True,
    )
    op.execute(COPY)
    op.drop_table("deliveries")
    op.rename_table("deliveries_renamed", "deliveries")
    op.create_index(
        op.f("deliveries_by_broadcast_id_state_position"),
        "deliveries",
        ["broadcast_id", "state", "position"],
    )
