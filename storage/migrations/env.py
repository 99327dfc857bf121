"""Alembic's entry point: renders revisions as SQL, or works on a given connection.

The program renders (`rendering.py`); `storage/migrate.py` runs that SQL with its own drivers, in
one transaction under a lock, inside the running loop. Tests and `python -m storage.migrations`
give a connection, to compare it with the tables or to write a new revision.
"""

from alembic import context

from storage.tables import metadata

connection = context.config.attributes.get("connection")

if context.is_offline_mode():
    # The caller opens the transaction, so none is written into the script.
    context.configure(
        dialect_name=context.config.attributes["dialect"],
        output_buffer=context.config.attributes["output"],
        target_metadata=metadata,
        literal_binds=True,
        transactional_ddl=False,
    )
    context.run_migrations()
else:
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()
