"""A petition can have a date from which nobody can sign, and notices of its own to its admins."""

import sqlalchemy as sa
from alembic import op

from storage.columns import number, petition, text

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("petitions", number("closes_at", null=True))
    op.add_column("petitions", number("closes_at_chosen", default=0))
    # What was closed and opened again before, or is closed, was so by hand.
    op.execute("UPDATE petitions SET closes_at_chosen = 1 WHERE revision > 0")
    op.create_table(
        "petition_notices",
        petition(),
        text("kind"),
        text("about"),
        sa.PrimaryKeyConstraint("petition", "kind", "about"),
        sqlite_strict=True,
    )
