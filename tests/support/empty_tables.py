"""All tables without a row, in a file that tests copy."""

import asyncio
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from storage.migrate import migrate


def copy_tables(to: Path) -> None:
    """Writes a migrated SQLite database; call it outside of an event loop."""
    to.write_bytes(_migrated())
    to.chmod(0o600)


@cache
def _migrated() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "petition.db"
        asyncio.run(migrate(f"sqlite+aiosqlite:///{path}"))
        return path.read_bytes()
