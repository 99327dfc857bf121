"""What is stored of a supporter, and of the petition as they see it, read at one moment."""

from collections.abc import Sequence
from dataclasses import dataclass

from storage.closing_texts import ClosingText, published_closing_texts
from storage.conversations import Conversation, conversation_of
from storage.erasures import earliest_signed_at
from storage.handovers import Handover, handover_known_to
from storage.petitions import PetitionState, petition_state
from storage.signatures import Signature, signature_of
from storage.transaction import Transaction


@dataclass(frozen=True, slots=True)
class StoredSupporter:
    """What is stored of a supporter, and of the petition as they see it.

    Attributes:
        conversation: None for a new person.
        closing_texts: the published versions, once the petition is closed.
        handover: that it was handed over, and how the person's signature was.
        any_left: whether any signature is still stored, once some were erased.
    """

    petition_state: PetitionState
    conversation: Conversation | None
    signature: Signature | None
    closing_texts: Sequence[ClosingText]
    handover: Handover | None
    any_left: bool


def stored_supporter(tx: Transaction, supporter: bytes) -> StoredSupporter:
    """Returns what is stored of a supporter; of the end only once the petition is closed."""
    state = petition_state(tx)
    return StoredSupporter(
        state,
        conversation_of(tx, supporter),
        signature_of(tx, supporter),
        published_closing_texts(tx) if state.is_closed else (),
        handover_known_to(tx, supporter) if state.is_closed else None,
        not state.erased_at or earliest_signed_at(tx) is not None,
    )
