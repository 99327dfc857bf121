"""A name that is handed over can be taken off a signature again, which ends the consent to it."""

from alembic import op

from storage.columns import number

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.add_column("consents", number("with_name_ended_at", null=True))
