"""The tables of the first release."""

import sqlalchemy as sa
from alembic import op

from storage.columns import blob, number, petition, text, where

revision = "v1"
down_revision = None

_FILLED_IN = (
    "name_sealed IS NOT NULL OR name_message_ids <> '[]' OR news <> 0 OR updates <> 0"
    " OR source IS NOT NULL OR form_started_at IS NOT NULL"
)
_BROADCAST_STATE = (
    "state IN ('scheduled', 'running', 'paused', 'finished', 'stopped', 'cancelled')"
)
_DELIVERY_STATE = (
    "state IN ('pending', 'sending', 'delivered', 'unreachable', 'rejected', 'forbidden',"
    " 'unconfirmed', 'withdrawn')"
)


def upgrade() -> None:
    _table(
        "petitions",
        text("slug"),
        number("signatures", default=0),
        number("last_number", default=0),
        number("deeds", default=0),
        number("closed_at", null=True),
        number("closed_signatures", null=True),
        number("revision", default=0),
        blob("key_fingerprint", null=True),
        number("forgotten_version", default=0),
        number("closes_at", null=True),
        number("closes_at_chosen", default=0),
        number("erased_at", null=True),
        sa.PrimaryKeyConstraint("slug"),
        sa.CheckConstraint("signatures >= 0", name="count_not_negative"),
        sa.CheckConstraint("signatures <= last_number", name="numbers_given"),
    )
    _table(
        "conversations",
        text("petition"),
        blob("supporter"),
        text("stage"),
        number("page"),
        text("return_stage", null=True),
        text("language", null=True),
        blob("name_sealed", null=True),
        number("news"),
        number("updates", default=0),
        number("with_name", null=True),
        number("form_started_at", null=True),
        text("notice", null=True),
        text("source", null=True),
        number("message_id", null=True),
        number("picture_id", null=True),
        text("name_message_ids"),
        blob("screen_digest", null=True),
        number("version"),
        number("updated_at"),
        sa.PrimaryKeyConstraint("petition", "supporter"),
        sa.Index("conversations_filled_in", "petition", "updated_at", **where(_FILLED_IN)),
    )
    _table(
        "signatures",
        blob("id"),
        petition(),
        blob("supporter"),
        number("number"),
        blob("name_sealed"),
        blob("chat_sealed"),
        text("language"),
        text("source", null=True),
        text("text_version"),
        number("signed_at"),
        number("unreachable_at", null=True),
        number("muted_at", null=True),
        number("with_name", default=1),
        number("form_seconds", null=True),
        number("restricted_at", null=True),
        number("objected_at", null=True),
        blob("invalidation_id", null=True),
        text("kept_version", null=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("petition", "supporter"),
        sa.UniqueConstraint("petition", "number"),
        sa.Index(
            "signatures_counted", "petition", "signed_at", **where("invalidation_id IS NULL")
        ),
    )
    _table(
        "consent_texts",
        blob("sha256"),
        text("petition"),
        text("language"),
        text("version"),
        text("text"),
        sa.PrimaryKeyConstraint("sha256"),
    )
    _table(
        "consents",
        blob("id"),
        text("petition"),
        blob("signature_id", "signatures.id", on_delete="CASCADE"),
        text("purposes"),
        blob("text_sha256", "consent_texts.sha256"),
        text("text_version"),
        text("language"),
        text("channel"),
        number("message_id"),
        number("given_at"),
        number("news_ended_at", null=True),
        number("updates_at_most", default=0),
        number("updates_ended_at", null=True),
        number("with_name", default=1),
        number("with_name_ended_at", null=True),
        sa.PrimaryKeyConstraint("id"),
        sa.Index(None, "signature_id"),
    )
    _table(
        "broadcasts",
        blob("id"),
        petition(),
        text("kind"),
        text("state"),
        text("content"),
        blob("content_sha256"),
        number("total"),
        number("created_at"),
        number("reported_at", null=True),
        text("pause_reason", null=True),
        text("stop_reason", null=True),
        text("reason_detail", null=True),
        blob("progress_chat_sealed", null=True),
        number("progress_message_id", null=True),
        blob("author_sealed"),
        text("topic", default="closing"),
        blob("source_chat_sealed", null=True),
        text("source_language", default="es"),
        text("language", null=True),
        number("news_only", default=0),
        number("paid", default=0),
        number("expected", null=True),
        number("last_signature_number", null=True),
        number("enqueued_through", default=0),
        number("enqueued_at", null=True),
        number("starts_at", null=True),
        number("started_at", null=True),
        number("ended_at", null=True),
        number("recall_started_at", null=True),
        number("recall_ended_at", null=True),
        blob("confirmed_by_sealed", null=True),
        number("cancel_requested_at", null=True),
        sa.PrimaryKeyConstraint("id"),
        sa.CheckConstraint(_BROADCAST_STATE, name="state_known"),
        sa.CheckConstraint("kind <> 'news' OR news_only = 1", name="news_to_those_who_agreed"),
        sa.Index(
            "broadcasts_one_active",
            "petition",
            unique=True,
            **where("state IN ('running', 'paused')"),
        ),
    )
    _table(
        "deliveries",
        blob("broadcast_id", "broadcasts.id"),
        number("position"),
        blob("signature_id", "signatures.id", null=True, on_delete="SET NULL"),
        text("language"),
        text("state"),
        number("attempts", default=0),
        blob("claim_token", null=True),
        number("updated_at"),
        text("message_ids", null=True),
        text("recall_outcome", null=True),
        sa.PrimaryKeyConstraint("broadcast_id", "position"),
        sa.UniqueConstraint("signature_id", "broadcast_id"),
        sa.Index(None, "broadcast_id", "state", "position"),
        sa.CheckConstraint(_DELIVERY_STATE, name="state_known"),
    )
    _table(
        "erased_deliveries",
        blob("broadcast_id", "broadcasts.id"),
        text("state"),
        text("recall_outcome"),
        number("people"),
        sa.PrimaryKeyConstraint("broadcast_id", "state", "recall_outcome"),
    )
    _table(
        "drafts",
        text("petition"),
        blob("admin"),
        blob("body_sealed"),
        number("updated_at"),
        sa.PrimaryKeyConstraint("petition", "admin"),
    )
    _table(
        "sent_files",
        text("petition"),
        blob("supporter"),
        number("message_id"),
        blob("chat_sealed"),
        number("sent_at"),
        number("due"),
        sa.PrimaryKeyConstraint("petition", "supporter", "message_id"),
    )
    _table(
        "admin_names",
        text("petition"),
        blob("admin"),
        blob("name_sealed"),
        number("updated_at"),
        sa.PrimaryKeyConstraint("petition", "admin"),
    )
    _table(
        "leases",
        text("name"),
        text("holder"),
        number("expires_at"),
        sa.PrimaryKeyConstraint("name"),
    )
    _table(
        "audit",
        blob("id"),
        text("petition"),
        number("at"),
        blob("actor_sealed", null=True),
        text("action"),
        text("detail"),
        sa.PrimaryKeyConstraint("id"),
        sa.Index(None, "petition", "at"),
    )
    _table(
        "admin_notices",
        blob("broadcast_id", "broadcasts.id"),
        text("kind"),
        text("about"),
        sa.PrimaryKeyConstraint("broadcast_id", "kind", "about"),
    )
    _table(
        "petition_notices",
        petition(),
        text("kind"),
        text("about"),
        number("sent_at", null=True),
        sa.PrimaryKeyConstraint("petition", "kind", "about"),
    )
    _table(
        "closing_publications",
        blob("id"),
        petition(),
        blob("requested_by_sealed"),
        number("requested_at"),
        blob("approved_by_sealed", null=True),
        number("published_at", null=True),
        sa.PrimaryKeyConstraint("id"),
    )
    _table(
        "closing_texts",
        blob("id"),
        petition(),
        text("entry"),
        text("kind"),
        text("day", null=True),
        text("language"),
        number("number"),
        blob("text_sealed"),
        blob("author_sealed"),
        number("written_at"),
        number("discarded_at", null=True),
        blob("publication_id", "closing_publications.id", null=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("petition", "entry", "language", "number"),
    )
    _table(
        "awaited_closing_texts",
        text("petition"),
        blob("admin"),
        text("entry"),
        text("kind"),
        text("day", null=True),
        text("language"),
        number("asked_at"),
        sa.PrimaryKeyConstraint("petition", "admin"),
    )
    _table(
        "exports",
        blob("id"),
        petition(),
        number("exported_at"),
        number("last_number"),
        number("with_name"),
        number("without_name"),
        sa.PrimaryKeyConstraint("id"),
    )
    _table(
        "handovers",
        blob("id"),
        petition(),
        blob("export_id", "exports.id", null=True),
        text("handed_over_on"),
        text("manifest"),
        number("with_name"),
        number("without_name"),
        number("recorded_at"),
        number("undone_at", null=True),
        sa.PrimaryKeyConstraint("id"),
    )
    _table(
        "changes_after_export",
        blob("id"),
        petition(),
        number("number"),
        text("change"),
        number("changed_at"),
        number("told_at", null=True),
        sa.PrimaryKeyConstraint("id"),
        sa.Index(None, "petition", "changed_at"),
    )
    _table(
        "invalidations",
        blob("id"),
        petition(),
        blob("reason_sealed"),
        blob("condition_sealed"),
        number("signatures"),
        number("invalidated_at"),
        number("undone_at", null=True),
        number("put_back", null=True),
        sa.PrimaryKeyConstraint("id"),
    )
    _table(
        "person_notices",
        blob("id"),
        petition(),
        blob("supporter"),
        blob("chat_sealed"),
        text("language"),
        text("kind"),
        number("written_at"),
        number("attempts", default=0),
        sa.PrimaryKeyConstraint("id"),
        sa.Index(None, "petition", "written_at"),
    )
    _table(
        "person_codes",
        petition(),
        blob("supporter"),
        blob("code_digest"),
        number("ends_at"),
        number("attempts", default=0),
        number("used_at", null=True),
        sa.PrimaryKeyConstraint("petition", "supporter"),
    )
    _table(
        "anonymous_counts",
        petition(),
        text("language"),
        number("with_name"),
        number("is_valid"),
        number("signatures"),
        sa.PrimaryKeyConstraint("petition", "language", "with_name", "is_valid"),
    )
    _table(
        "restores",
        blob("id"),
        petition(),
        number("backup_made_at", null=True),
        number("restored_at"),
        number("lost"),
        number("journal_is_whole", default=1),
        number("repeated_at", null=True),
        number("released_at", null=True),
        sa.PrimaryKeyConstraint("id"),
    )
    _table(
        "telegram_cache",
        text("petition"),
        text("key"),
        blob("digest"),
        text("telegram_id", null=True),
        sa.PrimaryKeyConstraint("petition", "key"),
    )


def _table(name: str, *parts: sa.schema.SchemaItem) -> None:
    op.create_table(name, *parts, sqlite_strict=True)
