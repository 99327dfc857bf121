"""People and signatures for the storage tests."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

from storage import Consent, Conversation, Keyring, NewSignature, Storage

NOON = datetime(2025, 6, 1, 12, 0, tzinfo=UTC)
WORDS = "Yo, {name}, firmo."


@dataclass(frozen=True, slots=True)
class Person:
    """Someone with a chat, who can sign."""

    user_id: int
    name: str
    supporter: bytes

    def conversation(self, *, version: int = 1, stage: str = "consent") -> Conversation:
        return Conversation(self.supporter, stage=stage, name=self.name, version=version)

    def signature(self, *, language: str = "es", source: str | None = None) -> NewSignature:
        consent = Consent(
            text=WORDS,
            sha256=hashlib.sha256(WORDS.encode()).digest(),
            text_version="1",
            language=language,
            purposes=frozenset({"signature", "news"}),
            message_id=7,
        )
        return NewSignature(
            supporter=self.supporter,
            chat_id=self.user_id,
            name=self.name,
            language=language,
            source=source,
            consent=consent,
            at=NOON,
        )

    async def arrive(self, storage: Storage) -> None:
        """Stand at the consent, at version 1."""
        await storage.conversations.save(self.conversation(), was=None, at=NOON)

    async def sign(self, storage: Storage, *, was: int = 1, **choices: str | None) -> object:
        """Sign from version `was`, and stand at the thanks afterwards."""
        after = Conversation(self.supporter, stage="thanks", version=was + 1)
        return await storage.signatures.sign(
            self.signature(**choices),  # type: ignore[arg-type] # language and source
            after,
            was,
        )


def person(keyring: Keyring, user_id: int, name: str = "Ana Ruiz") -> Person:
    """The person with this user id, as the petition "andry" knows them."""
    return Person(user_id, name, keyring.reference("andry", user_id))
