"""Columns of conversations are named for what they hold; the index follows by itself."""

from alembic import op

revision = "0008"
down_revision = "0007"

NAMES = {"typed": "name_message_ids", "shown": "screen_digest", "behind": "return_stage"}


def upgrade() -> None:
    for former, name in NAMES.items():
        op.execute(f"ALTER TABLE conversations RENAME COLUMN {former} TO {name}")
