"""Keeps the names of those alone who have it handed over: who chose otherwise loses theirs.

In place, since a table that is written anew would take along what refers to it.
"""

from alembic import op

from storage.columns import blob

revision = "v2"
down_revision = "v1"


# A file that somebody was sent shows the name that they had to type.
_FILES_ARE_DUE = """
UPDATE sent_files SET due = 1 WHERE due = 0 AND EXISTS (
  SELECT 1 FROM {of} WHERE {of}.petition = sent_files.petition
    AND {of}.supporter = sent_files.supporter AND {of}.with_name = 0
)
"""


def upgrade() -> None:
    op.execute(_FILES_ARE_DUE.format(of="signatures"))
    op.execute(_FILES_ARE_DUE.format(of="conversations"))
    if op.get_context().dialect.name == "sqlite":
        op.execute("ALTER TABLE signatures RENAME COLUMN name_sealed TO former_name")
        op.add_column("signatures", blob("name_sealed", null=True))
        op.execute("UPDATE signatures SET name_sealed = former_name WHERE with_name = 1")
        op.drop_column("signatures", "former_name")
    else:
        op.alter_column("signatures", "name_sealed", nullable=True)
        op.execute("UPDATE signatures SET name_sealed = NULL WHERE with_name = 0")
    op.drop_column("signatures", "with_name")
    op.execute("UPDATE conversations SET name_sealed = NULL WHERE with_name = 0")
    op.execute(
        "UPDATE conversations SET with_name = 1 WHERE with_name IS NULL"
        " AND (name_sealed IS NOT NULL OR stage = 'name' OR return_stage = 'name')"
    )
