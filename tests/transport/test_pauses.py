"""When several chats are refused at once: has each exceeded its own limit, or the bot its own?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.transport.pauses import Chat, RecentCalls
from bot.transport.send_gate import Gate, Lane

STRANGER = 99


class Pausing:
    """A gate whose clock each call sets; what leaves is a broadcast's, unless it is a reply."""

    def __init__(self) -> None:
        self.now = 0.0
        self.gate = Gate(clock=lambda: self.now)

    def leaves(self, chat: Chat, now: float, *, new: bool = True, is_reply: bool = False) -> None:
        self.now = now
        self.gate.leaves(Lane.REPLY if is_reply else Lane.BROADCAST, chat, new=new)

    def accepted(self, chat: Chat, now: float, *, new: bool = True) -> None:
        self.now = now
        self.gate.accepted(chat, new=new)

    def refused(self, chat: Chat | None, seconds: float, now: float, *, new: bool = True) -> bool:
        """Refuses a call; tells whether that has proved an overall pause."""
        before = self.announced(now)
        self.gate.refused(chat, seconds, new=new)
        return before == 0 < self.announced(now)

    def seconds_left(
        self, chat: Chat | None, now: float, *, new: bool = True, is_reply: bool = False
    ) -> float:
        self.now = now
        return self.gate.pause_for(Lane.REPLY if is_reply else Lane.BROADCAST, chat, new=new)

    def announced(self, now: float) -> float:
        self.now = now
        return self.gate.announced_pause()

    def is_on(self, now: float) -> bool:
        """Tells whether somebody who was never written to waits."""
        return self.seconds_left(123_456, now, is_reply=True) > 0


def suspected(*seconds: float, at: float = 100.0) -> Pausing:
    """Returns pauses after several chats were refused at once, for so many seconds each."""
    pauses = Pausing()
    for chat, pause in enumerate(seconds, start=1):
        assert not pauses.refused(chat, pause, at)
    return pauses


def asked_whether(pauses: Pausing, chat: int, now: float) -> None:
    """Lets a call leave as the probe."""
    assert pauses.seconds_left(chat, now) == 0
    pauses.leaves(chat, now)


@pytest.mark.parametrize("seconds", [(99, 5, 7), (5, 7, 99)])
def test_when_the_probe_is_accepted_everybody_goes_on_but_the_refused(
    seconds: tuple[float, ...],
) -> None:
    pauses = suspected(*seconds)
    assert pauses.announced(100.0) == 0
    asked_whether(pauses, STRANGER, 100.0)
    assert pauses.seconds_left(98, 100.0) > 0, "one call only"
    pauses.accepted(STRANGER, 100.05)
    assert pauses.seconds_left(98, 100.05) == 0
    assert [pauses.seconds_left(chat, 100.0) for chat in (1, 2, 3)] == list(seconds)


@pytest.mark.parametrize("seconds", [(99, 5, 7), (5, 7, 99)])
def test_on_a_suspicion_alone_nobody_waits_for_longer_than_a_second(
    seconds: tuple[float, ...],
) -> None:
    pauses = suspected(*seconds)
    for number in range(4):
        asked_whether(pauses, STRANGER + number, 100.0 + number / 4)
        assert pauses.seconds_left(98, 100.24 + number / 4) > 0, (
            "one call, and then the next probe"
        )
    assert not pauses.is_on(101.0)
    assert pauses.seconds_left(98, 101.0) == 0


def test_a_refused_probe_proves_that_the_limit_is_the_bots_own() -> None:
    pauses = suspected(5, 5, 5)
    asked_whether(pauses, STRANGER, 100.0)
    assert pauses.refused(STRANGER, 5, 100.1), "which the search is told, once"
    assert pauses.is_on(100.1)
    assert pauses.seconds_left(98, 100.1) == pytest.approx(2), "and then another one asks"
    assert not pauses.refused(97, 5, 100.2), "what was on its way is no second flood"
    assert pauses.seconds_left(98, 100.2) == pytest.approx(1.9), "and no reason to wait longer"


def test_probes_of_a_long_pause_come_half_as_often_each_time_and_not_after_its_end() -> None:
    pauses, moments = suspected(99, 99, 99), list[float]()
    asked_whether(pauses, STRANGER, 100.0)
    pauses.refused(STRANGER, 99, 100.0)
    for chat in range(1000, 1010):
        moment = (moments or [100.0])[-1] + pauses.seconds_left(chat, (moments or [100.0])[-1])
        moments.append(moment)
        if moment >= 199:
            break
        asked_whether(pauses, chat, moment)
        assert not pauses.refused(chat, 199 - moment, moment)
        assert pauses.announced(moment) == pytest.approx(199 - moment)
    assert moments == pytest.approx([102, 106, 114, 130, 162, 199])
    for chat in (1, 2000, 2001):
        assert pauses.seconds_left(chat, 199.0) == 0


