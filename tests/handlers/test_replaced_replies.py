"""A pending reply is replaced by the reply to a newer update, and by nothing else."""

import asyncio

import pytest
from telegram.error import NetworkError

from bot.transport.errors import RateLimited
from handlers import delayed_replies
from handlers.delayed_replies import DelayedReplies
from storage.errors import Unavailable
from tests.handlers.chats import ANA, BEA, EVE, Chat, Clock, Hanging, settled


async def nothing_more(replies: DelayedReplies, chat: int) -> None:
    """Handles an update of a chat that answers nothing."""
    async with replies.handling(chat):
        await settled()


async def test_so_does_what_is_being_given_again(replies: DelayedReplies, clock: Clock) -> None:
    again = Hanging()
    await replies.tell(ANA, Chat(NetworkError("Bad Gateway")).answer, again.answer)
    await clock.pass_(0.5)
    making_way = asyncio.create_task(nothing_more(replies, ANA))
    await settled()
    assert (making_way.done(), again.ended) == (False, 0)
    again.answers.set()
    await making_way
    assert (again.begun, again.ended, len(replies)) == (1, 1, 0)


async def test_what_hangs_is_cut_off_by_the_next(replies: DelayedReplies, clock: Clock) -> None:
    eve = Hanging()
    telling = asyncio.create_task(replies.tell(EVE, eve.answer))
    await settled()
    clock.now += 3
    await telling
    async with replies.handling(EVE):
        await settled()
        assert eve.ended == 1
        await replies.tell(EVE, Chat().answer)
    await clock.pass_(60)
    assert (eve.begun, len(replies)) == (1, 0)


async def test_what_was_cut_off_in_vain_is_repeated(replies: DelayedReplies, clock: Clock) -> None:
    eve, later = Hanging(), Chat()
    telling = asyncio.create_task(replies.tell(EVE, eve.answer, later.answer))
    await settled()
    clock.now += 3
    await telling
    await nothing_more(replies, EVE)
    assert (eve.ended, later.tries, len(replies)) == (1, 0, 1)
    await clock.pass_(0.5)
    assert (eve.begun, later.tries, len(replies)) == (1, 1, 0)


async def test_what_is_owed_waits_for_what_is_newer(replies: DelayedReplies, clock: Clock) -> None:
    ana = Chat(NetworkError("Bad Gateway"))
    await replies.tell(ANA, ana.answer)
    async with replies.handling(ANA):
        await clock.pass_(60)
        assert ana.tries == 1
    await clock.pass_(0)
    assert (ana.tries, len(replies)) == (2, 0)


async def test_what_answers_nothing_changes_no_time(replies: DelayedReplies, clock: Clock) -> None:
    ana = Chat(RateLimited(30))
    await replies.tell(ANA, ana.answer)
    for _ in range(10):
        await nothing_more(replies, ANA)
        await clock.pass_(3)
    assert ana.tries == 1
    await clock.pass_(0.5)
    assert ana.tries == 2


async def test_an_undone_update_takes_nothing_away(replies: DelayedReplies, clock: Clock) -> None:
    ana = Chat(NetworkError("Bad Gateway"))
    await replies.tell(ANA, ana.answer)
    with pytest.raises(Unavailable):
        async with replies.handling(ANA):
            raise Unavailable
    await clock.pass_(60)
    assert ana.tries == 2


async def test_what_stands_beside_the_screen_takes_its_place_from_nothing_else(
    replies: DelayedReplies, clock: Clock
) -> None:
    bad = NetworkError("Bad Gateway")
    screen, one, same, other = Chat(bad), Chat(bad), Chat(bad), Chat(bad)
    await replies.tell(ANA, screen.answer)
    async with replies.handling(ANA):
        await replies.tell(ANA, one.answer, beside="one")
        await replies.tell(ANA, other.answer, beside="other")
        await replies.tell(ANA, same.answer, beside="one")
    await clock.pass_(60)
    assert [chat.tries for chat in (screen, one, same, other)] == [2, 1, 2, 2]


async def test_an_update_waits_three_seconds_in_all(replies: DelayedReplies, clock: Clock) -> None:
    again, newer, last = Hanging(), Hanging(), Hanging()
    await replies.tell(EVE, Chat(NetworkError("Bad Gateway")).answer, again.answer)
    await clock.pass_(0.5)

    async def handle() -> None:
        async with replies.handling(EVE):
            await replies.tell(EVE, newer.answer)
            await replies.tell(EVE, last.answer, beside="last")

    handling = asyncio.create_task(handle())
    await settled()
    for _ in range(30):
        clock.now += 0.1
        await asyncio.sleep(0.06)
    await asyncio.wait_for(handling, 1)
    assert (newer.begun, last.begun) == (1, 1)
    replies.forget()


async def test_what_makes_way_takes_no_room(
    replies: DelayedReplies, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delayed_replies, "_MOST_CHATS", 1)
    ana, bea = Chat(RateLimited(5)), Chat(RateLimited(50))
    await replies.tell(ANA, ana.answer)
    async with replies.handling(ANA):
        await replies.tell(BEA, bea.answer)
        await replies.tell(ANA, Chat().answer)
    await clock.pass_(60)
    assert (ana.tries, bea.tries) == (1, 2)
