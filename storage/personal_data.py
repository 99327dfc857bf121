"""Everything that is stored about one person, to show it to them (GDPR arts 15 and 20).

Every column that can belong to a person is read here, or a test of this file says why not. New
tables and columns with personal data are added to `GIVEN`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from storage.database import Database, Row, Statement, Value
from storage.keyring import Keyring
from storage.times import from_millis

Record = Mapping[str, Any]
"""A row as its owner reads it: decrypted, times as UTC datetimes, other values as stored."""

GIVEN: Mapping[str, tuple[str, ...]] = {
    "conversations": (
        *("supporter", "stage", "page", "return_stage", "language", "name_sealed", "news"),
        *(
            "updates",
            "with_name",
            "form_started_at",
            "source",
            "message_id",
            "picture_id",
            "name_message_ids",
            "screen_digest",
            "version",
        ),
        "updated_at",
    ),
    "signatures": (
        *("id", "supporter", "number", "name_sealed", "chat_sealed", "language", "source"),
        *("text_version", "signed_at", "unreachable_at", "muted_at"),
        *("with_name", "form_seconds", "restricted_at", "objected_at", "invalidation_id"),
        "kept_version",
    ),
    "consents": (
        *("id", "signature_id", "purposes", "text_sha256", "text_version", "language"),
        *("channel", "message_id", "given_at", "news_ended_at", "updates_at_most"),
        *("updates_ended_at", "with_name", "with_name_ended_at"),
    ),
    "consent_texts": ("text",),
    "deliveries": (
        *("broadcast_id", "position", "signature_id", "language", "state", "attempts"),
        *("updated_at", "message_ids", "recall_outcome"),
    ),
    "changes_after_export": ("id", "number", "change", "changed_at", "told_at"),
    "person_codes": ("supporter", "ends_at", "attempts", "used_at"),
    "sent_files": ("supporter", "message_id", "chat_sealed", "sent_at", "due"),
    "drafts": ("admin", "body_sealed", "updated_at"),
    "admin_names": ("admin", "name_sealed", "updated_at"),
    "telegram_cache": ("key", "digest"),
    "broadcasts": (
        *("id", "kind", "created_at", "author_sealed", "confirmed_by_sealed"),
        *("source_chat_sealed", "progress_chat_sealed", "progress_message_id"),
    ),
    "audit": ("id", "at", "actor_sealed", "action", "detail"),
    "closing_texts": (
        *("id", "entry", "kind", "day", "language", "number", "text_sealed", "author_sealed"),
        *("written_at", "discarded_at"),
    ),
    "closing_publications": (
        *("id", "requested_by_sealed", "requested_at", "approved_by_sealed", "published_at"),
    ),
    "awaited_closing_texts": ("admin", "entry", "kind", "day", "language", "asked_at"),
}
"""By table, the columns that people are given of their own rows."""


def _columns(table: str) -> str:
    return ", ".join(f"{table}.{column}" for column in GIVEN[table])


_PERSON = "petition = :petition AND supporter = :supporter"

_CONVERSATION = f"""
SELECT {_columns("conversations")} FROM conversations WHERE {_PERSON}
"""  # noqa: S608 - constants of this file

_SIGNATURE = f"""
SELECT {_columns("signatures")} FROM signatures WHERE {_PERSON}
"""  # noqa: S608 - constants of this file

_CONSENTS = f"""
SELECT {_columns("consents")}, {_columns("consent_texts")}
FROM consents JOIN consent_texts ON consent_texts.sha256 = consents.text_sha256
WHERE consents.signature_id IN (SELECT id FROM signatures WHERE {_PERSON})
ORDER BY consents.given_at
"""  # noqa: S608 - constants of this file

_DELIVERIES = f"""
SELECT {_columns("deliveries")}, broadcasts.kind
FROM deliveries JOIN broadcasts ON broadcasts.id = deliveries.broadcast_id
WHERE deliveries.signature_id IN (SELECT id FROM signatures WHERE {_PERSON})
ORDER BY deliveries.updated_at, deliveries.broadcast_id
"""  # noqa: S608 - constants of this file

_CHANGES = f"""
SELECT {_columns("changes_after_export")} FROM changes_after_export
JOIN signatures ON signatures.petition = changes_after_export.petition
  AND signatures.number = changes_after_export.number