def test_a_probe_that_hangs_is_followed_by_another_one_while_it_is_only_a_suspicion() -> None:
    """A chat that hangs delays everybody else by a quarter of a second."""
    pauses = suspected(99, 99, 99)
    asked_whether(pauses, STRANGER, 100.0)
    assert pauses.seconds_left(98, 100.24) > 0
    asked_whether(pauses, 98, 100.25)
    pauses.accepted(98, 100.3)
    assert not pauses.is_on(100.3)


def test_a_later_call_to_the_chat_of_a_lost_probe_is_no_probe() -> None:
    pauses = suspected(30, 30, 30)
    asked_whether(pauses, STRANGER, 100.0)
    pauses.leaves(STRANGER, 160.0)
    assert not pauses.refused(STRANGER, 30, 160.1)
    assert pauses.seconds_left(98, 160.1) == 0


def provoked(pauses: Pausing, chats: range, now: float) -> bool:
    """Refuses these chats; tells whether an overall pause is on."""
    for chat in chats:
        pauses.refused(chat, 60, now)
    return pauses.is_on(now)


def test_suspicions_that_were_wrong_take_a_tenth_of_the_time_at_most() -> None:
    pauses = suspected(60, 60, 60)
    asked_whether(pauses, STRANGER, 100.0)
    pauses.accepted(STRANGER, 100.2)
    assert not provoked(pauses, range(11, 14), 101.99)
    assert provoked(pauses, range(21, 24), 102.01)


@pytest.mark.parametrize("chat", [-100_123, "@channel"])
def test_a_group_says_nothing_about_everybody(chat: int | str) -> None:
    pauses = suspected(5, 5)
    pauses.refused(chat, 3600, 100.0)
    assert not pauses.is_on(100.0)
    assert pauses.seconds_left(chat, 100.0) == 3600


@pytest.mark.parametrize("replies", [1, 2])
def test_who_was_answered_once_is_refused_for_everybodys_sake_and_who_taps_on_for_their_own(
    replies: int,
) -> None:
    pauses = Pausing()
    for chat in (1, 2, 3):
        for turn in range(replies):
            pauses.leaves(chat, 100.0 + turn, is_reply=True)
    for chat in (1, 2, 3):
        pauses.refused(chat, 60, 101.0)
    assert pauses.is_on(101.0) == (replies == 1)


def tapped_without_a_rest(pauses: Pausing, chat: int, now: float) -> None:
    for _ in range(2):
        pauses.leaves(chat, now, is_reply=True)


def test_a_busy_chat_that_is_refused_as_the_probe_does_not_make_the_pause_longer() -> None:
    pauses = Pausing()
    tapped_without_a_rest(pauses, STRANGER, 99.0)
    for chat in (1, 2, 3):
        pauses.refused(chat, 10, 100.0)
    asked_whether(pauses, 98, 100.0)
    pauses.refused(98, 10, 100.0)
    pauses.leaves(STRANGER, 102.0, is_reply=True)
    pauses.refused(STRANGER, 3600, 102.0)
    assert (pauses.seconds_left(97, 102.0), pauses.announced(102.0)) == (2, 8)
    asked_whether(pauses, 97, 104.0)
    assert pauses.seconds_left(96, 110.0) == 0
    assert not pauses.is_on(110.0), "an hour of one chat's is not everybody's"


def test_edits_wait_for_their_own_chat_alone_and_say_nothing_about_new_messages() -> None:
    pauses = suspected(60, 60, 60)
    assert pauses.seconds_left(98, 100.0, new=False) == 0
    assert pauses.seconds_left(1, 100.0, new=False) == 60
    pauses.leaves(98, 100.0, new=False)
    pauses.accepted(98, 100.1, new=False)
    assert pauses.seconds_left(97, 100.0) == 0
    pauses.leaves(97, 100.1)
    assert pauses.seconds_left(96, 100.1) > 0, "the edit was no probe"
    for chat in range(11, 31):
        assert not pauses.refused(chat, 60, 100.2, new=False)
    assert pauses.announced(100.2) == 0


