"""The database: tables, queries, migrations and encryption.

One file for each noun, of functions that run in a transaction of SQLite or PostgreSQL. Call
`migrate` first, then `open_storage`. Every name that is imported here is there to be imported
from here.
"""

import asyncio

from storage.admin_names import AdminNames
from storage.admin_notices import AdminNotices, NoticeKind
from storage.audit import Audit, AuditEntry
from storage.broadcast_types import (
    APPROVABLE_FOR,
    RECALLABLE_FOR,
    TRANSITIONS,
    Audience,
    Broadcast,
    BroadcastAction,
    BroadcastState,
    Correction,
    Delivery,
    Kind,
    Outcome,
    PauseReason,
    Result,
    StopReason,
    Tally,
    pause_question,
)
from storage.broadcasts import Broadcasts
from storage.changes_after_export import Change, ChangeOwed, ChangesAfterExport
from storage.closing_texts import (
    CLOSING_UPDATE,
    AwaitedText,
    ClosingText,
    ClosingTextKind,
    ClosingTexts,
    Publication,
    publication_id,
)
from storage.consents import Consent
from storage.conversations import EMPTY_FORM, Conversation, Conversations
from storage.database import Database, WatchedDatabase
from storage.database_url import data_folder
from storage.deliveries import Deliveries
from storage.drafts import Drafts
from storage.erasures import DueBefore, DueCount, Erasures
from storage.errors import (
    BackupUnusable,
    BrokenData,
    ConversationMoved,
    DatabaseBehind,
    DatabaseReplaced,
    DatabaseUrlWrong,
    DriverMissing,
    FileNotWritten,
    HeldElsewhere,
    JournalUnusable,
    JournalUnwritable,
    KeyFileMissing,
    KeyFileOther,
    KeyFileUnusable,
    NeedsAPerson,
    PetitionMissing,
    SchemaMissing,
    SchemaTooNew,
    SchemaTooOld,
    StorageError,
    Unavailable,
)
from storage.exports import (
    ExportCounts,
    ExportedList,
    Exports,
    NamedSignature,
    SignatureGroup,
    SignatureList,
)
from storage.handovers import Handover, Handovers, Inclusion
from storage.high_water_mark import (
    HighWaterMark,
    petition_signed_with,
    reached_in,
)
from storage.invalidations import Invalidation, Invalidations, Matches, SignatureCondition
from storage.journal import Deed, Entry, Journal
from storage.keyring import Keyring, key_apart_from_data, require_key_file
from storage.leases import Lease, Leases
from storage.migrate import migrate, require_known_revision, require_newest
from storage.open_database import open_database
from storage.person_codes import CODE_LASTS, MOST_ATTEMPTS, CodeState, PersonCodes
from storage.person_notices import (
    NOTICES_KEPT_FOR,
    PersonNotice,
    PersonNoticeKind,
    PersonNotices,
)
from storage.person_requests import (
    IN_CHAT,
    PersonRequests,
    Proof,
    Signer,
    by_code,
    verified_otherwise,
)
from storage.personal_data import Held, PersonalData
from storage.petitions import Petitions, PetitionState, Reached
from storage.private_files import output_file
from storage.process_lock import ProcessLock, acquire_process_lock
from storage.recalls import Recalled, Recalls, RecallTally, SentMessages
from storage.restores import HeldRestore, Restores
from storage.sent_files import SentFile, SentFiles
from storage.signature_counts import SigningRate, Stats
from storage.signatures import (
    NewSignature,
    Signature,
    Signatures,
    SignOutcome,
    forget_former_names,
)
from storage.telegram_cache import TelegramCache


class Storage:
    """Everything stored for one petition, by noun, in a database that is already open."""

    def __init__(self, database: Database, keyring: Keyring, slug: str) -> None:
        self.keyring = keyring
        self.journal = Journal(keyring, slug)
        self.database = WatchedDatabase(database, self.journal)
        rows = (self.database, slug, keyring)
        self.petitions = Petitions(*rows)
        self.conversations = Conversations(*rows)
        self.signatures = Signatures(*rows)
        self.broadcasts = Broadcasts(*rows)
        self.recalls = Recalls(*rows)
        self.drafts = Drafts(*rows)
        self.leases = Leases(*rows)
        self.audit = Audit(*rows)
        self.admin_names = AdminNames(*rows)
        self.admin_notices = AdminNotices(*rows)
        self.telegram_cache = TelegramCache(*rows)
        self.personal_data = PersonalData(*rows)
        self.sent_files = SentFiles(*rows)
        self.restores = Restores(*rows)
        self.closing_texts = ClosingTexts(*rows)
        self.handovers = Handovers(*rows)
        self.changes_after_export = ChangesAfterExport(*rows)
        self.person_codes = PersonCodes(*rows)
        self.person_notices = PersonNotices(*rows)
        self.person_requests = PersonRequests(*rows)
        self.exports = Exports(*rows)
        self.erasures = Erasures(*rows)
        self.invalidations = Invalidations(*rows)

    def require_files(self) -> None:
        """See Database.require_files."""
        self.database.require_files()

    async def last_number(self) -> int:
        """See Petitions.last_number."""
        return await self.petitions.last_number()

    async def reached(self) -> Reached:
        """See Petitions.reached."""
        return await self.petitions.reached()

    async def close(self) -> None:
        """Finishes pending writes and closes the database."""
        await self.database.close()


async def open_storage(url: str, keyring: Keyring, slug: str) -> Storage:
    """Opens a petition's database, which `migrate` has prepared; a new petition gets its row.

    Raises:
        StorageError: it cannot be used; the message says what to do.
    """
    storage = Storage(await open_database(url), keyring, slug)
    try:
        await asyncio.to_thread(storage.journal.prepare)
        await storage.petitions.ensure()
    except BaseException:  # also a cancellation: it leaves no open database
        await storage.close()
        raise
    return storage


async def open_known_storage(url: str, keyring: Keyring, slug: str) -> Storage:
    """Opens the database of a petition that was started on it before; writes nothing.

    Raises:
        StorageError: it cannot be used; the message says what to do.
    """
    storage = Storage(await open_database(url, cleans_up=False), keyring, slug)
    try:
        await storage.petitions.require_known()
    except BaseException:  # also a cancellation: it leaves no open database
        await storage.close()
        raise
    return storage
