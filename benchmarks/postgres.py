"""A PostgreSQL with fsync on, unlike that of the tests."""

from __future__ import annotations

from contextlib import ExitStack

from tests.storage.postgres_server import PostgresServer, running_postgres


def durable_postgres(stack: ExitStack) -> str:
    """Starts a server and returns the URL of an empty database; both end with the stack.

    Raises:
        pytest.skip.Exception: there is no server to start.
    """
    server: PostgresServer = stack.enter_context(running_postgres())
    for name in ("fsync", "full_page_writes"):
        server.execute(f"ALTER SYSTEM RESET {name}")
    server.execute("SELECT pg_reload_conf()")
    return server.empty()
