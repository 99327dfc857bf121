"""Every table, as SQLAlchemy metadata: what a new database has and the tests compare with.

A change here needs a step in `storage/migrate.py`, and a test fails without one.
Ids are 16 bytes.
"""

from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from storage.broadcast_types import BroadcastState, DeliveryState, Kind, PauseReason, StopReason
from storage.columns import (
    NAMING_CONVENTION,
    blob,
    choice,
    day,
    flag,
    json_text,
    moment,
    number,
    petition,
    sealed,
    several,
    text,
    where,
)

metadata = sa.MetaData(naming_convention=NAMING_CONVENTION)


def _table(name: str, *parts: sa.schema.SchemaItem, key: Sequence[str] = ()) -> sa.Table:
    """Returns a table; one without another key has an id."""
    own = () if key else (blob("id"),)
    last = sa.PrimaryKeyConstraint(*(key or ("id",)))
    return sa.Table(name, metadata, *own, *parts, last, sqlite_strict=True)


def _state_is_one_of(states: Iterable[str]) -> sa.CheckConstraint:
    listed = ", ".join(f"'{state}'" for state in states)
    return sa.CheckConstraint(f"state IN ({listed})", name="state_known")


PETITIONS = _table(
    "petitions",
    text("slug"),
    *several(number, "signatures", "last_number", "deeds", "revision", default=0),
    number("closed_signatures", null=True),
    blob("key_fingerprint", null=True),
    number("forgotten_version", default=0),
    *several(moment, "closed_at", "closes_at", "erased_at", null=True),
    flag("closes_at_chosen", default=0),
    sa.CheckConstraint("signatures >= 0", name="count_not_negative"),
    sa.CheckConstraint("signatures <= last_number", name="numbers_given"),
    key=("slug",),
)

FILLED_IN = (
    "name_sealed IS NOT NULL OR name_message_ids <> '[]' OR news <> 0 OR updates <> 0"
    " OR source IS NOT NULL OR form_started_at IS NOT NULL"
)
"""SQL: the form of a conversation was filled in; those left untouched for long are found by it."""

# Written at every tap, so it has no foreign key: PostgreSQL would lock the petition's row for it.
CONVERSATIONS = _table(
    "conversations",
    text("petition"),
    blob("supporter"),
    text("stage"),
    number("page"),
    *several(text, "return_stage", "language", "notice", "source", null=True),
    sealed("name_sealed", null=True),
    flag("news"),
    flag("updates", default=0),
    flag("with_name", null=True),
    moment("form_started_at", null=True),
    *several(number, "message_id", "picture_id", null=True),
    json_text("name_message_ids"),
    blob("screen_digest", null=True),
    number("version"),
    moment("updated_at"),
    sa.Index("conversations_filled_in", "petition", "updated_at", **where(FILLED_IN)),
    key=("petition", "supporter"),
)

SIGNATURES = _table(
    "signatures",
    petition(),
    blob("supporter"),
    number("number"),
    sealed("name_sealed", null=True),
    sealed("chat_sealed", number=True),
    *several(text, "language", "text_version"),
    *several(text, "source", "kept_version", null=True),
    moment("signed_at"),
    number("form_seconds", null=True),
    *several(moment, "unreachable_at", "muted_at", "restricted_at", "objected_at", null=True),
    blob("invalidation_id", null=True),
    sa.UniqueConstraint("petition", "supporter"),
    sa.UniqueConstraint("petition", "number"),
    # Counts those of a span of time, as is done every few minutes, without reading their rows.
    sa.Index("signatures_counted", "petition", "signed_at", **where("invalidation_id IS NULL")),
)

CONSENT_TEXTS = _table(
    "consent_texts",
    blob("sha256"),
    *several(text, "petition", "language", "version", "text"),
    key=("sha256",),
)

CONSENTS = _table(
    "consents",
    blob("signature_id", "signatures.id", on_delete="CASCADE"),
    blob("text_sha256", "consent_texts.sha256"),
    *several(text, "petition", "purposes", "text_version", "language", "channel"),
    number("message_id"),
    moment("given_at"),
    number("updates_at_most", default=0),
    flag("with_name", default=1),
    *several(moment, "news_ended_at", "updates_ended_at", "with_name_ended_at", null=True),
    sa.Index(None, "signature_id"),
)

