"""Which encryption key the running bot uses: an exchange of keys waits for the new one."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("petitions", sa.Column("sealed_with", sa.LargeBinary(), nullable=True))
