"""The standby that a PostgreSQL primary waits for before it answers that something is saved."""

from storage.database import postgres_adapter
from storage.database_url import SqliteAddress, parse_address

# Of servers that follow, a user without the role pg_read_all_stats sees only that they are there.
_IN_STEP = """
SELECT count(*) FILTER (WHERE sync_state IN ('sync', 'quorum') OR sync_state IS NULL) > 0
FROM pg_stat_replication
HAVING current_setting('synchronous_standby_names') <> ''
"""


async def standby_is_in_step(url: str) -> bool | None:
    """Tells whether what is saved now reaches a standby as well; False: nothing can be saved.

    Returns:
        None where no standby is waited for: on SQLite, and on a server without
        `synchronous_standby_names`.

    Raises:
        Unavailable: the server cannot be reached.
    """
    address = parse_address(url)
    if isinstance(address, SqliteAddress):
        return None
    async with postgres_adapter().connected(address.dsn) as connection:
        is_in_step: bool | None = await connection.fetchval(_IN_STEP)
        return is_in_step
