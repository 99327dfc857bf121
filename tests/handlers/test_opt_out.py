"""A mute or withdrawal also stops deliveries that were claimed before it was stored."""

import asyncio
from types import SimpleNamespace
from typing import cast

import pytest

from bot.broadcast.open_claims import OpenClaims
from handlers.opt_out import change_and_void_claims
from handlers.supporter_context import SupporterContext
from storage.errors import Unavailable
from storage.process_lock import PetitionLease, ProcessLock
from tests.support.broadcasts import claimed_by

CHAT = 7


def visiting(claims: OpenClaims) -> SupporterContext:
    held = ProcessLock("intake/andry")
    held.mark_taken()
    services = SimpleNamespace(open_claims=claims, lease=PetitionLease(held))
    view = SimpleNamespace(signature=None)
    return cast(SupporterContext, SimpleNamespace(chat_id=CHAT, services=services, view=view))


async def test_when_the_database_does_not_answer_it_may_be_done_and_so_it_holds() -> None:
    claims = OpenClaims()
    (sent,) = await claimed_by(claims, CHAT, has_left=True)

    async def change() -> None:
        raise Unavailable

    forbidding = asyncio.create_task(change_and_void_claims(visiting(claims), change()))
    await asyncio.sleep(0.01)
    assert (forbidding.done(), sent.is_void) == (False, True)
    claims.finished(sent)
    with pytest.raises(Unavailable):
        await forbidding
