"""What a worker is given to send, and what it says became of it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

# A send that may have arrived is repeated once, and then never again.
MOST_ATTEMPTS: Final = 2


class Outcome(StrEnum):
    """What became of one send."""

    DELIVERED = "delivered"
    UNREACHABLE = "unreachable"
    REJECTED = "rejected"
    UNSENT = "unsent"
    """Surely not delivered: it goes back and the attempt does not count."""
    IN_DOUBT = "perhaps"
    """It may have arrived: it goes back once, and is `unknown` the second time."""
    UNCONFIRMED = "unknown"
    """Given up without knowing."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A claimed row: whom to send to, in which language, and under which claim."""

    position: int
    chat_id: int
    language: str
    attempts: int
    claim: bytes


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a claimed delivery; what arrived has message ids, by which it is recalled."""

    position: int
    claim: bytes
    outcome: Outcome
    messages: tuple[int, ...] = ()