WHERE signatures.petition = :petition AND signatures.supporter = :supporter
ORDER BY changes_after_export.changed_at
"""  # noqa: S608 - constants of this file

_FILES = f"""
SELECT {_columns("sent_files")} FROM sent_files WHERE {_PERSON} ORDER BY sent_at
"""  # noqa: S608 - constants of this file

_CODE = f"""
SELECT {_columns("person_codes")} FROM person_codes WHERE {_PERSON}
"""  # noqa: S608 - constants of this file

_DRAFT = f"""
SELECT {_columns("drafts")} FROM drafts WHERE petition = :petition AND admin = :supporter
"""  # noqa: S608 - constants of this file

_ADMIN_NAME = f"""
SELECT {_columns("admin_names")} FROM admin_names
WHERE petition = :petition AND admin = :supporter
"""  # noqa: S608 - constants of this file

# The key ends with the admin's reference.
_MENUS = f"""
SELECT {_columns("telegram_cache")} FROM telegram_cache
WHERE petition = :petition AND key LIKE CAST(:menu AS TEXT)
"""  # noqa: S608 - constants of this file

# The admins' ids are encrypted, so all rows are read and filtered after decryption; they are few.
_BROADCASTS = f"""
SELECT {_columns("broadcasts")} FROM broadcasts WHERE petition = :petition ORDER BY created_at
"""  # noqa: S608 - constants of this file

_DEEDS = f"""
SELECT {_columns("audit")} FROM audit
WHERE petition = :petition AND actor_sealed IS NOT NULL
ORDER BY at, id
"""  # noqa: S608 - constants of this file

_WRITTEN = f"""
SELECT {_columns("closing_texts")} FROM closing_texts
WHERE petition = :petition ORDER BY written_at, number
"""  # noqa: S608 - constants of this file

_PUBLICATIONS = f"""
SELECT {_columns("closing_publications")} FROM closing_publications
WHERE petition = :petition ORDER BY requested_at
"""  # noqa: S608 - constants of this file

_AWAITED = f"""
SELECT {_columns("awaited_closing_texts")} FROM awaited_closing_texts
WHERE petition = :petition AND admin = :supporter
"""  # noqa: S608 - constants of this file

# The other sealed columns hold the id of a person or of a chat.
_TEXTS = frozenset({"name_sealed", "body_sealed", "text_sealed"})


@dataclass(frozen=True, slots=True, repr=False)
class Held:
    """What is stored about one person.

    Attributes:
        conversation: their stage and what they filled in so far.
        signature: None if they have not signed.
        consents: each with its text.
        deliveries: what was sent or is to be sent to them, the oldest first.
        changes: what changed since a list with their name was written, the oldest first.
        files: the files of /mydata in their chat that are known, the oldest first.
        letter_code: of the code for a letter, when it ends and was used.
        draft: the message that they are preparing, as an admin.
        admin_name: what other admins read in place of their number.
        menus: the command menus that they were given as an admin.
        broadcasts: those that they prepared or approved, without the ids of other admins.
        deeds: the audit entries of what they did as an admin.
        closing_texts: what they wrote of how the petition ended, as an admin.
        publications: those that they asked for or approved, without the ids of other admins.
        awaited: of which text the bot asked them for, as an admin.
    """

    conversation: Record | None = None
    signature: Record | None = None
    consents: tuple[Record, ...] = ()
    deliveries: tuple[Record, ...] = ()
    changes: tuple[Record, ...] = ()
    files: tuple[Record, ...] = ()
    letter_code: Record | None = None
    draft: Record | None = None
    admin_name: Record | None = None
    menus: tuple[Record, ...] = ()
    broadcasts: tuple[Record, ...] = ()
    deeds: tuple[Record, ...] = ()
    closing_texts: tuple[Record, ...] = ()
    publications: tuple[Record, ...] = ()
    awaited: Record | None = None


class PersonalData:
    """Reads what one petition stores about a person."""

    def __init__(self, database: Database, slug: str, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring
        self._slug = slug

    async def of(self, user_id: int) -> Held:
        """Returns everything that is stored about someone, whether they have signed or not."""
        supporter = self._keyring.reference(self._slug, user_id)
        return Held(
            conversation=_only(await self._read("conversations", _CONVERSATION, supporter)),
            signature=_only(await self._read("signatures", _SIGNATURE, supporter)),
            consents=await self._read("consents", _CONSENTS, supporter),
            deliveries=await self._read("deliveries", _DELIVERIES, supporter),
            changes=await self._read("changes_after_export", _CHANGES, supporter),
            files=await self._read("sent_files", _FILES, supporter),
            letter_code=_only(await self._read("person_codes", _CODE, supporter)),
            draft=_only(await self._read("drafts", _DRAFT, supporter)),
            admin_name=_only(await self._read("admin_names", _ADMIN_NAME, supporter)),
            menus=await self._read("telegram_cache", _MENUS, supporter),
            broadcasts=tuple(
                _part_of(user_id, row)
                for row in await self._read("broadcasts", _BROADCASTS, supporter)
                if user_id in _people_in(row).values()
            ),
            deeds=tuple(
                row
                for row in await self._read("audit", _DEEDS, supporter)
                if row["actor"] == user_id
            ),
            closing_texts=tuple(
                row
                for row in await self._read("closing_texts", _WRITTEN, supporter)
                if row["author"] == user_id
            ),
            publications=tuple(
                _part_of(user_id, row)
                for row in await self._read("closing_publications", _PUBLICATIONS, supporter)
                if user_id in _people_in(row).values()
            ),
            awaited=_only(await self._read("awaited_closing_texts", _AWAITED, supporter)),
        )

    async def _read(self, table: str, sql: str, supporter: bytes) -> tuple[Record, ...]:
        known: dict[str, Value] = {
            "petition": self._slug,
            "supporter": supporter,
            "menu": f"%:menu:{supporter.hex()}",
        }
        asked = {name: value for name, value in known.items() if f":{name}" in sql}
        rows = await self._database.read(Statement(sql, asked))
        return tuple(self._record(table, row) for row in rows)

    def _record(self, table: str, row: Row) -> Record:
        return dict(self._readable(table, row, column) for column in row)

    def _readable(self, table: str, row: Row, column: str) -> tuple[str, Any]:
        value = row[column]
        if column.endswith("_sealed"):
            return column.removesuffix("_sealed"), self._opened(table, row, column)
        if column == "at" or column.endswith("_at"):
            return column, from_millis(value)
        if column == "name_message_ids":
            return column, json.loads(value)
        if column == "message_ids":
            return column, [int(number) for number in (value or "").split(",") if number]
        return column, value

    def _opened(self, table: str, row: Row, column: str) -> str | int | None:
        place = row["id" if "id" in row else "admin" if "admin" in row else "supporter"]
        # Somebody else's damaged row must not keep people from seeing their own.
        opened = self._keyring.open_if_whole(row[column], table=table, column=column, row=place)
        return opened if opened is None or column in _TEXTS else int(opened)


def _only(rows: Sequence[Record]) -> Record | None:
    return rows[0] if rows else None


_PEOPLE = frozenset(
    {"author", "confirmed_by", "source_chat", "progress_chat", "requested_by", "approved_by"}
)


def _people_in(row: Record) -> dict[str, int | None]:
    return {name: value for name, value in row.items() if name in _PEOPLE}


def _part_of(user_id: int, row: Record) -> Record:
    others = {name for name, number in _people_in(row).items() if number != user_id}
    return {name: value for name, value in row.items() if name not in others}
