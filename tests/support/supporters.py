"""Supporters of a petition: one who signs, and any number inserted straight into the tables."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from storage import Storage
from storage.consents import Consent
from storage.conversations import Conversation, save_conversation
from storage.database import Database
from storage.exports import Change, note_change
from storage.keyring import Keyring
from storage.signatures import Signature, sign_petition, stored_supporter, withdraw_signature
from storage.tables import SIGNATURES
from storage.times import rising_id
from storage.transaction import Transaction
from tests.support.raw_sql import Statement, read_sql, write_all, write_sql

SLUG = "andry"
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
NOON_MILLIS = int(NOON.timestamp() * 1000)
ADMIN = 900
WORDS = "Yo, {name}, firmo."
CONSENT = Consent(
    text=WORDS,
    text_version="1",
    language="es",
    purposes=frozenset({"signature", "news"}),
    message_id=7,
)

_LONG_AGO = datetime.fromtimestamp(0, UTC)
_PETITION = """
INSERT INTO petitions (slug, signatures, last_number, closed_at, closed_signatures, revision)
VALUES (:slug, 0, 0, :closed_at, 0, 1)
ON CONFLICT (slug) DO UPDATE
SET closed_at = excluded.closed_at, closed_signatures = 0, revision = 1
"""
_SIGNATURE = """
INSERT INTO signatures
  (id, petition, supporter, number, name_sealed, chat_sealed, language, text_version, signed_at)
VALUES (:id, :petition, :supporter, :number, :name, :chat, :language, '1', :at)
"""
_NUMBERED = """
UPDATE petitions SET signatures = signatures + :signed,
  last_number = CASE WHEN last_number < :n THEN :n ELSE last_number END
WHERE slug = :slug
"""
_CONVERSATION = """
INSERT INTO conversations
  (petition, supporter, stage, page, language, news, name_message_ids, version, updated_at)
VALUES (:petition, :supporter, 'signed', 0, :language, 0, '[]', 1, 0)
"""
_CONSENT_TEXT = """
INSERT INTO consent_texts (sha256, petition, language, version, text)
VALUES (:sha256, :petition, 'es', '1', 'Consiento.') ON CONFLICT DO NOTHING
"""
_CONSENT = """
INSERT INTO consents (id, petition, signature_id, purposes, updates_at_most, text_sha256,
  text_version, language, channel, message_id, given_at)
