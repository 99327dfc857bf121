"""Everything that is stored about one person, to show it to them (GDPR arts 15 and 20).

Of the tables below every column is given, also one that is added later, but for what is said here
to be nobody's; a test says why it is not. A new table with personal data is added to `_TABLES`
and to `Held`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Table, select

from storage.tables import (
    ADMIN_NAMES,
    AUDIT,
    AWAITED_CLOSING_TEXTS,
    BROADCASTS,
    CHANGES_AFTER_EXPORT,
    CLOSING_PUBLICATIONS,
    CLOSING_TEXTS,
    CONSENT_TEXTS,
    CONSENTS,
    CONVERSATIONS,
    DELIVERIES,
    DRAFTS,
    PERSON_CODES,
    SENT_FILES,
    SIGNATURES,
    TELEGRAM_CACHE,
)
from storage.transaction import Transaction

Record = Mapping[str, Any]
"""A row as its owner reads it: decrypted, times as UTC datetimes, other values as stored."""

_TABLES = (
    *(CONVERSATIONS, SIGNATURES, CONSENTS, DELIVERIES, CHANGES_AFTER_EXPORT, PERSON_CODES),
    *(SENT_FILES, DRAFTS, ADMIN_NAMES, TELEGRAM_CACHE, AUDIT, CLOSING_TEXTS),
    *(CLOSING_PUBLICATIONS, AWAITED_CLOSING_TEXTS),
)
_NOBODYS = frozenset({"petition", "code_digest", "claim_token", "telegram_id", "publication_id"})

GIVEN: Mapping[str, Sequence[str]] = {
    **{
        table.name: [each.name for each in table.c if each.name not in _NOBODYS]
        for table in _TABLES
    },
    "consent_texts": ["text"],
    # The rest is of the message for everybody, not of who prepared it.
    "broadcasts": [
        *("id", "kind", "created_at", "author_sealed", "confirmed_by_sealed"),
        *("source_chat_sealed", "progress_chat_sealed", "progress_message_id"),
    ],
}
"""By table, the columns that people are given of their own rows."""

# Other tables that are read with one, and what is given of them.
_WITH = {
    CONSENTS: (CONSENTS.join(CONSENT_TEXTS), CONSENT_TEXTS.c.text),
    DELIVERIES: (DELIVERIES.join(BROADCASTS), BROADCASTS.c.kind),
}


@dataclass(frozen=True, slots=True, repr=False)
class Held:
    """What is stored about one person.

    Attributes:
        consents: each with its text.
        deliveries: what was sent or is to be sent to them, the oldest first.
        changes: what changed since a list with their name was written, the oldest first.
        files: the files of /mydata in their chat that are known, the oldest first.
        letter_code: of the code for a letter, when it ends and was used.
        as_admin: what they prepared, approved, wrote and did as an admin, without the ids of other
            admins, and what the bot needs for that; empty without any of it.
    """

    conversation: Record | None = None
    signature: Record | None = None
    consents: tuple[Record, ...] = ()
    deliveries: tuple[Record, ...] = ()
    changes: tuple[Record, ...] = ()
    files: tuple[Record, ...] = ()
    letter_code: Record | None = None
    as_admin: Mapping[str, Any] = field(default_factory=dict)


def everything_held(tx: Transaction, user_id: int) -> Held:
    """Returns everything that is stored about someone, whether they have signed or not."""
    reference = tx.keyring.reference(tx.slug, user_id)
    signature = select(SIGNATURES).where(tx.of(SIGNATURES), SIGNATURES.c.supporter == reference)
    key = signature.with_only_columns(SIGNATURES.c.id)
    numbers = signature.with_only_columns(SIGNATURES.c.number)
    is_changed = CHANGES_AFTER_EXPORT.c.number.in_(numbers)
    menu = TELEGRAM_CACHE.c.key.endswith(f":menu:{reference.hex()}")
    as_admin = {
        "draft": _only(tx, DRAFTS, reference),
        "name": _only(tx, ADMIN_NAMES, reference),
        "menus": _records(tx, TELEGRAM_CACHE, menu),
        "broadcasts": _parts_of(tx, user_id, BROADCASTS, by="created_at"),
        "deeds": _parts_of(tx, user_id, AUDIT, AUDIT.c.actor_sealed.is_not(None), by="at"),
        "closing_texts": _parts_of(tx, user_id, CLOSING_TEXTS, by="written_at"),
        "publications": _parts_of(tx, user_id, CLOSING_PUBLICATIONS, by="requested_at"),
        "awaited_closing_text": _only(tx, AWAITED_CLOSING_TEXTS, reference),
    }
    return Held(
        conversation=_only(tx, CONVERSATIONS, reference),
        signature=_only(tx, SIGNATURES, reference),
        consents=_records(tx, CONSENTS, CONSENTS.c.signature_id.in_(key), by="given_at"),
        deliveries=_records(tx, DELIVERIES, DELIVERIES.c.signature_id.in_(key), by="updated_at"),
        changes=_records(tx, CHANGES_AFTER_EXPORT, is_changed, by="changed_at"),
        files=_records(tx, SENT_FILES, SENT_FILES.c.supporter == reference, by="sent_at"),
        letter_code=_only(tx, PERSON_CODES, reference),
        as_admin=as_admin if any(as_admin.values()) else {},
    )


def _records(
    tx: Transaction, table: Table, *conditions: ColumnElement[bool], by: str | None = None
) -> tuple[Record, ...]:
    """Returns the rows of this petition for which all of that holds, in the order of a column."""
    tables, *also = _WITH.get(table, (table,))
    query = select(*(table.c[name] for name in GIVEN[table.name]), *also).select_from(tables)
    order = (*([] if by is None else [table.c[by]]), *table.primary_key)
    records = []
    for row in tx.all(query.where(tx.of(table), *conditions).order_by(*order)):
        # What is damaged is None: somebody else's row must not keep people from seeing their own.
        record = {**tx.unsealed(table, row), **{each.name: row._mapping[each] for each in also}}
        if table is DELIVERIES:
            record["message_ids"] = row.message_ids or []
        if table is SIGNATURES:  # tells a damaged name from none
            record["with_name"] = row.name_sealed is not None
        records.append(record)
    return tuple(records)


def _only(tx: Transaction, table: Table, reference: bytes) -> Record | None:
    """Returns the row of a person, of whom a table has one at most."""
    whose = table.c["supporter" if "supporter" in table.c else "admin"]
    return next(iter(_records(tx, table, whose == reference)), None)


def _parts_of(
    tx: Transaction, user_id: int, table: Table, *conditions: ColumnElement[bool], by: str
) -> tuple[Record, ...]:
    """Returns the rows with an admin's number in them, without the numbers of others.

    The numbers are encrypted, so all that admins did is read, which is little.
    """
    numbers = [each for each in table.c if each.info.get("plain") is int]
    people = {each.name.removesuffix("_sealed") for each in numbers}
    return tuple(
        {name: value for name, value in row.items() if name not in people or value == user_id}
        for row in _records(tx, table, *conditions, by=by)
        if any(row[name] == user_id for name in people)
    )
