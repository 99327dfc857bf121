"""Helpers that start and send broadcasts in tests, with defaults for what seldom matters."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.broadcast.confirmation import content_sha256
from bot.clocks import utc_now
from storage.broadcast_transitions import NewBroadcast
from storage.broadcast_types import Broadcast, Delivery, Outcome, Result
from storage.broadcasts import Broadcasts
from tests.support.supporters import ADMIN, NOON, later

CONTENT = {"es": "<b>Gracias</b>", "en": "<b>Thank you</b>"}
ME, OTHER = "me", "other"


def new_broadcast(content: Mapping[str, Any] = CONTENT, **changes: Any) -> NewBroadcast:
    """Returns a closing update to everyone, to be sent now."""
    asked: dict[str, Any] = {
        "id": uuid.uuid4().bytes,
        "content": content,
        "content_sha256": content_sha256(content),
        "source_language": "es",
        "actor": ADMIN,
        "at": utc_now(),
    }
    return NewBroadcast(**asked | changes)


async def start(broadcasts: Broadcasts, key: bytes | None = None, **changes: Any) -> Any:
    asked: dict[str, Any] = {
        "id": key or uuid.uuid4().bytes,
        "at": NOON,
        "content_sha256": b"c" * 32,
    }
    return await broadcasts.start(new_broadcast(**asked | changes))


async def started(broadcasts: Broadcasts, **changes: Any) -> Broadcast:
    broadcast = await start(broadcasts, key := uuid.uuid4().bytes, **changes)
    assert broadcast is not None
    assert broadcast.id == key, "another one is under way"
    return await queued(broadcasts, broadcast)


async def queued(broadcasts: Broadcasts, broadcast: Broadcast, holder: str = ME) -> Broadcast:
    """Every recipient has a row."""
    for _ in range(100):
        if await broadcasts.deliveries.enqueue(broadcast, holder=holder, portion=10_000, at=NOON):
            break
    else:
        raise AssertionError("the list of recipients is never complete")
    found = await broadcasts.get(broadcast.id)
    assert found is not None
    return found


async def claim(broadcasts: Broadcasts, broadcast: Broadcast, **changes: Any) -> list[Delivery]:
    asked: dict[str, Any] = {
        "claim": uuid.uuid4().bytes,
        "holder": ME,
        "limit": 10,
        "after": 0,
        "at": later(1),
    }
    return await broadcasts.deliveries.claim(broadcast, **asked | changes)


def results(deliveries: Sequence[Delivery], outcome: Outcome) -> list[Result]:
    return [Result(each.position, each.claim, outcome) for each in deliveries]


async def tell(
    broadcasts: Broadcasts, broadcast: Broadcast, ended_at: datetime | None = None
) -> None:
    deliveries = await claim(broadcasts, broadcast, limit=1000)
    await broadcasts.deliveries.record(
        broadcast.id, results(deliveries, Outcome.DELIVERED), later(2)
    )
    await broadcasts.finish(broadcast.id, ended_at or later(5))
