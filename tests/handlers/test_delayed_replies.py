"""Delayed replies are sent as soon as Telegram accepts them, and do not delay other chats."""

import asyncio

import pytest
from structlog.testing import capture_logs
from telegram.error import BadRequest, Forbidden, NetworkError, TimedOut

from bot.transport.errors import RateLimited
from handlers import delayed_replies
from handlers.delayed_replies import Answer, DelayedReplies
from storage.errors import Unavailable
from tests.handlers.chats import ANA, BEA, EVE, Chat, Clock, Hanging, settled


async def test_what_goes_well_is_given_once_and_before_its_update_ends(
    replies: DelayedReplies,
) -> None:
    ana = Chat()
    await replies.tell(ANA, ana.answer)
    assert ana.tries == 1
    assert len(replies) == 0


@pytest.mark.parametrize("error", [NetworkError("Bad Gateway"), TimedOut(), RateLimited(99.0)])
async def test_a_call_that_fails_holds_its_update_no_longer(
    replies: DelayedReplies, error: Exception
) -> None:
    ana = Chat(error)
    await replies.tell(ANA, ana.answer)
    assert ana.tries == 1
    assert len(replies) == 1


async def test_it_is_given_as_things_stand_then(replies: DelayedReplies, clock: Clock) -> None:
    ana = Chat(NetworkError("Bad Gateway"), NetworkError("Bad Gateway"))
    await replies.tell(ANA, ana.answer, ana.again)
    await clock.pass_(5)
    assert (ana.tries, ana.later) == (3, 2)
    assert len(replies) == 0


async def test_it_backs_off_twice_as_far_each_time_and_ends_some_time(
    replies: DelayedReplies, clock: Clock
) -> None:
    ana = Chat(*[NetworkError("Bad Gateway")] * 100)
    await replies.tell(ANA, ana.answer)
    await clock.pass_(3600)
    assert clock.pauses == [0.5, 1, 2, 4, 8, 16, 32, *[60] * 8]
    assert len(replies) == 0


async def test_a_pause_that_telegram_asks_for_is_kept(
    replies: DelayedReplies, clock: Clock
) -> None:
    ana = Chat(RateLimited(300.0))
    await replies.tell(ANA, ana.answer)
    assert clock.pauses == [300.125]
    await clock.pass_(301)
    assert ana.tries == 2


async def test_a_pause_beyond_what_is_worth_waiting_for_is_given_up(
    replies: DelayedReplies, clock: Clock
) -> None:
    ana, bea = Chat(RateLimited(599.875)), Chat(RateLimited(599.9))
    await replies.tell(ANA, ana.answer)
    await replies.tell(BEA, bea.answer)
    assert clock.pauses == [600.0]
    assert len(replies) == 1


async def test_who_is_gone_is_owed_nothing(replies: DelayedReplies) -> None:
    await replies.tell(ANA, Chat(Forbidden("Forbidden: bot was blocked by the user")).answer)
    assert len(replies) == 0


@pytest.mark.parametrize(
    "error", [BadRequest("can't parse entities"), ValueError(), Unavailable()]
)
async def test_what_no_waiting_mends_is_raised_to_who_handles_the_update(
    replies: DelayedReplies, error: Exception
) -> None:
    ana = Chat(error)
    with pytest.raises(type(error)):
        await replies.tell(ANA, ana.answer)
    assert ana.tries == 1
    assert len(replies) == 0


async def test_while_it_is_owed_an_absent_database_passes_too(
    replies: DelayedReplies, clock: Clock
) -> None:
    ana = Chat(NetworkError("Bad Gateway"), Unavailable())
    await replies.tell(ANA, ana.answer)
    await clock.pass_(5)
    assert ana.tries == 3


async def test_a_call_that_hangs_holds_its_update_for_three_seconds(
    replies: DelayedReplies, clock: Clock
) -> None:
    eve = Hanging()
    telling = asyncio.create_task(replies.tell(EVE, eve.answer))
    await settled()
    clock.now += 2.9
    await asyncio.sleep(0.06)
    assert not telling.done()
    clock.now += 0.1
    await asyncio.wait_for(telling, 1)
    assert eve.ended == 0, "it goes on by itself"
    eve.answers.set()
    await settled()
    assert len(replies) == 0


async def test_an_update_that_is_in_the_way_of_others_does_not_wait_at_all(clock: Clock) -> None:
    replies = DelayedReplies(clock.sleep, clock, in_the_way=lambda: True)
    eve = Hanging()
    await replies.tell(EVE, eve.answer)
    await settled()
    assert (eve.begun, eve.ended) == (1, 0)
    replies.forget()


async def test_what_breaks_when_nobody_waits_any_more_is_logged(clock: Clock) -> None:
    replies = DelayedReplies(clock.sleep, clock, in_the_way=lambda: True)
    with capture_logs() as said:
        await replies.tell(ANA, Chat(ValueError("what Ana wrote")).answer)
        await settled()
    assert [(each["event"], each["kind"]) for each in said] == [
        ("delayed_reply_failed", "ValueError")
    ]
    assert "what Ana wrote" not in repr(said)
    assert len(replies) == 0


