"""A mute or withdrawal also stops deliveries that were claimed before it was stored."""

import asyncio
from types import SimpleNamespace
from typing import cast

import pytest

from bot.broadcast.open_claims import OpenClaims, OpenDelivery
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


async def test_what_was_claimed_while_it_was_written_down_does_not_hold() -> None:
    claims, during = OpenClaims(), list[OpenDelivery]()

    async def change() -> None:
        during.extend(await claimed_by(claims, CHAT))

    assert await change_and_void_claims(visiting(claims), change())
    (after,) = await claimed_by(claims, CHAT)
    assert (during[0].is_void, after.is_void) == (True, False)


async def test_it_is_not_confirmed_before_what_had_left_has_ended() -> None:
    claims = OpenClaims()
    (sent,) = await claimed_by(claims, CHAT, has_left=True)
    forbidding = asyncio.create_task(change_and_void_claims(visiting(claims), asyncio.sleep(0)))
    await asyncio.sleep(0.01)
    assert not forbidding.done()
    claims.finished(sent)
    assert await forbidding


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
