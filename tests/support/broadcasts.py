"""Helpers that start and send broadcasts in tests, with defaults for what seldom matters."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.broadcast.confirmation import content_sha256
from bot.clocks import utc_now
from storage.broadcast_types import (
    EVERYONE,
    Audience,
    Broadcast,
    Delivery,
    Kind,
    Outcome,
    Result,
)
from storage.broadcasts import Broadcasts
from tests.support.supporters import ADMIN, NOON, later

CONTENT = {"es": "<b>Gracias</b>", "en": "<b>Thank you</b>"}
ME, OTHER = "me", "other"


def new_broadcast(
    content: Mapping[str, Any] = CONTENT,
    *,
    actor: int = ADMIN,
    at: datetime | None = None,
    audience: Audience = EVERYONE,
    progress: tuple[int, int] = (0, 0),
    needs_approval: bool = False,
    **changes: Any,
) -> Broadcast:
    """Returns a closing update to everyone, to be sent now."""
    plan: dict[str, Any] = {
        "id": uuid.uuid4().bytes,
        "kind": Kind.CLOSING,
        "content": content,
        "content_sha256": content_sha256(content),
        "source_language": "es",
        "author": actor,
        "created_at": at or utc_now(),
        "language": audience.language,
        "news_only": audience.news_only,
        "confirmed_by": None if needs_approval else actor,
        "progress_chat": progress[0] or None,
        "progress_message_id": progress[1] or None,
    }
    return Broadcast(**plan | changes)


async def start(broadcasts: Broadcasts, key: bytes | None = None, **changes: Any) -> Any:
    asked: dict[str, Any] = {"at": NOON, "content_sha256": b"c" * 32, **changes}
    names = ("at_most", "approval_above", "revision")
    limits = {name: asked.pop(name) for name in names if name in asked}
    plan = new_broadcast(id=key or uuid.uuid4().bytes, **asked)
    return await broadcasts.start(plan, **limits)


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
