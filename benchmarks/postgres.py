"""A PostgreSQL that waits for its disk, as the tests' own does not."""

from __future__ import annotations

from contextlib import ExitStack

from tests.storage.postgres_server import PostgresServer, running_postgres


def durable_postgres(stack: ExitStack) -> str:
    """The address of an empty database, which goes with the stack.

    Raises:
        pytest.skip.Exception: there is no server to start.
    """
    server: PostgresServer = stack.enter_context(running_postgres())
    for name in ("fsync", "full_page_writes"):
        server.execute(f"ALTER SYSTEM RESET {name}")
    server.execute("SELECT pg_reload_conf()")
    return server.empty()
