"""Helpers that start and send broadcasts in tests, with defaults for what seldom matters."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.broadcast.open_claims import OpenClaims, OpenDelivery
from bot.clocks import utc_now
from storage import Storage
from storage.broadcast_transitions import change_broadcast, finish_broadcast, start_broadcast
from storage.broadcast_types import (
    Broadcast,
    BroadcastAction,
    Delivery,
    Kind,
    Outcome,
    Result,
    Tally,
)
from storage.broadcasts import broadcast_with, tally_of_broadcast
from storage.deliveries import claim_deliveries, enqueue_deliveries, record_results
from storage.leases import lock_name, take_over
from storage.process_lock import ProcessLock
from tests.support.supporters import ADMIN, NOON, Supporters, later

CONTENT = {"es": "<b>Gracias</b>", "en": "<b>Thank you</b>"}
ME, OTHER = "me", "other"


def new_broadcast(
    content: Mapping[str, Any] = CONTENT,
    *,
    actor: int = ADMIN,
    at: datetime | None = None,
    progress: tuple[int, int] = (0, 0),
    needs_approval: bool = False,
    **changes: Any,
) -> Broadcast:
    """Returns a closing update to everyone, to be sent now."""
    plan: dict[str, Any] = {
        "id": uuid.uuid4().bytes,
        "kind": Kind.CLOSING,
        "content": content,
        "source_language": "es",
        "author": actor,
        "created_at": at or utc_now(),
        "confirmed_by": None if needs_approval else actor,
        "progress_chat": progress[0] or None,
        "progress_message_id": progress[1] or None,
    }
    return Broadcast(**plan | changes)


async def start(storage: Storage, key: bytes | None = None, **changes: Any) -> Any:
    asked: dict[str, Any] = {"at": NOON, **changes}
    names = ("at_most", "approval_above", "revision")
    limits = {name: asked.pop(name) for name in names if name in asked}
    plan = new_broadcast(id=key or uuid.uuid4().bytes, **asked)
    return await storage.write(start_broadcast, plan, **limits)


async def started(storage: Storage, **changes: Any) -> Broadcast:
    broadcast = await start(storage, key := uuid.uuid4().bytes, **changes)
    assert broadcast is not None
    assert broadcast.id == key, "another one is under way"
    return await queued(storage, broadcast)


async def started_to(people: Supporters, numbers: Iterable[int], **changes: Any) -> Broadcast:
    """These people sign, and then it is started."""
    await people.sign(numbers)
    return await started(people, **changes)


async def queued(storage: Storage, broadcast: Broadcast, holder: str = ME) -> Broadcast:
    """Every recipient has a row."""
    for _ in range(100):
        if await storage.write(
            enqueue_deliveries, broadcast, holder=holder, portion=10_000, at=NOON
        ):
            break
    else:
        raise AssertionError("the list of recipients is never complete")
    found = await storage.read(broadcast_with, broadcast.id)
    assert found is not None
    return found


async def recipients_of(storage: Storage, broadcast: Broadcast) -> int:
    """Returns how many people have a row in it, or had one."""
    return (await storage.read(tally_of_broadcast, broadcast.id)).total


async def claim(storage: Storage, broadcast: Broadcast, **changes: Any) -> list[Delivery]:
    asked: dict[str, Any] = {
        "claim": uuid.uuid4().bytes,
        "holder": ME,
        "limit": 10,
        "after": 0,
        "at": later(1),
    }
    return await storage.write(claim_deliveries, broadcast, **asked | changes)


def results(deliveries: Sequence[Delivery], outcome: Outcome) -> list[Result]:
    return [Result(each.position, each.claim, outcome) for each in deliveries]


async def record(
    storage: Storage,
    broadcast: Broadcast,
    deliveries: Sequence[Delivery],
    outcome: Outcome,
    at: datetime | None = None,
) -> None:
    """All of these deliveries had the same outcome."""
    told = results(deliveries, outcome)
    await storage.write(record_results, broadcast.id, told, at or later(2))


async def order(
    storage: Storage,
    action: BroadcastAction,
    broadcast: Broadcast,
    at: datetime,
    *,
    actor: int | None = ADMIN,
) -> Broadcast | None:
    """An admin orders it, or the operator."""
    return await storage.write(change_broadcast, action, broadcast.id, actor, at)


async def tell(storage: Storage, broadcast: Broadcast, ended_at: datetime | None = None) -> None:
    deliveries = await claim(storage, broadcast, limit=1000)
    await record(storage, broadcast, deliveries, Outcome.DELIVERED)
    await storage.write(finish_broadcast, broadcast.id, ended_at or later(5))


def of_recall(tally: Tally) -> tuple[int, int, int]:
    """Returns in how many chats a recall has deleted, could not delete, and what is left."""
    return tally.recalled, tally.unrecallable, tally.left_to_recall


async def claimed_by(
    claims: OpenClaims, *chats: int, has_left: bool = False
) -> list[OpenDelivery]:
    """Has a worker's claim answered with deliveries to these chats, which may be on their way."""

    async def ask() -> list[Delivery]:
        return [Delivery(chat, chat, "es", b"claim") for chat in chats]

    claimed = await claims.claim(ask())
    for each in claimed:
        each.has_left = has_left
    return claimed


async def held_lock(storage: Storage) -> ProcessLock:
    """The lock of a process that answers for the petition and that nobody takes away."""
    lock = ProcessLock(lock_name(storage.slug))
    await storage.write(take_over, lock.holder, NOON)
    lock.mark_taken()
    return lock
