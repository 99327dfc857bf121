"""A code is used once, and a sentence to one person is sent twice at most."""

from alembic import op

from storage.columns import number

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.add_column("person_codes", number("used_at", null=True))
    op.add_column("person_notices", number("attempts", default=0))