BROADCASTS = _table(
    "broadcasts",
    petition(),
    choice("kind", Kind),
    choice("state", BroadcastState),
    json_text("content"),
    choice("pause_reason", PauseReason, null=True),
    choice("stop_reason", StopReason, null=True),
    *several(text, "reason_detail", "language", null=True),
    text("topic", default="closing"),
    text("source_language", default="es"),
    sealed("author_sealed", number=True),
    *several(sealed, "confirmed_by_sealed", "source_chat_sealed", number=True, null=True),
    sealed("progress_chat_sealed", number=True, null=True),
    *several(number, "progress_message_id", "expected", "last_signature_number", null=True),
    flag("paid", default=0),
    number("enqueued_through", default=0),
    moment("created_at"),
    *several(moment, "starts_at", "started_at", "enqueued_at", "ended_at", null=True),
    *several(moment, "reported_at", "recall_started_at", "recall_ended_at", null=True),
    moment("cancel_requested_at", null=True),
    _state_is_one_of(BroadcastState),
    # Makes sure that two admins who confirm at once start only one broadcast.
    sa.Index(
        "broadcasts_one_active", "petition", unique=True, **where("state IN ('running', 'paused')")
    ),
)

DELIVERIES = _table(
    "deliveries",
    blob("broadcast_id", "broadcasts.id"),
    number("position"),
    blob("signature_id", "signatures.id", null=True, on_delete="SET NULL"),
    text("language"),
    choice("state", DeliveryState),
    number("attempts", default=0),
    blob("claim_token", null=True),
    moment("updated_at"),
    json_text("message_ids", null=True),
    text("recall_outcome", null=True),
    # In this order it also serves to find what one signature was sent.
    sa.UniqueConstraint("signature_id", "broadcast_id"),
    sa.Index(None, "broadcast_id", "state", "position"),
    _state_is_one_of(DeliveryState),
    key=("broadcast_id", "position"),
)

# The number of deliveries by outcome of people who withdrew, or whose retention is over; not
# recalled is an empty text.
ERASED_DELIVERIES = _table(
    "erased_deliveries",
    blob("broadcast_id", "broadcasts.id"),
    *several(text, "state", "recall_outcome"),
    number("people"),
    key=("broadcast_id", "state", "recall_outcome"),
)

# The message that an admin is writing, in one encrypted column.
DRAFTS = _table(
    "drafts",
    text("petition"),
    blob("admin"),
    sealed("body_sealed"),
    moment("updated_at"),
    key=("petition", "admin"),
)

# The files of /mydata that are in people's chats.
SENT_FILES = _table(
    "sent_files",
    text("petition"),
    blob("supporter"),
    number("message_id"),
    sealed("chat_sealed", number=True),
    moment("sent_at"),
    number("due"),
    key=("petition", "supporter", "message_id"),
)

ADMIN_NAMES = _table(
    "admin_names",
    text("petition"),
    blob("admin"),
    sealed("name_sealed"),
    moment("updated_at"),
    key=("petition", "admin"),
)

# The last update of each sequence (see `storage.seen_updates`), for a day, where several processes
# answer for one petition or Telegram may send an update twice: which process has taken it, and
# whether it is done. `supporter` is the sequence's reference: there were only people's once.
SEEN_UPDATES = _table(
    "seen_updates",
    text("petition"),
    blob("supporter"),
    number("number"),
    moment("seen_at"),
    text("taken_by", default=""),
    flag("done", default=0),
    key=("petition", "supporter"),
)

LEASES = _table(
    "leases",
    *several(text, "name", "holder"),
    moment("expires_at"),
    number("replies", default=0),
    key=("name",),
)

AUDIT = _table(
    "audit",
    text("petition"),
    moment("at"),
    sealed("actor_sealed", number=True, null=True),
    *several(text, "action", "detail"),
    sa.Index(None, "petition", "at"),
    # What admins did is read whenever a person sees their data, which is noted for each of them.
    sa.Index("audit_of_admins", "petition", "at", **where("actor_sealed IS NOT NULL")),
)

