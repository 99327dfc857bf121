"""The table `published` is split: it held three things besides what Telegram already has."""

import sqlalchemy as sa
from alembic import op

from storage.columns import blob, number, text

revision = "0006"
down_revision = "0005"

HEX = {"sqlite": "lower(hex(b.id))", "postgresql": "encode(b.id, 'hex')"}

# By kind of notice, what its key began with, before the broadcast's id in hexadecimal.
PREFIXES = {"begun": "begun:", "paused": "held:", "question": "ask:", "chart": "chart:"}

# What follows the broadcast's id in the key, after a colon, tells notices of a kind apart.
NOTICES = """
INSERT INTO admin_notices (broadcast_id, kind, about)
SELECT b.id, '{kind}', substr(p.key, length('{prefix}') + length({hex}) + 2)
FROM broadcasts b JOIN published p ON p.petition = b.petition
  AND substr(p.key, 1, length('{prefix}') + length({hex})) = '{prefix}' || {hex}
"""

# A request that was answered has an empty digest. Nobody stored when it was made.
CANCEL_REQUESTS = """
UPDATE broadcasts SET cancel_requested_at = created_at WHERE id IN (
  SELECT b.id FROM broadcasts b JOIN published p ON p.petition = b.petition
    AND p.key = 'cancel?:' || {hex}
  WHERE length(p.digest) > 0
)
"""

FINGERPRINTS = """
UPDATE petitions SET key_fingerprint = (
  SELECT p.digest FROM published p WHERE p.petition = petitions.slug AND p.key = 'key'
)
"""

# The keys of everything else begin with a bot's id.
CACHE = """
INSERT INTO telegram_cache (petition, key, digest, telegram_id)
SELECT petition, key, digest, telegram_id FROM published
WHERE substr(key, 1, 1) BETWEEN '0' AND '9'
"""


def upgrade() -> None:
    op.add_column("petitions", blob("key_fingerprint", null=True))
    op.add_column("broadcasts", number("cancel_requested_at", null=True))
    op.create_table(
        "telegram_cache",
        text("petition"),
        text("key"),
        blob("digest"),
        text("telegram_id", null=True),
        sa.PrimaryKeyConstraint("petition", "key"),
        sqlite_strict=True,
    )
    op.create_table(
        "admin_notices",
        blob("broadcast_id", "broadcasts.id"),
        text("kind"),
        text("about"),
        sa.PrimaryKeyConstraint("broadcast_id", "kind", "about"),
        sqlite_strict=True,
    )
    hexadecimal = HEX[op.get_context().dialect.name]
    for kind, prefix in PREFIXES.items():
        op.execute(NOTICES.format(kind=kind, prefix=prefix, hex=hexadecimal))
    op.execute(CANCEL_REQUESTS.format(hex=hexadecimal))
    op.execute(FINGERPRINTS)
    op.execute(CACHE)
    op.drop_table("published")
