"""What was on each screen is forgotten: it was kept as a digest that anybody can make.

A name stood on some of those screens. The next one of each person is kept under the key.
"""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute("UPDATE conversations SET shown = NULL")