# `about` tells notices of one kind apart: the moment or the broadcast it is about, which reminder
# or question it is, and a digest of the admin who was sent it; without that, all of them were.
PETITION_NOTICES = _table(
    "petition_notices",
    petition(),
    *several(text, "kind", "about"),
    moment("sent_at", null=True),
    key=("petition", "kind", "about"),
)

# A change of what late visitors read; without `published_at` it waits for a second admin, or was
# declined by the one in `approved_by`.
CLOSING_PUBLICATIONS = _table(
    "closing_publications",
    petition(),
    sealed("requested_by_sealed", number=True),
    moment("requested_at"),
    sealed("approved_by_sealed", number=True, null=True),
    moment("published_at", null=True),
)

# The versions of the closing update, and of what became of the petition later.
CLOSING_TEXTS = _table(
    "closing_texts",
    petition(),
    *several(text, "entry", "kind", "language"),
    day("day", null=True),
    number("number"),
    sealed("text_sealed"),
    sealed("author_sealed", number=True),
    moment("written_at"),
    moment("discarded_at", null=True),
    blob("publication_id", "closing_publications.id", null=True),
    sa.UniqueConstraint("petition", "entry", "language", "number"),
)

# Of which of those an admin's next message is the text.
AWAITED_CLOSING_TEXTS = _table(
    "awaited_closing_texts",
    *several(text, "petition", "entry", "kind", "language"),
    blob("admin"),
    day("day", null=True),
    moment("asked_at"),
    key=("petition", "admin"),
)

# A list of the signatures, as it was written for the addressee.
EXPORTS = _table(
    "exports",
    petition(),
    moment("exported_at"),
    *several(number, "last_number", "with_name", "without_name"),
)

# Giving a list to the addressee; `handed_over_on` is a day, like 2026-11-24.
HANDOVERS = _table(
    "handovers",
    petition(),
    blob("export_id", "exports.id", null=True),
    day("handed_over_on"),
    text("manifest"),
    *several(number, "with_name", "without_name"),
    moment("recorded_at"),
    moment("undone_at", null=True),
)

# What changed in a signature that an export has with its name: whom the addressee must be told of.
CHANGES_AFTER_EXPORT = _table(
    "changes_after_export",
    petition(),
    number("number"),
    text("change"),
    moment("changed_at"),
    moment("told_at", null=True),
    sa.Index(None, "petition", "changed_at"),
)

# Signatures that were taken out of the count together; they stay until that is undone.
INVALIDATIONS = _table(
    "invalidations",
    petition(),
    *several(sealed, "reason_sealed", "condition_sealed"),
    number("signatures"),
    moment("invalidated_at"),
    moment("undone_at", null=True),
    number("put_back", null=True),
)

# A sentence to one person about what was done with their signature, until the bot has sent it.
PERSON_NOTICES = _table(
    "person_notices",
    petition(),
    blob("supporter"),
    sealed("chat_sealed", number=True),
    *several(text, "language", "kind"),
    moment("written_at"),
    number("attempts", default=0),
    sa.Index(None, "petition", "written_at"),
)

# The code by which somebody who writes a letter shows whose signature it is.
PERSON_CODES = _table(
    "person_codes",
    petition(),
    *several(blob, "supporter", "code_digest"),
    moment("ends_at"),
    number("attempts", default=0),
    moment("used_at", null=True),
    key=("petition", "supporter"),
)

# What is left of signatures whose retention is over: how many of each kind there were.
ANONYMOUS_COUNTS = _table(
    "anonymous_counts",
    petition(),
    text("language"),
    *several(flag, "with_name", "is_valid"),
    number("signatures"),
    key=("petition", "language", "with_name", "is_valid"),
)

# Nothing is sent until an admin has released each of them.
RESTORES = _table(
    "restores",
    petition(),
    moment("backup_made_at", null=True),
    moment("restored_at"),
    number("lost"),
    flag("journal_is_whole", default=1),
    *several(moment, "repeated_at", "released_at", null=True),
)

TELEGRAM_CACHE = _table(
    "telegram_cache",
    *several(text, "petition", "key"),
    blob("digest"),
    text("telegram_id", null=True),
    key=("petition", "key"),
)
