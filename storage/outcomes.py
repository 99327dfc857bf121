"""The deliveries that a worker is given to send, and the outcomes it reports."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

# A send in doubt is repeated once, and never again.
MOST_ATTEMPTS: Final = 2


class Outcome(StrEnum):
    """The outcome of one send."""

    DELIVERED = "delivered"
    UNREACHABLE = "unreachable"
    REJECTED = "rejected"
    UNSENT = "unsent"
    """Certainly not delivered: it becomes pending again, and the attempt does not count."""
    IN_DOUBT = "perhaps"
    """It may have arrived: it becomes pending again once, and UNCONFIRMED the second time."""
    UNCONFIRMED = "unknown"
    """It may have arrived, and is not tried again."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A claimed row: whom to send to, in which language, and under which claim."""

    position: int
    chat_id: int
    language: str
    claim: bytes


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of a claimed delivery; one that arrived has message ids, to recall it by."""

    position: int
    claim: bytes
    outcome: Outcome
    messages: tuple[int, ...] = ()