SELECT :id, s.petition, s.id, :purposes, :updates_at_most, :sha256, '1', 'es', 'telegram', 1, 0
FROM signatures s WHERE s.petition = :petition AND s.number = :n
"""
_EXPORT = """
INSERT INTO exports (id, petition, exported_at, last_number, with_name, without_name)
VALUES (:id, :petition, :at, :last_number, :with_name, :without_name)
"""
_DELIVERIES = """
SELECT d.position, d.state, d.attempts, d.language, d.claim_token FROM deliveries d
WHERE d.broadcast_id = :broadcast ORDER BY d.position
"""


def later(seconds: float) -> datetime:
    """Returns the time so many seconds after noon."""
    return NOON + timedelta(seconds=seconds)


class Supporters(Storage):
    """A petition and its supporters; the one with signature number n has the chat 1000 + n.

    They signed at `signed_at`: a bot that runs erases those whose retention is over.
    """

    def __init__(
        self,
        database: Database,
        keyring: Keyring,
        slug: str = SLUG,
        signed_at: datetime = _LONG_AGO,
    ) -> None:
        super().__init__(database, keyring, slug)
        self.signed_at = signed_at

    async def open_petition(self, *, closed: bool = True) -> None:
        """Inserts the petition."""
        await self._do(_PETITION, slug=self.slug, closed_at=NOON_MILLIS if closed else None)

    async def set_closed(self, closed: bool) -> None:
        """Closes the petition at noon, or opens it again."""
        sql = "UPDATE petitions SET closed_at = :at WHERE slug = :slug"
        await self._do(sql, slug=self.slug, at=NOON_MILLIS if closed else None)

    async def set_closed_at(self, at: datetime) -> None:
        """Closes the petition at a given time."""
        sql = "UPDATE petitions SET closed_at = :at WHERE slug = :slug"
        await self._do(sql, slug=self.slug, at=int(at.timestamp() * 1000))

    async def sign(
        self, numbers: Iterable[int], language: str = "es", *, updates: int = 0
    ) -> None:
        """Adds signatures with these numbers, all in one language.

        With `updates`, each with a consent to so many messages about the petition.
        """
        signed = list(numbers)
        await write_all(self.database, *[self._signature(n, language) for n in signed])
        await self._do(_NUMBERED, slug=self.slug, n=max(signed, default=0), signed=len(signed))
        for number in signed if updates else ():
            await self.consent(number, "signature,updates", updates)

    async def speak(self, number: int, language: str | None) -> None:
        """Gives a supporter a conversation, with or without a chosen language."""
        await self._do(
            _CONVERSATION,
            petition=self.slug,
            supporter=self.supporter(number),
            language=language,
        )

    async def consent(
        self, number: int, purposes: str = "signature,news", updates_at_most: int = 0
    ) -> None:
        """Records a supporter's consent to these purposes."""
        sha256 = b"s" * 32
        await self._do(_CONSENT_TEXT, sha256=sha256, petition=self.slug)
        await self._do(
            _CONSENT,
            id=uuid.uuid4().bytes,
            petition=self.slug,
            purposes=purposes,
            updates_at_most=updates_at_most,
            sha256=sha256,
            n=number,
        )

    async def agree_no_more(self, number: int) -> None:
        """Ends a supporter's consent to other news; the signature stays."""
        sql = """
        UPDATE consents SET news_ended_at = 1 WHERE signature_id IN (
          SELECT id FROM signatures WHERE petition = :petition AND number = :n
        )
        """
        await self._do(sql, petition=self.slug, n=number)

    async def withdraw(self, number: int) -> None:
        """Withdraws a supporter's signature."""
        await self.write(withdraw_signature, self.supporter(number), NOON)

    async def note(self, number: int, change: Change, at: datetime) -> None:
        """Notes a change of a supporter's signature, which is not made by it."""

        def noting(tx: Transaction, /) -> None:
            signature = tx.find(SIGNATURES, SIGNATURES.c.supporter == self.supporter(number))
            assert signature is not None
            note_change(tx, signature, change, at)

        await self.write(noting)

    async def exported(
        self,
        last_number: int,
        *,
        at: datetime = NOON,
        with_name: int = 0,
        without_name: int = 0,
    ) -> bytes:
        """Records a list of the signatures up to a number; returns its id."""
        key = rising_id(at)
        await self._do(
            _EXPORT,
            id=key,
            petition=self.slug,
            at=int(at.timestamp() * 1000),
            last_number=last_number,
            with_name=with_name,
            without_name=without_name,
        )
        return key

    async def lose(self, number: int, *, reachable: bool = False) -> None:
        """Marks a supporter as unreachable, or as reachable again."""
        await self.change(number, "unreachable_at = :at", at=None if reachable else NOON_MILLIS)

    async def mute(self, number: int) -> None:
        """Marks a supporter as having muted the bot."""
        await self.change(number, "muted_at = :at", at=NOON_MILLIS)

    async def damage(self, number: int) -> None:
        """Makes a supporter's chat id undecipherable."""
        await self.change(number, "chat_sealed = :junk", junk=b"junk" * 20)

    async def change(self, number: int, assignment: str, **values: Any) -> None:
        """Sets columns of the signature with a number, in SQL."""
        sql = f"UPDATE signatures SET {assignment} WHERE number = :n"  # noqa: S608 - of tests
        await self._do(sql, n=number, **values)

    async def unreachable(self) -> list[int]:
        """Returns the numbers of the supporters who are marked as unreachable."""
        sql = "SELECT number FROM signatures WHERE unreachable_at IS NOT NULL ORDER BY number"
        return [row["number"] for row in await read_sql(self.database, sql)]

    async def deliveries(self, broadcast: bytes) -> list[dict[str, object]]:
        """Returns the delivery rows of a broadcast, by position."""
        rows = await read_sql(self.database, _DELIVERIES, broadcast=broadcast)
        return [dict(row) for row in rows]

    async def states(self, broadcast: bytes) -> list[object]:
        """Returns the state of each delivery, by position."""
        return [row["state"] for row in await self.deliveries(broadcast)]

    def _signature(self, number: int, language: str) -> Statement:
        key = uuid.uuid4().bytes

        def sealed(text: str, column: str) -> bytes:
            return self.keyring.seal(text, table="signatures", column=column, row=key)

        return Statement(
            _SIGNATURE,
            {
                "id": key,
                "petition": self.slug,
                "supporter": self.supporter(number),
                "at": int(self.signed_at.timestamp() * 1000),
                "number": number,
                "name": sealed(f"Persona {number}", "name_sealed"),
                "chat": sealed(str(1000 + number), "chat_sealed"),
                "language": language,
            },
        )

    def supporter(self, number: int) -> bytes:
        """Returns a supporter's reference."""
        return self.keyring.reference(self.slug, 1000 + number)

    async def _do(self, sql: str, **values: Any) -> None:
        await write_sql(self.database, sql, **values)


@dataclass(frozen=True, slots=True)
class Supporter:
    """One supporter, who signs through the storage."""

    user_id: int
    name: str
    supporter: bytes

    def conversation(self, *, version: int = 1, stage: str = "consent") -> Conversation:
        return Conversation(self.supporter, stage=stage, name=self.name, version=version)

    async def arrive(self, storage: Storage) -> None:
        """Puts the conversation at the consent, at version 1."""
        await storage.write(save_conversation, self.conversation(), was=None, at=NOON)

    async def sign(
        self,
        storage: Storage,
        *,
        was: int = 1,
        at: datetime = NOON,
        source: str | None = None,
        **changes: Any,
    ) -> bool:
        """Signs from version `was`, with changes of the consent, and is at the thanks then."""
        after = Conversation(self.supporter, stage="thanks", version=was + 1)
        consent = replace(CONSENT, **changes)
        return await storage.write(
            sign_petition,
            after,
            was,
            at,
            consent,
            chat_id=self.user_id,
            name=self.name if consent.with_name else None,
            source=source,
        )

    async def come_and_sign(self, storage: Storage, **choices: Any) -> object:
        """Comes to the consent for the first time, and signs."""
        await self.arrive(storage)
        return await self.sign(storage, **choices)


def a_supporter(
    keyring: Keyring, user_id: int, name: str = "Ana Ruiz", slug: str = SLUG
) -> Supporter:
    """Returns the supporter with this user id, as a petition knows them."""
    return Supporter(user_id, name, keyring.reference(slug, user_id))


def signature_of(tx: Transaction, supporter: bytes) -> Signature | None:
    """Returns a supporter's signature, or None."""
    return stored_supporter(tx, supporter).signature
