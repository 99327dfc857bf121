"""How many deeds the journal was told of, as an older copy has fewer."""

from alembic import op

from storage.columns import number

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    op.add_column("petitions", number("deeds", default=0))
