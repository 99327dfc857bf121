"""How many signatures an undone invalidation put back: some may have withdrawn before."""

from alembic import op

from storage.columns import number

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.add_column("invalidations", number("put_back", null=True))
