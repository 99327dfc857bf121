"""Every table, as SQLAlchemy metadata: what Alembic migrates to and the tests compare with.

Queries do not use these objects; they are plain SQL in the file of their noun. A change here
needs a revision in `storage/migrations/versions`, and a test fails without one. Times are UTC
milliseconds, yes and no are 1 and 0, ids are 16 bytes.
"""

from collections.abc import Iterable

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from storage.broadcast_states import BroadcastState
from storage.broadcast_types import DeliveryState

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_key",
        "uq": "%(table_name)s_%(column_0_N_name)s_once",
        "fk": "%(table_name)s_%(column_0_name)s_known",
        "ck": "%(table_name)s_%(constraint_name)s",
        "ix": "%(table_name)s_by_%(column_0_N_name)s",
    }
)

# SQLite's strict tables have INTEGER only, which holds 64 bits there.
Whole = BigInteger().with_variant(Integer(), "sqlite")


def _number(name: str, *, null: bool = False, default: int | None = None) -> Column[int]:
    start = None if default is None else text(str(default))
    return Column(name, Whole, nullable=null, server_default=start)


def _text(name: str, *, null: bool = False, default: str | None = None) -> Column[str]:
    start = None if default is None else text(f"'{default}'")
    return Column(name, Text, nullable=null, server_default=start)


def _blob(name: str, *, null: bool = False) -> Column[bytes]:
    return Column(name, LargeBinary, nullable=null)


def _petition() -> Column[str]:
    return Column("petition", Text, ForeignKey("petitions.slug"), nullable=False)


def _state_is_one_of(states: Iterable[str]) -> CheckConstraint:
    listed = ", ".join(f"'{state}'" for state in states)
    return CheckConstraint(f"state IN ({listed})", name="state_known")


petitions = Table(
    "petitions",
    metadata,
    _text("slug"),
    _number("signatures", default=0),
    _number("last_number", default=0),
    _number("closed_at", null=True),
    _number("closed_signatures", null=True),
    _number("revision", default=0),
    _blob("key_fingerprint", null=True),
    _blob("sealed_with", null=True),
    _number("forgotten_version", default=0),
    _number("closes_at", null=True),
    _number("closes_at_chosen", default=0),
    _number("erased_at", null=True),
    PrimaryKeyConstraint("slug"),
    CheckConstraint("signatures >= 0", name="count_not_negative"),
    CheckConstraint("signatures <= last_number", name="numbers_given"),
    sqlite_strict=True,
)

# Written at every tap, so it has no foreign key: PostgreSQL would lock the petition's row for it.
conversations = Table(
    "conversations",
    metadata,
    _text("petition"),
    _blob("supporter"),
    _text("stage"),
    _number("page"),
    _text("return_stage", null=True),
    _text("language", null=True),
    _blob("name_sealed", null=True),
    _number("news"),
    _number("updates", default=0),
    _number("with_name", null=True),
    _number("form_started_at", null=True),
    _text("source", null=True),
    _number("message_id", null=True),
    _number("picture_id", null=True),
    _text("name_message_ids"),
    _blob("screen_digest", null=True),
    _number("version"),
    _number("updated_at"),
    PrimaryKeyConstraint("petition", "supporter"),
    sqlite_strict=True,
)

# Finds forms that were filled in and left untouched for long.
_FILLED_IN = (
    "name_sealed IS NOT NULL OR name_message_ids <> '[]' OR news <> 0 OR updates <> 0"
    " OR source IS NOT NULL OR form_started_at IS NOT NULL"
)
Index(
    "conversations_filled_in",
    conversations.c.petition,
    conversations.c.updated_at,
    sqlite_where=text(_FILLED_IN),
    postgresql_where=text(_FILLED_IN),
)

