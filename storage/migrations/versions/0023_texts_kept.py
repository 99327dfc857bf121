"""At which version of the texts somebody who was asked again kept what they had signed."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("signatures", sa.Column("kept_version", sa.Text(), nullable=True))
