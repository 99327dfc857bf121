"""Renders the SQL between two revisions with Alembic; slow to import, so only when needed."""

import io
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory


def history() -> list[str]:
    """Returns every revision this version knows, oldest first."""
    script = ScriptDirectory.from_config(alembic_config())
    return [revision.revision for revision in script.walk_revisions()][::-1]


@cache
def render(dialect: str, since: str | None) -> tuple[str, ...]:
    """Returns the SQL statements that lead from a revision, or from nothing, to the newest one.

    Call it from one thread only: Alembic keeps its context in globals.
    """
    output = _Statements()
    config = alembic_config(dialect=dialect, output=output)
    if since is not None:
        command.upgrade(config, f"{since}:head", sql=True)
        return tuple(output.statements)
    first, *later = history()
    command.upgrade(config, first, sql=True)
    if later:
        command.stamp(config, f"{first}:head", sql=True)
    return tuple(output.statements)


def alembic_config(**attributes: object) -> Config:
    """Returns Alembic's settings, so that no alembic.ini is needed, nor found by accident."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes.update(attributes)
    return config


class _Statements(io.StringIO):
    """Collects the statements that Alembic writes, one at each write."""

    def __init__(self) -> None:
        super().__init__()
        self.statements: list[str] = []

    def write(self, text: str) -> int:
        # Alembic also writes blank lines, and a comment on each revision.
        if (statement := text.strip()) and not statement.startswith("-- Running"):
            self.statements.append(statement)
        return len(text)
