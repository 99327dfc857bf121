"""Deliveries whose signature was erased become counts: a broadcast needs no more of them."""

import sqlalchemy as sa
from alembic import op

from storage.columns import blob, number, text

revision = "0004"
down_revision = "0003"

COUNT = """
INSERT INTO erased_deliveries (broadcast_id, state, recall, people)
SELECT broadcast_id, CASE WHEN state = 'pending' THEN 'withdrawn' ELSE state END,
  COALESCE(recall, ''), COUNT(*)
FROM deliveries
WHERE signature_id IS NULL AND state <> 'sending'
GROUP BY 1, 2, 3
"""


def upgrade() -> None:
    op.create_table(
        "erased_deliveries",
        blob("broadcast_id", "broadcasts.id"),
        text("state"),
        text("recall"),
        number("people"),
        sa.PrimaryKeyConstraint("broadcast_id", "state", "recall"),
        sqlite_strict=True,
    )
    op.execute(COUNT)
    op.execute("DELETE FROM deliveries WHERE signature_id IS NULL AND state <> 'sending'")
