"""Delayed replies are sent as soon as Telegram accepts them, and do not delay other chats.

A pending one is replaced by the reply to a newer update, and by nothing else.
"""

import asyncio
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs
from telegram.error import NetworkError

from bot.transport.errors import RateLimited, ResponseLost, TelegramRefused
from handlers import delayed_replies
from handlers.delayed_replies import DelayedReplies, NothingDone, before_commit
from storage.errors import Unavailable

ANA, BEA, EVE = 7, 8, 9


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.pauses: list[float] = []
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        waking: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self.now + seconds, waking))
        await waking

    async def pass_(self, seconds: float) -> None:
        """Lets time pass, and what is due happen."""
        end = self.now + seconds
        while True:
            await settled()
            awake = [one for one in self._sleepers if not one[1].done()]
            self._sleepers = awake
            due = min((moment for moment, _ in awake), default=end + 1)
            if due > end:
                self.now = end
                return
            self.now = due
            next(waking for moment, waking in awake if moment == due).set_result(None)


async def settled() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


class Chat:
    """A chat whose calls end in what was planned, and then go well."""

    def __init__(self, *outcomes: Exception | None) -> None:
        self.tries = 0
        self._outcomes: Iterator[Exception | None] = iter(outcomes)

    async def answer(self) -> None:
        self.tries += 1
        outcome = next(self._outcomes, None)
        if outcome is not None:
            raise outcome


class Hanging:
    """A chat whose calls are not answered."""

    def __init__(self) -> None:
        self.begun = self.ended = 0
        self.answers = asyncio.Event()

    async def answer(self) -> None:
        self.begun += 1
        try:
            await self.answers.wait()
        finally:
            self.ended += 1


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def replies(clock: Clock) -> DelayedReplies:
    """What is replies, while no update is in anybody's way."""
    return DelayedReplies(clock.sleep, clock, in_the_way=lambda: False)


async def test_it_backs_off_further_each_time_and_ends(
    replies: DelayedReplies, clock: Clock
) -> None:
    ana = Chat(*[NetworkError("Bad Gateway")] * 100)
    await replies.tell(ANA, ana.answer)
    await clock.pass_(3600)
    assert clock.pauses == [0.5, 1, 2, 4, 8, 16, 32, *[60] * 8]
    assert len(replies) == 0


async def test_a_pause_is_kept_up_to_ten_minutes(replies: DelayedReplies, clock: Clock) -> None:
    ana, bea = Chat(RateLimited(599.875)), Chat(RateLimited(599.9))
    await replies.tell(ANA, ana.answer)
    await replies.tell(BEA, bea.answer)
    assert clock.pauses == [600.0]
    await clock.pass_(601)
    assert (ana.tries, bea.tries, len(replies)) == (2, 1, 0)


async def test_what_no_waiting_mends_is_raised_or_owed_nothing(replies: DelayedReplies) -> None:
    for error in (TelegramRefused(400, "can't parse entities"), ValueError(), Unavailable()):
        with pytest.raises(type(error)):
            await replies.tell(ANA, Chat(error).answer)
    for said in (
        "Forbidden: bot was blocked by the user",
        "Bad Request: message to edit not found",
        "Bad Request: query is too old and response timeout expired or query ID is invalid",
    ):
        await replies.tell(ANA, Chat(TelegramRefused(400, said)).answer)
    assert len(replies) == 0


async def test_a_hanging_call_is_waited_for_briefly(replies: DelayedReplies, clock: Clock) -> None:
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


async def test_what_breaks_later_is_apologised_for(replies: DelayedReplies, clock: Clock) -> None:
    bad = NetworkError("Bad Gateway")
    ana, bea, apologies = (
        Chat(bad, ValueError()),
        Chat(bad, ValueError()),
        [Chat(ResponseLost("No answer in time"))],
    )
    apologies.append(Chat(*[ValueError()] * 9))
    waiting = iter(apologies)
    replies.apologise_with(lambda _chat, _error: next(waiting).answer)
    await replies.tell(ANA, ana.answer)
    await clock.pass_(60)
    await replies.tell(BEA, bea.answer)
    await clock.pass_(60)
    assert [each.tries for each in (ana, bea, *apologies)] == [2, 2, 2, 1]
    assert len(replies) == 0


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


async def test_of_many_the_oldest_goes(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
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


@pytest.mark.parametrize(
    ("once", "pauses", "tries"),
    [
        *((True, [20.0], (2, 0)), (True, [20.1], (1, 1)), (True, [5.0] * 9, (4, 1))),
        (False, [5.0], (1, 1)),
    ],
)
async def test_of_what_is_not_repeated_a_few_short_pauses_are_waited_for(
    replies: DelayedReplies, clock: Clock, once: bool, pauses: list[float], tries: tuple[int, int]
) -> None:
    made, otherwise = Chat(*map(RateLimited, pauses)), Chat()
    await replies.tell(ANA, made.answer, otherwise.answer, once=once)
    await clock.pass_(200)
    assert (made.tries, otherwise.tries) == tries


async def test_a_call_that_hangs_leaves_a_change_undone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delayed_replies, "LONGEST_WAIT", 0.01)
    with pytest.raises(NothingDone):
        async with before_commit():
            await asyncio.Event().wait()
    with pytest.raises(TelegramRefused):
        async with before_commit():
            raise TelegramRefused(400, "can't parse entities")


async def nothing_more(replies: DelayedReplies, chat: int) -> None:
    """Handles an update of a chat that answers nothing."""
    async with replies.handling(chat):
        await settled()


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


async def test_what_is_left_comes_after_the_next_unless_that_is_answered(
    replies: DelayedReplies, clock: Clock
) -> None:
    for is_answered in (False, True):
        ana = Chat()
        async with replies.handling(ANA):
            replies.leave(ANA, ana.answer)
        await clock.pass_(60)
        assert (ana.tries, len(replies)) == (0, 1)
        async with replies.handling(ANA):
            if is_answered:
                await replies.tell(ANA, Chat().answer)
        # Before that update is done, so that no stop takes it away, nor one that comes next.
        assert (ana.tries, len(replies)) == (not is_answered, 0)
