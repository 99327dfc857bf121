"""Alembic's entry: renders revisions as SQL, or works over a connection it is handed.

The program renders (`rendering.py`); `storage/migrate.py` runs that SQL over its own drivers, in
one transaction under a lock, inside the running loop. Tests and `python -m storage.migrations`
hand over a connection, to compare with the tables or to write a new revision.
"""

from alembic import context

from storage.tables import metadata

connection = context.config.attributes.get("connection")

if context.is_offline_mode():
    # The caller brings the transaction, so none is written into the script.
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
