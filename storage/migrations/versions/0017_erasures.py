"""When signatures were last erased, and when admins were sent a notice about the petition."""

from alembic import op

from storage.columns import number

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.add_column("petition_notices", number("sent_at", null=True))
    op.add_column("petitions", number("erased_at", null=True))
