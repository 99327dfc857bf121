"""Deliveries whose signature was erased become counts: a broadcast needs no more of them."""

import sqlalchemy as sa
from alembic import op

# SQLite's strict tables know INTEGER only, which holds 64 bits there.
WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

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
        sa.Column("broadcast_id", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("recall", sa.Text(), nullable=False),
        sa.Column("people", WHOLE, nullable=False),
        sa.ForeignKeyConstraint(
            ["broadcast_id"], ["broadcasts.id"], name=op.f("erased_deliveries_broadcast_id_known")
        ),
        sa.PrimaryKeyConstraint(
            "broadcast_id", "state", "recall", name=op.f("erased_deliveries_key")
        ),
        sqlite_strict=True,
    )
    op.execute(COUNT)
    op.execute("DELETE FROM deliveries WHERE signature_id IS NULL AND state <> 'sending'")
