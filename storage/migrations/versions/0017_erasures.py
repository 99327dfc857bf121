"""When signatures were last erased, and when admins were sent a notice about the petition."""

import sqlalchemy as sa
from alembic import op

# SQLite's strict tables know INTEGER only, which holds 64 bits there.
WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("petition_notices", sa.Column("sent_at", WHOLE, nullable=True))
    op.add_column("petitions", sa.Column("erased_at", WHOLE, nullable=True))
