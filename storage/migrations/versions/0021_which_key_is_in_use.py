"""Which encryption key the running bot uses: an exchange of keys waits for the new one."""

from alembic import op

from storage.columns import blob

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.add_column("petitions", blob("sealed_with", null=True))
