"""How far the versions of conversations had come that an exchange of keys has forgotten."""

from alembic import op

from storage.columns import number

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.add_column("petitions", number("forgotten_version", default=0))
