"""A mute or withdrawal also stops deliveries that were claimed before it was stored."""

import asyncio
from types import SimpleNamespace
from typing import cast

import pytest

from bot.broadcast import OpenClaims
from handlers import opt_out
from handlers.opt_out import change_and_void_claims
from handlers.supporter_context import SupporterContext
from storage.broadcast_types import Delivery
from storage.errors import Unavailable

CHAT = 7


def visiting(claims: OpenClaims) -> SupporterContext:
    services = SimpleNamespace(open_claims=claims)
    return cast(SupporterContext, SimpleNamespace(chat_id=CHAT, services=services))


async def claimed(claims: OpenClaims, token: bytes) -> Delivery:
    async def ask() -> list[Delivery]:
        return [Delivery(1, CHAT, "es", token)]

    return (await claims.claim(token, ask()))[0]


async def test_what_was_claimed_while_it_was_written_down_does_not_hold() -> None:
    claims, during = OpenClaims(), list[Delivery]()

    async def change() -> None:
        during.append(await claimed(claims, b"during"))

    assert await change_and_void_claims(visiting(claims), change())
    after = await claimed(claims, b"after")
    assert (claims.is_valid(during[0]), claims.is_valid(after)) == (False, True)


async def test_it_is_not_confirmed_before_what_had_left_has_ended() -> None:
    claims = OpenClaims()
    claims.call_started(CHAT)
    forbidding = asyncio.create_task(change_and_void_claims(visiting(claims), asyncio.sleep(0)))
    await asyncio.sleep(0.01)
    assert not forbidding.done()
    claims.call_ended(CHAT)
    assert await forbidding


async def test_when_the_database_does_not_answer_it_may_be_done_and_so_it_holds() -> None:
    claims = OpenClaims()
    before = await claimed(claims, b"before")
    claims.call_started(CHAT)

    async def change() -> None:
        raise Unavailable

    forbidding = asyncio.create_task(change_and_void_claims(visiting(claims), change()))
    await asyncio.sleep(0.01)
    assert (forbidding.done(), claims.is_valid(before)) == (False, False)
    claims.call_ended(CHAT)
    with pytest.raises(Unavailable):
        await forbidding


async def test_what_takes_too_long_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opt_out, "_LONGEST_SECONDS", 0.001)
    claims = OpenClaims()
    claims.call_started(CHAT)
    assert not await change_and_void_claims(visiting(claims), asyncio.sleep(0))
