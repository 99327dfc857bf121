"""Starting a broadcast: what is requested, and the one transaction that starts it.

The transaction fixes the content and the last signature it goes to; the worker writes the
recipients' rows before it sends (`deliveries.py`), in portions too small to delay other writes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from storage.audit import add_audit
from storage.broadcast_audience import recipients, written_to_alone
from storage.broadcast_rows import active_broadcast, broadcast_with, stored_broadcast
from storage.broadcast_states import BroadcastState
from storage.broadcast_types import EVERYONE, Audience, Broadcast, Kind
from storage.closing_texts import closing_update_waits
from storage.petitions import lock_petition
from storage.tables import BROADCASTS, SIGNATURES
from storage.transaction import Transaction


@dataclass(frozen=True, slots=True)
class AlreadyRunning:
    """Nothing was started: another broadcast of this petition is running or paused."""

    id: bytes


@dataclass(frozen=True, slots=True)
class PetitionOpen:
    """Nothing was started: the petition is not closed."""


@dataclass(frozen=True, slots=True)
class AudienceChanged:
    """Nothing was started: there are more recipients than were confirmed or than one admin may
    write to, or none; or another text of the closing update than was confirmed, or one waits."""


@dataclass(frozen=True, slots=True)
class NewBroadcast:
    """A request to start a broadcast.

    Attributes:
        id: 16 random bytes; starting the same id again starts nothing new.
        content: by language, HTML, or what is copied: `{"messages": [17], "keyboard": [[…]]}`.
        content_sha256: the hash of what the admin confirmed.
        source_language: the language of the content that everyone gets whose own it lacks.
        actor: the Telegram id of the admin who confirmed it.
        at: now.
        kind: what it is about.
        audience: which of the signers it goes to; with the notice of a breach that is everyone,
            or this raises ValueError.
        topic: nobody receives two broadcasts on one topic; left out, all closing updates share
            one, and any other broadcast has its own.
        source_chat: the chat whose messages are copied.
        starts_at: when it is sent, or None for now.
        expected: the number of recipients that the admin was shown.
        at_most: the most recipients that the confirmation covers; None for any number.
        last_signature_number: that of the last signature counted, or None for all up to now.
        progress: the chat and the id of the admin's progress message, if there is one.
        paid: whether Telegram is paid for a higher sending rate.
        needs_approval: whether another admin has to approve it before it is sent.
        approval_above: with more recipients than this, together with what its author sent alone
            within a day, it is not started without an approval; None for any number.
        revision: of the petition that the admin was shown; a closing update is started with no
            other. None for any.
    """

    id: bytes
    content: Mapping[str, object] = field(repr=False)
    content_sha256: bytes
    source_language: str
    actor: int
    at: datetime
    kind: Kind = Kind.CLOSING
    audience: Audience = EVERYONE
    topic: str | None = None
    source_chat: int | None = field(default=None, repr=False)
    starts_at: datetime | None = None
    expected: int | None = None
    at_most: int | None = None
    last_signature_number: int | None = None
    progress: tuple[int, int] | None = None
    paid: bool = False
    needs_approval: bool = False
    approval_above: int | None = None
    revision: int | None = None

    def __post_init__(self) -> None:
        if self.kind is Kind.BREACH and self.audience != EVERYONE:
            raise ValueError("the notice of a breach goes to everyone")

    @property
    def due(self) -> datetime | None:
        """When it is sent at the earliest, or None for now."""
        return self.at if self.starts_at is None and self.needs_approval else self.starts_at

    @property
    def stored_topic(self) -> str:
        """The topic that it is stored under."""
        return self.topic or (Kind.CLOSING if self.kind is Kind.CLOSING else self.id.hex())


def start_broadcast(
    tx: Transaction, plan: NewBroadcast
) -> Broadcast | AlreadyRunning | PetitionOpen | AudienceChanged:
    """Stores a broadcast, for the worker to send now or at its time.

    Its content is fixed from then on. Starting the same id again returns it as it now is.
    """
    petition = lock_petition(tx)  # as reopening it does
    known = broadcast_with(tx, plan.id)
    if known is not None:
        return known
    if plan.kind is Kind.CLOSING and petition.closed_at is None:
        return PetitionOpen()
    active = active_broadcast(tx)
    if active is not None and plan.due is None:
        return AlreadyRunning(active.id)
    if not _has_its_text(tx, plan, petition.revision) or not _has_its_audience(tx, plan):
        return AudienceChanged()
    tx.add(BROADCASTS, **_columns(tx, plan, petition.last_number))
    add_audit(tx, "broadcast", at=plan.at, actor=plan.actor, detail=_in_words(plan))
    return stored_broadcast(tx, plan.id)


def _has_its_text(tx: Transaction, plan: NewBroadcast, revision: int) -> bool:
    """Returns whether a closing update has the text that was confirmed.

    A change of its text gives the petition another revision; the former text is not sent while
    another one waits for a second admin.
    """
    if plan.kind is not Kind.CLOSING:
        return True
    return plan.revision in (None, revision) and not closing_update_waits(tx)


def _has_its_audience(tx: Transaction, plan: NewBroadcast) -> bool:
    """Returns whether it goes to no more than were confirmed, and than one admin may write to.

    Nobody can sign meanwhile. A planned one is counted once more at its time, and until then its
    author may write to any number.
    """
    above = plan.approval_above if plan.due is None else None
    if plan.at_most is None and above is None:
        return True
    upto = plan.last_signature_number
    people = tx.count(
        SIGNATURES, recipients(tx, plan.kind, plan.audience, plan.stored_topic, upto=upto)
    )
    if plan.at_most is not None and not 1 <= people <= plan.at_most:
        return False
    return above is None or people + written_to_alone(tx, plan.actor, plan.at) <= above


def _columns(tx: Transaction, plan: NewBroadcast, newest: int) -> dict[str, Any]:
    def sealed(number: int | None, name: str) -> bytes | None:
        return None if number is None else tx.seal(number, BROADCASTS.c[name], plan.id)

    chat, message_id = plan.progress or (None, None)
    confirmed_by = None if plan.needs_approval else plan.actor
    last = newest if plan.last_signature_number is None else plan.last_signature_number
    as_asked = ("id", "kind", "content_sha256", "source_language", "paid", "expected")
    return {
        **{name: getattr(plan, name) for name in as_asked},
        "topic": plan.stored_topic,
        "state": BroadcastState.RUNNING if plan.due is None else BroadcastState.SCHEDULED,
        "content": dict(plan.content),
        "source_chat_sealed": sealed(plan.source_chat, "source_chat_sealed"),
        "language": plan.audience.language,
        "news_only": plan.audience.news_only,
        "total": 0,
        "last_signature_number": last if plan.due is None else None,
        "created_at": plan.at,
        "starts_at": plan.due,
        "started_at": plan.at if plan.due is None else None,
        "author_sealed": sealed(plan.actor, "author_sealed"),
        "confirmed_by_sealed": sealed(confirmed_by, "confirmed_by_sealed"),
        "progress_chat_sealed": sealed(chat, "progress_chat_sealed"),
        "progress_message_id": message_id,
    }


def _in_words(plan: NewBroadcast) -> str:
    """Returns what the audit log says of it."""
    people = "everyone" if plan.expected is None else plan.expected
    if plan.needs_approval:
        return f"{plan.kind} to {people}, to be approved"
    return f"{plan.kind} to {people}{'' if plan.due is None else ', scheduled'}"
