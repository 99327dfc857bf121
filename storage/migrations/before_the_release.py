"""Takes along a database of the two schemas that there were last before the first release."""

from collections.abc import Iterator

from sqlalchemy import Executable, text
from sqlalchemy.schema import CreateIndex, CreateTable

from storage.tables import DELIVERIES

FORMER = ("0025", "0026")
"""What those two were called; of older ones nothing is read any more."""

FIRST = "v1"
"""That of the first release; a number would be one from before."""


def to_the_first(dialect: str, former: str) -> Iterator[Executable]:
    """Yields the statements that lead from one of the former schemas to the first release."""
    if former == "0025":
        whole = "INTEGER" if dialect == "sqlite" else "BIGINT"
        yield text(f"ALTER TABLE petitions ADD COLUMN deeds {whole} DEFAULT 0 NOT NULL")
        yield text("ALTER TABLE conversations ADD COLUMN notice TEXT")
        yield from _known_states(dialect)
    yield text("ALTER TABLE petitions DROP COLUMN sealed_with")
    # Once there was one reason alone to stop: Telegram does not accept the message.
    yield text("UPDATE broadcasts SET stop_reason = 'content' WHERE stop_reason = 'other'")
    yield text(f"UPDATE alembic_version SET version_num = '{FIRST}'")  # noqa: S608 - a constant


def _known_states(dialect: str) -> Iterator[Executable]:
    """Lets a delivery be in the state that came last."""
    if dialect == "postgresql":
        yield text("ALTER TABLE deliveries DROP CONSTRAINT deliveries_state_known")
        yield text(
            "ALTER TABLE deliveries ADD CONSTRAINT deliveries_state_known"
            " CHECK (state IN ('pending', 'sending', 'delivered', 'unreachable', 'rejected',"
            " 'forbidden', 'unconfirmed', 'withdrawn'))"
        )
        return
    # SQLite cannot change a constraint, so it writes the table anew.
    yield text("ALTER TABLE deliveries RENAME TO deliveries_before")
    yield CreateTable(DELIVERIES)
    yield text("INSERT INTO deliveries SELECT * FROM deliveries_before")
    yield text("DROP TABLE deliveries_before")
    yield from (CreateIndex(index) for index in DELIVERIES.indexes)
