"""Everything that is stored about one person, to show it to them (GDPR arts 15 and 20).

Every column that can belong to a person is read here, or a test of this file says why not. New
tables and columns with personal data are added to `GIVEN`, tables to `_WHERE` too.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from storage.database import Row
from storage.petition_rows import PetitionRows
from storage.times import from_millis

Record = Mapping[str, Any]
"""A row as its owner reads it: decrypted, times as UTC datetimes, other values as stored."""

GIVEN: Mapping[str, tuple[str, ...]] = {
    "conversations": (
        *("supporter", "stage", "page", "return_stage", "language", "name_sealed", "news"),
        *("updates", "with_name", "form_started_at", "source", "message_id", "picture_id"),
        *("notice", "name_message_ids", "screen_digest", "version", "updated_at"),
    ),
    "signatures": (
        *("id", "supporter", "number", "name_sealed", "chat_sealed", "language", "source"),
        *("text_version", "signed_at", "unreachable_at", "muted_at"),
        *("form_seconds", "restricted_at", "objected_at", "invalidation_id"),
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


_PERSON = "petition = :petition AND supporter = :supporter"
_THEIR_SIGNATURE = f"signature_id IN (SELECT id FROM signatures WHERE {_PERSON})"  # noqa: S608
_ADMIN = "petition = :petition AND admin = :supporter"

# By table, where the rows are that can be a person's. The ids of admins are encrypted, so of what
# they did all rows are read, and those of others left out after decryption; they are few.
_WHERE = {
    "conversations": _PERSON,
    "signatures": _PERSON,
    "consents": f"{_THEIR_SIGNATURE} ORDER BY given_at",
    "deliveries": f"{_THEIR_SIGNATURE} ORDER BY deliveries.updated_at, broadcast_id",
    "changes_after_export": f"signatures.{_PERSON} ORDER BY changed_at",
    "sent_files": f"{_PERSON} ORDER BY sent_at",
    "person_codes": _PERSON,
    "drafts": _ADMIN,
    "admin_names": _ADMIN,
    # The key ends with the admin's reference.
    "telegram_cache": "petition = :petition AND key LIKE CAST(:menu AS TEXT)",
    "broadcasts": "petition = :petition ORDER BY created_at",
    "audit": "petition = :petition AND actor_sealed IS NOT NULL ORDER BY at, id",
    "closing_texts": "petition = :petition ORDER BY written_at, number",
    "closing_publications": "petition = :petition ORDER BY requested_at",
    "awaited_closing_texts": _ADMIN,
}
# Other tables that are read with one, and what is given of them.
_JOINED = {
    "consents": "consent_texts ON consent_texts.sha256 = consents.text_sha256",
    "deliveries": "broadcasts ON broadcasts.id = deliveries.broadcast_id",
    "changes_after_export": "signatures ON signatures.petition = changes_after_export.petition"
    " AND signatures.number = changes_after_export.number",
}
_ALSO_GIVEN = {
    "consents": ("consent_texts.text",),
    "deliveries": ("broadcasts.kind",),
    # Tells a damaged name from none.
    "signatures": ("CASE WHEN name_sealed IS NULL THEN 0 ELSE 1 END AS with_name",),
}


def _query(table: str) -> str:
    columns = (*(f"{table}.{column}" for column in GIVEN[table]), *_ALSO_GIVEN.get(table, ()))
    joined = f"JOIN {_JOINED[table]}" if table in _JOINED else ""
    return f"SELECT {', '.join(columns)} FROM {table} {joined} WHERE {_WHERE[table]}"  # noqa: S608 - constants


_QUERIES = {table: _query(table) for table in _WHERE}

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


class PersonalData(PetitionRows):
    """Reads what one petition stores about a person."""

    async def of(self, user_id: int) -> Held:
        """Returns everything that is stored about someone, whether they have signed or not."""
        supporter = self._keyring.reference(self._slug, user_id)
        menu = f"%:menu:{supporter.hex()}"
        rows: dict[str, tuple[Record, ...]] = {}
        for table, sql in _QUERIES.items():
            found = await self._read(sql, supporter=supporter, menu=menu)
            rows[table] = tuple(self._record(table, row) for row in found)
        return Held(
            conversation=_only(rows["conversations"]),
            signature=_only(rows["signatures"]),
            consents=rows["consents"],
            deliveries=rows["deliveries"],
            changes=rows["changes_after_export"],
            files=rows["sent_files"],
            letter_code=_only(rows["person_codes"]),
            draft=_only(rows["drafts"]),
            admin_name=_only(rows["admin_names"]),
            menus=rows["telegram_cache"],
            broadcasts=_parts_of(user_id, rows["broadcasts"]),
            deeds=_parts_of(user_id, rows["audit"]),
            closing_texts=_parts_of(user_id, rows["closing_texts"]),
            publications=_parts_of(user_id, rows["closing_publications"]),
            awaited=_only(rows["awaited_closing_texts"]),
        )

    def _record(self, table: str, row: Row) -> Record:
        return {
            column.removesuffix("_sealed"): self._readable(table, row, column) for column in row
        }

    def _readable(self, table: str, row: Row, column: str) -> Any:
        value = row[column]
        if column.endswith("_sealed"):
            bound_to = next(each for each in ("id", "admin", "supporter") if each in row)
            # Somebody else's damaged row must not keep people from seeing their own.
            opened = self._opened if column in _TEXTS else self._opened_id
            return opened(row, table, column, row[bound_to])
        if column == "at" or column.endswith("_at"):
            return from_millis(value)
        if column == "name_message_ids":
            return json.loads(value)
        if column == "message_ids":
            return [int(number) for number in (value or "").split(",") if number]
        return value


def _only(rows: Sequence[Record]) -> Record | None:
    return rows[0] if rows else None


_PEOPLE = frozenset(
    {
        *("actor", "author", "confirmed_by", "source_chat", "progress_chat"),
        *("requested_by", "approved_by"),
    }
)


def _parts_of(user_id: int, rows: Sequence[Record]) -> tuple[Record, ...]:
    """Returns the rows with somebody's number in them, without the numbers of others."""
    return tuple(
        {name: value for name, value in row.items() if name not in _PEOPLE or value == user_id}
        for row in rows
        if any(row[name] == user_id for name in _PEOPLE & row.keys())
    )
