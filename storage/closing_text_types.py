"""What is known of a text that late visitors read, and of its publication."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

CLOSING_UPDATE = "closing"
"""The entry of the closing update; that of what followed is a random word."""


class ClosingTextKind(StrEnum):
    """What an entry is about. The values are stored, and are part of callback data."""

    CLOSING_UPDATE = "closing"
    DELIVERED = "delivered"
    ANSWERED = "answered"
    DECIDED = "decided"


@dataclass(frozen=True, slots=True)
class AwaitedText:
    """The text that an admin was asked for: their next message is it.

    Attributes:
        day: when it happened; None for the closing update.
    """

    entry: str
    kind: ClosingTextKind
    language: str
    asked_at: datetime
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Publication:
    """One change of what late visitors read; people are Telegram user ids, None if unreadable.

    Attributes:
        approved_by: the second admin; None if none was needed, or none has approved it yet.
        published_at: None while it waits for a second admin.
    """

    id: bytes
    requested_by: int | None = field(repr=False)
    requested_at: datetime
    approved_by: int | None = field(repr=False)
    published_at: datetime | None


@dataclass(frozen=True, slots=True)
class ClosingText:
    """One version of an entry in one language.

    Attributes:
        day: when it happened; None for the closing update.
        number: of this entry in this language, from 1.
        text: Telegram HTML with {count}; None if it cannot be decrypted.
        author: the Telegram user id of who wrote it; None if it cannot be decrypted.
        is_discarded: whether it was replaced or discarded before it was published.
        publication: None while nobody has asked to publish it.
    """

    id: bytes
    entry: str
    kind: ClosingTextKind
    day: date | None
    language: str
    number: int
    text: str | None = field(repr=False)
    author: int | None = field(repr=False)
    written_at: datetime
    is_discarded: bool
    publication: Publication | None

    @property
    def is_published(self) -> bool:
        """Whether late visitors read it, or read it before the next version."""
        return self.publication is not None and self.publication.published_at is not None

    @property
    def is_left(self) -> bool:
        """Whether it can be published, and nobody has asked for that."""
        return self.publication is None and not self.is_discarded