async def test_what_breaks_when_nobody_waits_any_more_is_apologised_for(
    replies: DelayedReplies, clock: Clock
) -> None:
    ana, apology = Chat(NetworkError("Bad Gateway"), ValueError()), Chat(TimedOut())
    broken: list[tuple[object, Exception]] = []

    def apologise(chat: object, error: Exception) -> Answer:
        broken.append((chat, error))
        return apology.answer

    replies.apologise_with(apologise)
    await replies.tell(ANA, ana.answer)
    await clock.pass_(60)
    assert [(chat, type(error)) for chat, error in broken] == [(ANA, ValueError)]
    assert (ana.tries, apology.tries, len(replies)) == (2, 2, 0)


async def test_an_apology_that_breaks_is_not_apologised_for(
    replies: DelayedReplies, clock: Clock
) -> None:
    apology = Chat(*[ValueError()] * 9)
    replies.apologise_with(lambda _chat, _error: apology.answer)
    await replies.tell(ANA, Chat(NetworkError("Bad Gateway"), ValueError()).answer)
    await clock.pass_(60)
    assert (apology.tries, len(replies)) == (1, 0)


async def test_a_database_that_is_away_when_nobody_waits_any_more_is_tried_again(
    clock: Clock,
) -> None:
    replies = DelayedReplies(clock.sleep, clock, in_the_way=lambda: True)
    ana = Chat(Unavailable())
    await replies.tell(ANA, ana.answer)
    await clock.pass_(1)
    assert ana.tries == 2


async def test_a_newer_answer_takes_the_place_of_the_older(
    replies: DelayedReplies, clock: Clock
) -> None:
    older, newer = Chat(NetworkError("Bad Gateway")), Chat(NetworkError("Bad Gateway"))
    await replies.tell(ANA, older.answer)
    await replies.tell(ANA, newer.answer)
    await clock.pass_(5)
    assert (older.tries, newer.tries) == (1, 2)


async def test_the_one_who_would_wait_longest_gives_way_when_too_many_are_owed(
    replies: DelayedReplies, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delayed_replies, "_MOST_CHATS", 3)
    chats = {number: Chat(RateLimited(seconds)) for number, seconds in ((1, 50), (2, 90), (3, 20))}
    for number, chat in chats.items():
        await replies.tell(number, chat.answer)
    late, soon = Chat(RateLimited(90)), Chat(RateLimited(5))
    await replies.tell(4, late.answer)
    await replies.tell(5, soon.answer)
    assert len(replies) == 3
    await clock.pass_(200)
    assert [chat.tries for chat in (*chats.values(), late, soon)] == [2, 1, 2, 1, 2]


async def test_chats_without_number_that_fail_keep_nobody_else_waiting(
    replies: DelayedReplies, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delayed_replies, "_MOST_CHATS", 50)
    for number in range(100, 200):
        await replies.tell(number, Chat(*[NetworkError("Bad Gateway")] * 100).answer)
    assert len(replies) == 50
    ana = Chat()
    await replies.tell(ANA, ana.answer)
    assert ana.tries == 1
    replies.forget()


async def test_among_many_that_hang_the_oldest_gives_way(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delayed_replies, "_MOST_FIRST_TRIES", 2)
    replies = DelayedReplies(clock.sleep, clock, in_the_way=lambda: True)
    hanging = [Hanging() for _ in range(4)]
    for number, eve in enumerate(hanging[:3]):
        await replies.tell(number, eve.answer)
        await settled()
    assert [eve.ended for eve in hanging] == [0, 0, 0, 0], "none of them is old yet"
    clock.now += 1
    await replies.tell(3, hanging[3].answer)
    await settled()
    assert [eve.ended for eve in hanging] == [1, 0, 0, 0]
    assert len(replies) == 4, "and is owed its answer still"
    replies.forget()


async def test_few_of_those_that_hang_are_tried_again_at_once(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delayed_replies, "_MOST_RETRIES", 2)
    replies = DelayedReplies(clock.sleep, clock, in_the_way=lambda: False)
    hanging = [Hanging() for _ in range(3)]
    for number, eve in enumerate(hanging):
        await replies.tell(number, Chat(NetworkError("Bad Gateway")).answer, eve.answer)
    await clock.pass_(1)
    assert [eve.begun for eve in hanging] == [1, 1, 0]
    replies.forget()


async def test_what_hangs_again_is_cut_off_and_backs_off(
    replies: DelayedReplies, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delayed_replies, "_LONGEST_TRY", 0.01)
    eve = Hanging()
    await replies.tell(EVE, Chat(NetworkError("Bad Gateway")).answer, eve.answer)
    await clock.pass_(0.5)
    await asyncio.sleep(0.03)
    assert clock.pauses == [0.5, 1.0]
    assert eve.ended == 1
    replies.forget()


async def test_at_the_end_nothing_is_owed_any_more(replies: DelayedReplies, clock: Clock) -> None:
    ana = Chat(NetworkError("Bad Gateway"))
    await replies.tell(ANA, ana.answer)
    replies.forget()
    await clock.pass_(60)
    assert (ana.tries, len(replies)) == (1, 0)


async def test_what_is_being_given_again_is_not_the_one_to_give_way(
    replies: DelayedReplies, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delayed_replies, "_MOST_CHATS", 1)
    eve, bea = Hanging(), Chat(RateLimited(5))
    await replies.tell(EVE, Chat(RateLimited(1)).answer, eve.answer)
    await clock.pass_(2)
    await replies.tell(BEA, bea.answer)
    await clock.pass_(6)
    assert (eve.begun, eve.ended, bea.tries) == (1, 0, 2)
    replies.forget()
