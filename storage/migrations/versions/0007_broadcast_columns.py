"""The columns of broadcasts and deliveries say what they hold, and a reason is no prefix.

A broadcast's pause reason, stop reason and the detail of either have a column each. Values that
are sealed in a renamed column stay bound to its former name (`storage/keyring.py`).
"""

import sqlalchemy as sa
from alembic import op

from storage.columns import blob, number, text

revision = "0007"
down_revision = "0006"

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
INSERT INTO deliveries (broadcast_id, position, signature_id, language, state, attempts,
  claim_token, updated_at, message_ids, recall_outcome)
SELECT broadcast_id, position, signature_id, language,
  CASE state WHEN 'unknown' THEN 'unconfirmed' ELSE state END, attempts, claim, updated_at,
  message_ids, recall
FROM deliveries_before
"""
STATES = (
    "state IN ('pending', 'sending', 'delivered', 'unreachable', 'rejected', 'unconfirmed',"
    " 'withdrawn')"
)


def upgrade() -> None:
    dialect = op.get_context().dialect.name
    for former, name in BROADCASTS.items():
        rename("broadcasts", former, name)
    op.add_column("broadcasts", text("pause_reason", null=True))
    op.add_column("broadcasts", text("reason_detail", null=True))
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
        sa.CheckConstraint(STATES, name="state_known"),
        sa.PrimaryKeyConstraint("broadcast_id", "position"),
        sa.UniqueConstraint("signature_id", "broadcast_id"),
        sqlite_strict=True,
    )
    op.execute(COPY)
    op.drop_table("deliveries_before")
    op.create_index(
        op.f("deliveries_by_broadcast_id_state_position"),
        "deliveries",
        ["broadcast_id", "state", "position"],
    )
