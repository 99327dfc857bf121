"""Keeps what admins were told of a broadcast beside all else that they were told.

And no digest of a broadcast's content, which nothing reads. Who opened a petition again ended its
planned closing update; for long, that has to be cancelled first.
"""

from alembic import op

revision = "v3"
down_revision = "v2"

_TOLD = """
INSERT INTO petition_notices (petition, kind, about)
SELECT broadcasts.petition, admin_notices.kind, {broadcast} || '/' || admin_notices.about
FROM admin_notices JOIN broadcasts ON broadcasts.id = admin_notices.broadcast_id
"""


def upgrade() -> None:
    is_sqlite = op.get_context().dialect.name == "sqlite"
    name = "lower(hex(broadcasts.id))" if is_sqlite else "encode(broadcasts.id, 'hex')"
    op.execute(_TOLD.format(broadcast=name))
    op.execute(
        "UPDATE broadcasts SET state = 'cancelled', stop_reason = NULL, reason_detail = NULL"
        " WHERE stop_reason = 'open'"
    )
    op.drop_table("admin_notices")
    op.drop_column("broadcasts", "content_sha256")