signatures = Table(
    "signatures",
    metadata,
    _blob("id"),
    _petition(),
    _blob("supporter"),
    _number("number"),
    _blob("name_sealed"),
    _blob("chat_sealed"),
    _text("language"),
    _text("source", null=True),
    _text("text_version"),
    _number("signed_at"),
    _number("unreachable_at", null=True),
    _number("muted_at", null=True),
    _number("with_name", default=1),
    _number("form_seconds", null=True),
    _number("restricted_at", null=True),
    _number("objected_at", null=True),
    _blob("invalidation_id", null=True),
    _text("kept_version", null=True),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("petition", "supporter"),
    UniqueConstraint("petition", "number"),
    sqlite_strict=True,
)

# Counts those of a span of time, as is done every few minutes, without reading their rows.
_COUNTED = "invalidation_id IS NULL"
Index(
    "signatures_counted",
    signatures.c.petition,
    signatures.c.signed_at,
    sqlite_where=text(_COUNTED),
    postgresql_where=text(_COUNTED),
)

consent_texts = Table(
    "consent_texts",
    metadata,
    _blob("sha256"),
    _text("petition"),
    _text("language"),
    _text("version"),
    _text("text"),
    PrimaryKeyConstraint("sha256"),
    sqlite_strict=True,
)

