"""At which version of the texts somebody who was asked again kept what they had signed."""

from alembic import op

from storage.columns import text

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.add_column("signatures", text("kept_version", null=True))
