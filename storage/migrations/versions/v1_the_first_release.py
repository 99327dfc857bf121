"""The first release, whose tables are there; a new database has those of today at once."""

revision = "v1"
down_revision = None


def upgrade() -> None:
    pass