consents = Table(
    "consents",
    metadata,
    _blob("id"),
    _text("petition"),
    Column(
        "signature_id",
        LargeBinary,
        ForeignKey("signatures.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    _text("purposes"),
    Column("text_sha256", LargeBinary, ForeignKey("consent_texts.sha256"), nullable=False),
    _text("text_version"),
    _text("language"),
    _text("channel"),
    _number("message_id"),
    _number("given_at"),
    _number("news_ended_at", null=True),
    _number("updates_at_most", default=0),
    _number("updates_ended_at", null=True),
    _number("with_name", default=1),
    _number("with_name_ended_at", null=True),
    PrimaryKeyConstraint("id"),
    sqlite_strict=True,
)

broadcasts = Table(
    "broadcasts",
    metadata,
    _blob("id"),
    _petition(),
    _text("kind"),
    _text("state"),
    _text("content"),
    _blob("content_sha256"),
    _number("total"),
    _number("created_at"),
    _number("reported_at", null=True),
    _text("pause_reason", null=True),
    _text("stop_reason", null=True),
    _text("reason_detail", null=True),
    _blob("progress_chat_sealed", null=True),
    _number("progress_message_id", null=True),
    _blob("author_sealed"),
    _text("topic", default="closing"),
    _blob("source_chat_sealed", null=True),
    _text("source_language", default="es"),
    _text("language", null=True),
    _number("news_only", default=0),
    _number("paid", default=0),
    _number("expected", null=True),
    _number("last_signature_number", null=True),
    _number("enqueued_through", default=0),
    _number("enqueued_at", null=True),
    _number("starts_at", null=True),
    _number("started_at", null=True),
    _number("ended_at", null=True),
    _number("recall_started_at", null=True),
    _number("recall_ended_at", null=True),
    _blob("confirmed_by_sealed", null=True),
    _number("cancel_requested_at", null=True),
    PrimaryKeyConstraint("id"),
    _state_is_one_of(BroadcastState),
    # Messages that are not about the petition go only to people who agreed to them.
    CheckConstraint("kind <> 'news' OR news_only = 1", name="news_to_those_who_agreed"),
    sqlite_strict=True,
)

# Makes sure that two admins who confirm at once start only one broadcast.
Index(
    "broadcasts_one_active",
    broadcasts.c.petition,
    unique=True,
    sqlite_where=text("state IN ('running', 'paused')"),
    postgresql_where=text("state IN ('running', 'paused')"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("broadcast_id", LargeBinary, ForeignKey("broadcasts.id"), nullable=False),
    _number("position"),
    Column(
        "signature_id",
        LargeBinary,
        ForeignKey("signatures.id", ondelete="SET NULL"),
        nullable=True,
    ),
    _text("language"),
    _text("state"),
    _number("attempts", default=0),
    _blob("claim_token", null=True),
    _number("updated_at"),
    _text("message_ids", null=True),
    _text("recall_outcome", null=True),
    PrimaryKeyConstraint("broadcast_id", "position"),
    # In this order it also serves to find what one signature was sent.
    UniqueConstraint("signature_id", "broadcast_id"),
    Index(None, "broadcast_id", "state", "position"),
    _state_is_one_of(DeliveryState),
    sqlite_strict=True,
)

# The number of deliveries by outcome of people who withdrew, or whose retention is over; not
# recalled is an empty text.
erased_deliveries = Table(
    "erased_deliveries",
    metadata,
    Column("broadcast_id", LargeBinary, ForeignKey("broadcasts.id"), nullable=False),
    _text("state"),
    _text("recall_outcome"),
    _number("people"),
    PrimaryKeyConstraint("broadcast_id", "state", "recall_outcome"),
    sqlite_strict=True,
)

# The message that an admin is writing, in one encrypted column.
drafts = Table(
    "drafts",
    metadata,
    _text("petition"),
    _blob("admin"),
    _blob("body_sealed"),
    _number("updated_at"),
    PrimaryKeyConstraint("petition", "admin"),
    sqlite_strict=True,
)

# The files of /mydata that are in people's chats.
sent_files = Table(
    "sent_files",
    metadata,
    _text("petition"),
    _blob("supporter"),
    _number("message_id"),
    _blob("chat_sealed"),
    _number("sent_at"),
    _number("due"),
    PrimaryKeyConstraint("petition", "supporter", "message_id"),
    sqlite_strict=True,
)

admin_names = Table(
    "admin_names",
    metadata,
    _text("petition"),
    _blob("admin"),
    _blob("name_sealed"),
    _number("updated_at"),
    PrimaryKeyConstraint("petition", "admin"),
    sqlite_strict=True,
)

leases = Table(
    "leases",
    metadata,
    _text("name"),
    _text("holder"),
    _number("expires_at"),
    PrimaryKeyConstraint("name"),
    sqlite_strict=True,
)

audit = Table(
    "audit",
    metadata,
    _blob("id"),
    _text("petition"),
    _number("at"),
    _blob("actor_sealed", null=True),
    _text("action"),
    _text("detail"),
    PrimaryKeyConstraint("id"),
    Index(None, "petition", "at"),
    sqlite_strict=True,
)

# `about` tells notices of one kind apart: the digest of a pause reason, or of admin and question.
admin_notices = Table(
    "admin_notices",
    metadata,
    Column("broadcast_id", LargeBinary, ForeignKey("broadcasts.id"), nullable=False),
    _text("kind"),
    _text("about"),
    PrimaryKeyConstraint("broadcast_id", "kind", "about"),
    sqlite_strict=True,
)

# `about` tells notices of one kind apart: the moment it is about, and which reminder it is.
petition_notices = Table(
    "petition_notices",
    metadata,
    _petition(),
    _text("kind"),
    _text("about"),
    _number("sent_at", null=True),
    PrimaryKeyConstraint("petition", "kind", "about"),
    sqlite_strict=True,
)

# A change of what late visitors read; without `published_at` it waits for a second admin.
closing_publications = Table(
    "closing_publications",
    metadata,
    _blob("id"),
    _petition(),
    _blob("requested_by_sealed"),
    _number("requested_at"),
    _blob("approved_by_sealed", null=True),
    _number("published_at", null=True),
    PrimaryKeyConstraint("id"),
    sqlite_strict=True,
)

# The versions of the closing update, and of what became of the petition later.
closing_texts = Table(
    "closing_texts",
    metadata,
    _blob("id"),
    _petition(),
    _text("entry"),
    _text("kind"),
    _text("day", null=True),
    _text("language"),
    _number("number"),
    _blob("text_sealed"),
    _blob("author_sealed"),
    _number("written_at"),
    _number("discarded_at", null=True),
    Column("publication_id", LargeBinary, ForeignKey("closing_publications.id"), nullable=True),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("petition", "entry", "language", "number"),
    sqlite_strict=True,
)

# Of which of those an admin's next message is the text.
awaited_closing_texts = Table(
    "awaited_closing_texts",
    metadata,
    _text("petition"),
    _blob("admin"),
    _text("entry"),
    _text("kind"),
    _text("day", null=True),
    _text("language"),
    _number("asked_at"),
    PrimaryKeyConstraint("petition", "admin"),
    sqlite_strict=True,
)

# A list of the signatures, as it was written for the addressee.
exports = Table(
    "exports",
    metadata,
    _blob("id"),
    _petition(),
    _number("exported_at"),
    _number("last_number"),
    _number("with_name"),
    _number("without_name"),
    PrimaryKeyConstraint("id"),
    sqlite_strict=True,
)

# Giving a list to the addressee; `handed_over_on` is a day, like 2026-11-24.
handovers = Table(
    "handovers",
    metadata,
    _blob("id"),
    _petition(),
    Column("export_id", LargeBinary, ForeignKey("exports.id"), nullable=True),
    _text("handed_over_on"),
    _text("manifest"),
    _number("with_name"),
    _number("without_name"),
    _number("recorded_at"),
    _number("undone_at", null=True),
    PrimaryKeyConstraint("id"),
    sqlite_strict=True,
)

# What changed in a signature that an export has with its name: whom the addressee must be told of.
changes_after_export = Table(
    "changes_after_export",
    metadata,
    _blob("id"),
    _petition(),
    _number("number"),
    _text("change"),
    _number("changed_at"),
    _number("told_at", null=True),
    PrimaryKeyConstraint("id"),
    Index(None, "petition", "changed_at"),
    sqlite_strict=True,
)

# Signatures that were taken out of the count together; they stay until that is undone.
invalidations = Table(
    "invalidations",
    metadata,
    _blob("id"),
    _petition(),
    _blob("reason_sealed"),
    _blob("condition_sealed"),
    _number("signatures"),
    _number("invalidated_at"),
    _number("undone_at", null=True),
    _number("put_back", null=True),
    PrimaryKeyConstraint("id"),
    sqlite_strict=True,
)

# A sentence to one person about what was done with their signature, until the bot has sent it.
person_notices = Table(
    "person_notices",
    metadata,
    _blob("id"),
    _petition(),
    _blob("supporter"),
    _blob("chat_sealed"),
    _text("language"),
    _text("kind"),
    _number("written_at"),
    _number("attempts", default=0),
    PrimaryKeyConstraint("id"),
    Index(None, "petition", "written_at"),
    sqlite_strict=True,
)

# The code by which somebody who writes a letter shows whose signature it is.
person_codes = Table(
    "person_codes",
    metadata,
    _petition(),
    _blob("supporter"),
    _blob("code_digest"),
    _number("ends_at"),
    _number("attempts", default=0),
    _number("used_at", null=True),
    PrimaryKeyConstraint("petition", "supporter"),
    sqlite_strict=True,
)

# What is left of signatures whose retention is over: how many of each kind there were.
anonymous_counts = Table(
    "anonymous_counts",
    metadata,
    _petition(),
    _text("language"),
    _number("with_name"),
    _number("is_valid"),
    _number("signatures"),
    PrimaryKeyConstraint("petition", "language", "with_name", "is_valid"),
    sqlite_strict=True,
)

# Nothing is sent until an admin has released each of them.
restores = Table(
    "restores",
    metadata,
    _blob("id"),
    _petition(),
    _number("backup_made_at", null=True),
    _number("restored_at"),
    _number("lost"),
    _number("journal_is_whole", default=1),
    _number("repeated_at", null=True),
    _number("released_at", null=True),
    PrimaryKeyConstraint("id"),
    sqlite_strict=True,
)

telegram_cache = Table(
    "telegram_cache",
    metadata,
    _text("petition"),
    _text("key"),
    _blob("digest"),
    _text("telegram_id", null=True),
    PrimaryKeyConstraint("petition", "key"),
    sqlite_strict=True,
)
