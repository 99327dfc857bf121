"""Databases filled with signatures, with every row and encrypted value that signing leaves.

They are written in bulk: a million single transactions would take far longer than what is
measured.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from storage import open_storage
from storage.keyring import Keyring
from storage.migrate import migrate
from storage.times import rising_id
from tests.support.raw_sql import Statement, write_all, write_sql
from tests.support.supporters import NOON_MILLIS, SLUG, Supporters, later

DATABASE = "petition.db"
KEY = "petition.key"
FIRST_CHAT = 1001

_CONSENT_TEXT = "Yo, {name}, firmo."
_SHARED: Mapping[str, Any] = {
    "petition": SLUG,
    "at": NOON_MILLIS,
    "sha256": hashlib.sha256(_CONSENT_TEXT.encode()).digest(),
}
# A statement needs more time for each row the more values it has.
_AT_A_TIME = 200

_WORDS = """
INSERT INTO consent_texts (sha256, petition, language, version, text)
VALUES (:sha256, :petition, 'es', '1', :text) ON CONFLICT DO NOTHING
"""
_NUMBERED = """
UPDATE petitions SET signatures = :n, last_number = :n WHERE slug = :petition
"""


@dataclass(frozen=True, slots=True)
class _Table:
    """The statement that inserts rows into one table: its beginning, and the text of a row.

    `{n}` in a row's text stands for its place among the rows of one statement.
    """

    insert: str
    row: str

    def many(self, rows: Sequence[Mapping[str, Any]]) -> Statement:
        """Returns one statement for many rows."""
        texts = [self.row.replace("{n}", str(place)) for place in range(len(rows))]
        values = dict(_SHARED)
        for place, row in enumerate(rows):
            values.update((f"{name}{place}", value) for name, value in row.items())
        return Statement(f"{self.insert} VALUES {', '.join(texts)}", values)


_TABLES = (
    _Table(
        "INSERT INTO signatures (id, petition, supporter, number, name_sealed, chat_sealed,"
        " language, text_version, signed_at)",
        "(:id{n}, :petition, :supporter{n}, :number{n}, :name{n}, :chat{n}, 'es', '1', :at)",
    ),
    _Table(
        "INSERT INTO consents (id, petition, signature_id, purposes, updates_at_most, text_sha256,"
        " text_version, language, channel, message_id, given_at)",
        "(:consent{n}, :petition, :id{n}, 'signature,updates,news', 9, :sha256, '1', 'es',"
        " 'telegram', 1, :at)",
    ),
    _Table(
        "INSERT INTO conversations (petition, supporter, stage, page, language, news,"
        " name_message_ids, version, updated_at)",
        "(:petition, :supporter{n}, 'signed', 0, 'es', 0, '[]', 5, :at)",
    ),
)


def url_of(folder: Path) -> str:
    """Returns the URL of the database in a folder."""
    return f"sqlite+aiosqlite:///{folder / DATABASE}"


async def gather_signatures(url: str, keyring: Keyring, people: int) -> None:
    """Creates a closed petition with `people` signatures, the first from `FIRST_CHAT`."""
    await migrate(url)
    storage = await open_storage(url, keyring, SLUG)
    signed = (_person(keyring, number) for number in range(1, people + 1))
    try:
        await write_sql(storage.database, _WORDS, **_SHARED, text=_CONSENT_TEXT)
        while rows := list(islice(signed, _AT_A_TIME)):
            await write_all(storage.database, *(table.many(rows) for table in _TABLES))
        await write_sql(storage.database, _NUMBERED, petition=SLUG, n=people)
        await Supporters(storage.database, keyring).set_closed(True)
    finally:
        await storage.close()


async def reopen(url: str, keyring: Keyring) -> None:
    """Opens the petition again, so that people can sign."""
    storage = await open_storage(url, keyring, SLUG)
    try:
        await Supporters(storage.database, keyring).set_closed(False)
    finally:
        await storage.close()


def _person(keyring: Keyring, number: int) -> Mapping[str, Any]:
    # Increasing times, so that rows lie in the order of signing.
    at = later(number / 1000)
    key, chat = rising_id(at), FIRST_CHAT - 1 + number

    def sealed(text: str, column: str) -> bytes:
        return keyring.seal(text, table="signatures", column=column, row=key)

    return {
        "id": key,
        "consent": rising_id(at),
        "supporter": keyring.reference(SLUG, chat),
        "number": number,
        "name": sealed(f"Persona {number}", "name_sealed"),
        "chat": sealed(str(chat), "chat_sealed"),
    }