def test_refusals_between_acceptances_pause_their_own_chats_alone() -> None:
    pauses = Pausing()
    for chat in range(1, 200):
        for other in range(10):
            pauses.accepted(1000 + other, 0.02 * chat)
        assert not pauses.refused(chat, 1, 0.02 * chat)
        assert not pauses.is_on(0.02 * chat)


def test_a_refusal_without_a_chat_pauses_nobody() -> None:
    pauses = Pausing()
    for _ in range(5):
        pauses.refused(None, 60, 0.0)
    assert pauses.seconds_left(None, 0.0) == 0


def test_thousands_of_chats_leave_no_memory_behind() -> None:
    pauses = Pausing()
    for chat in range(3_000):
        pauses.seconds_left(chat, chat / 1000)
        pauses.refused(chat, 1, chat / 1000)
    known = pauses.gate._chat_pauses
    assert len(known._until) <= 2_001
    pauses.refused(5, 1, 1_000.0)
    assert len(known._until) == 1


@given(
    st.lists(
        st.tuples(st.floats(0, 3), st.integers(1, 6), st.integers(0, 9)), min_size=1, max_size=60
    )
)
def test_no_chat_is_free_before_its_own_last_refusal_has_passed(
    refusals: list[tuple[float, int, int]],
) -> None:
    pauses, now, until = Pausing(), 50.0, dict[int, float]()
    for gap, chat, seconds in refusals:
        now += gap
        pauses.refused(chat, seconds, now)
        until[chat] = max(until.get(chat, 0.0), now + seconds)
        for other, end in until.items():
            assert pauses.seconds_left(other, now) >= end - now - 1e-9


def test_a_late_answer_to_an_earlier_probe_lets_nobody_go() -> None:
    pauses = suspected(60, 60, 60)
    asked_whether(pauses, STRANGER, 100.0)
    for chat in (4, 5, 6):
        pauses.refused(chat, 60, 120.0)
    pauses.accepted(STRANGER, 120.5)
    pauses.leaves(98, 120.5)
    assert pauses.seconds_left(97, 120.5) > 0


def test_who_was_answered_a_moment_ago_asks_before_strangers() -> None:
    pauses = Pausing()
    pauses.leaves(50, 99.0, is_reply=True)
    pauses.accepted(50, 99.1)
    for chat in (1, 2, 3):
        pauses.refused(chat, 60, 100.0)
    assert pauses.seconds_left(11, 100.0, is_reply=True) == pytest.approx(0.25)
    assert pauses.seconds_left(50, 100.0, is_reply=True) == 0
    pauses.leaves(50, 100.0, is_reply=True)
    pauses.accepted(50, 100.05)
    assert pauses.seconds_left(11, 100.05, is_reply=True) == 0


def test_what_becomes_of_replies_proves_nothing_and_lowers_no_rate() -> None:
    pauses, now = Pausing(), 100.0
    for chat in range(1, 200):
        while (wait := pauses.seconds_left(chat, now, is_reply=True)) > 0:
            now += wait
        pauses.leaves(chat, now, is_reply=True)
        assert not pauses.refused(chat, 60, now)
    assert now > 130, "though they wait for each other"
    assert pauses.gate.rate == 28
    assert pauses.seconds_left(999, now + 1.0) == 0


def test_a_probe_without_an_answer_is_waited_for_a_second() -> None:
    pauses = suspected(99, 99, 99)
    asked_whether(pauses, STRANGER, 100.0)
    pauses.refused(STRANGER, 99, 100.0)
    for chat, moment in ((98, 102.0), (97, 104.0)):
        asked_whether(pauses, chat, moment)
    assert [pauses.seconds_left(96, now) for now in (104.9, 105.1)] == pytest.approx([0.1, 0.9])


@pytest.mark.parametrize(
    ("now", "numbers"), [(109.9, [2, 1, 0]), (119.9, [2, 1, 0]), (120.0, [0, 0, 0])]
)
def test_a_call_is_counted_by_chat_for_ten_to_twenty_seconds(
    now: float, numbers: list[int]
) -> None:
    calls = RecentCalls(10.0)
    for chat, moment in ((7, 100.0), (7, 105.0), (8, 109.9)):
        calls.add(chat, moment)
    assert [calls.number(chat, now) for chat in (7, 8, 9)] == numbers


def test_what_is_long_past_is_forgotten() -> None:
    calls = RecentCalls(10.0)
    for chat in range(10_000):
        calls.add(chat, 100.0)
    calls.add(7, 121.0)
    assert (dict(calls._current), dict(calls._former)) == ({7: 1}, {})
