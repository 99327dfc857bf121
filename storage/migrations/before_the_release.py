"""Takes along a database of the two schemas that there were last before the first release."""

from collections.abc import Iterator

FORMER = ("0025", "0026")
"""What those two were called; of older ones nothing is read any more."""

FIRST = "v1"
"""That of the first release; a number would be one from before."""


def to_the_first(dialect: str, former: str) -> Iterator[str]:
    """Yields the SQL that leads from one of the former schemas to the first release."""
    if former == "0025":
        whole = "INTEGER" if dialect == "sqlite" else "BIGINT"
        yield f"ALTER TABLE petitions ADD COLUMN deeds {whole} DEFAULT 0 NOT NULL"
        yield "ALTER TABLE conversations ADD COLUMN notice TEXT"
        yield from _known_states(dialect)
    yield "ALTER TABLE petitions DROP COLUMN sealed_with"
    # Once there was one reason alone to stop: Telegram does not accept the message.
    yield "UPDATE broadcasts SET stop_reason = 'content' WHERE stop_reason = 'other'"
    yield f"UPDATE alembic_version SET version_num = '{FIRST}'"  # noqa: S608 - a constant


def _known_states(dialect: str) -> Iterator[str]:
    """Lets a delivery be in the state that came last."""
    if dialect == "postgresql":
        yield "ALTER TABLE deliveries DROP CONSTRAINT deliveries_state_known"
        yield (
            "ALTER TABLE deliveries ADD CONSTRAINT deliveries_state_known"
            " CHECK (state IN ('pending', 'sending', 'delivered', 'unreachable', 'rejected',"
            " 'forbidden', 'unconfirmed', 'withdrawn'))"
        )
        return
    from storage.migrations.rendering import render

    # SQLite cannot change a constraint, so it writes the table anew.
    table, index = (
        each
        for each in render(dialect, since=None)
        if "CREATE TABLE deliveries " in each or " ON deliveries " in each
    )
    yield "ALTER TABLE deliveries RENAME TO deliveries_before"
    yield table
    yield "INSERT INTO deliveries SELECT * FROM deliveries_before"
    yield "DROP TABLE deliveries_before"
    yield index
