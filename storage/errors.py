"""Errors of the storage, told apart by what the caller can do about them.

Each docstring is the message that people read when there is no better one. Only errors from
outside are wrapped in these; a bug (a violated constraint, SQL that does not parse) surfaces as
the driver's own exception.
"""


class StorageError(Exception):
    """The database could not do what was asked of it.

    Attributes:
        source: the message with its placeholders, by which it is found in other languages.
        values: what stands in their place; one can be such an error itself, as a part of this one.
    """

    def __init__(self, source: str | None = None, /, **values: object) -> None:
        self.source = source or _sentence(type(self))
        self.values = values
        super().__init__(self.source.format(**values))


class NeedsAPerson(StorageError):
    """The database or its key cannot be used until somebody has mended what is wrong."""


class Unavailable(StorageError):
    """The database cannot be reached or written to just now; the same call may work later."""


class JournalUnwritable(Unavailable):
    """The journal cannot be written just now, so nothing of what was asked for was done."""


class DatabaseReplaced(Unavailable):
    """A file of the database was removed or replaced while the bot ran; put it back, and start
    the bot again.
    """


class DatabaseBehind(StorageError):
    """The database ends before the signatures that were given already."""


class ConversationMoved(Unavailable):
    """Someone else wrote this conversation first; read it again and decide again."""


class HeldElsewhere(StorageError):
    """Another petition-bot is already running on this database; stop that one first."""


class LeaseLost(StorageError):
    """The database could not be asked in time whether this is still the bot that answers, so
    another may be by now.
    """


class UpdateOutdated(StorageError):
    """A later update of the same chat was handled already, by another process."""


class BrokenData(StorageError):
    """What the database holds is damaged."""

    @property
    def column(self) -> str | None:
        """The table and column of a sealed value; None when the database itself is damaged."""
        where = self.values.get("where")
        return None if where is None else str(where)


class DatabaseUrlWrong(NeedsAPerson):
    """The database address is not one of sqlite+aiosqlite:///FILE or postgresql+asyncpg://…."""


class BackupUnusable(StorageError):
    """The file is no whole backup."""


class PetitionMissing(StorageError):
    """The database has no data of this petition: either no bot was started for it yet, or
    PETITION_FOLDER or PETITION_DATABASE_URL is another one's.
    """


class SchemaMissing(StorageError):
    """The database has no tables of this version yet; run petition-bot migrate."""


DATABASE_IS_AWAY = (Unavailable, DatabaseUrlWrong, SchemaMissing)
"""Errors that pass: it is away, lets nobody in while its password is changed, or is restored."""


class SchemaUnknown(NeedsAPerson):
    """The database was made by a newer version of this program; start that version instead."""


class KeyFileMissing(StorageError):
    """PETITION_KEY_FILE is not set, and there is no key where one is by default; run:
    petition-bot keygen
    """


class KeyFileOther(NeedsAPerson):
    """The key file is not the one this database was made with; use that one, or nothing in the
    database can be read.
    """


def said_by_system(error: OSError) -> StorageError:
    """Returns why the system refused, which can be said in a language."""
    return StorageError(error.strerror or "The system refused")


def _sentence(kind: type[Exception]) -> str:
    first = (kind.__doc__ or kind.__name__).partition("\n\n")[0]
    return " ".join(first.split())
