"""A crowd whose every first call is refused hardly delays anybody else."""

import pytest

from bot.transport.pauses import Pauses
from tests.transport.crowd_simulation import Crowded


@pytest.mark.parametrize(
    ("hostile", "known", "sent", "told"),
    [
        *((4, False, 0.0, 3), (4, True, 28.0, 60), (10, False, 28.0, 60), (10, True, 0.0, 3)),
        *((30, False, 0.0, 60), (30, True, 28.0, 3), (300, False, 28.0, 3), (300, True, 0.0, 60)),
    ],
)
def test_nobody_else_waits_for_a_second(hostile: int, known: bool, sent: float, told: int) -> None:
    telegram = Crowded(sent=sent, told=told, seed=hostile)
    telegram.arrive(110)
    telegram.crowd(hostile, at=65, within=1, known=known)
    telegram.run(200)
    assert telegram.longest(55) < 1.0
    assert len(telegram.refused) == hostile


@pytest.mark.parametrize("known", [False, True])
def test_where_hardly_anybody_writes_the_next_one_who_does_ends_it(known: bool) -> None:
    for seed in range(6):
        telegram = Crowded(people=0.3, seed=seed)
        telegram.arrive(200)
        telegram.crowd(100, at=100, within=1, known=known)
        telegram.run(400)
        assert telegram.longest(90) <= 2.5


@pytest.mark.parametrize("sent", [0.0, 28.0])
def test_crowd_after_crowd_makes_no_broadcast_slower(sent: float) -> None:
    telegram = Crowded(sent=sent)
    telegram.arrive(150)
    for at in range(50, 150, 5):
        telegram.crowd(30, at, within=1)
    telegram.run(400)
    assert telegram.gate.rate == 28
    assert telegram.longest() < 2.5


@pytest.mark.parametrize("sent", [0.0, 28.0])
@pytest.mark.parametrize("latency", [0.03, 0.3])
def test_a_limit_that_is_the_bots_own_is_seen_all_the_same(sent: float, latency: float) -> None:
    telegram = Crowded(people=20, taps=1, sent=sent, latency=latency)
    telegram.limits.allow(10, burst=10)
    telegram.arrive(20)
    telegram.run(20)
    assert telegram.paused[0] - telegram.refused[0] < 1.5
    assert (telegram.gate.rate < 28) is (sent > 0)


STRANGER = 99


def suspected() -> Pauses:
    """Returns pauses after three chats were refused at once, for a minute each."""
    pauses = Pauses()
    for chat in (1, 2, 3):
        assert not pauses.refused(chat, 60, 100.0)
    return pauses


def one_asks(pauses: Pauses, chat: int, now: float) -> None:
    """Lets a broadcast's call leave as the probe."""
    assert pauses.seconds_left(chat, now) == 0
    pauses.leaves(chat, now)


def refused_again(pauses: Pauses) -> None:
    """Refuses three other chats, long after the first three."""
    for chat in (4, 5, 6):
        assert not pauses.refused(chat, 60, 120.0)


def test_a_late_answer_to_an_earlier_probe_lets_nobody_go() -> None:
    pauses = suspected()
    one_asks(pauses, STRANGER, 100.0)
    refused_again(pauses)
    pauses.accepted(STRANGER, 120.5)
    assert pauses.overall.is_on(120.5)


class TestPeople:
    """Probes that are replies may be part of a crowd; those of a broadcast are not."""

    def may_ask(self, pauses: Pauses, chat: int, now: float) -> bool:
        return pauses.seconds_left(chat, now, is_reply=True) == 0

    def asks(self, pauses: Pauses, chat: int, now: float) -> None:
        assert self.may_ask(pauses, chat, now)
        pauses.leaves(chat, now, is_reply=True)

    def proved_by_people(self) -> Pauses:
        pauses = suspected()
        for chat, now in ((11, 100.25), (12, 100.5), (13, 100.75)):
            self.asks(pauses, chat, now)
            pauses.refused(chat, 60, now + 0.125)
        return pauses

    def test_it_takes_three_of_them_to_prove_it(self) -> None:
        pauses, proved = suspected(), list[bool]()
        for chat, now in ((11, 100.25), (12, 100.5), (13, 100.75)):
            self.asks(pauses, chat, now)
            proved.append(pauses.refused(chat, 60, now + 0.125))
        assert proved == [False, False, True]
        assert pauses.overall.is_by_people
        assert pauses.overall.announced(100.875) == 60

    def test_two_of_them_and_one_long_after_prove_nothing(self) -> None:
        pauses = suspected()
        for chat, now in ((11, 100.25), (12, 100.5)):
            self.asks(pauses, chat, now)
            pauses.refused(chat, 60, now + 0.125)
        refused_again(pauses)
        self.asks(pauses, 13, 120.25)
        assert not pauses.refused(13, 60, 120.375)

    def test_that_they_proved_one_pause_is_not_said_of_the_next(self) -> None:
        pauses = self.proved_by_people()
        one_asks(pauses, STRANGER, 103.0)
        pauses.accepted(STRANGER, 103.125)
        refused_again(pauses)
        one_asks(pauses, STRANGER, 120.0)
        pauses.accepted(STRANGER, 120.125)
        proved = [pauses.refused(chat, 60, 120.5) for chat in range(200, 210)]
        assert (proved[-1], pauses.overall.is_by_people) == (True, False)

    def test_who_was_answered_a_moment_ago_goes_before_strangers(self) -> None:
        pauses = Pauses()
        pauses.leaves(50, 99.0, is_reply=True)
        pauses.accepted(50, 99.1)
        for chat in (1, 2, 3):
            pauses.refused(chat, 60, 100.0)
        assert not self.may_ask(pauses, 11, 100.24)
        self.asks(pauses, 50, 100.0)
        pauses.accepted(50, 100.05)
        assert self.may_ask(pauses, 11, 100.05)

    def test_ten_of_them_are_no_proof_without_a_probe(self) -> None:
        pauses = suspected()
        one_asks(pauses, STRANGER, 100.0)
        pauses.accepted(STRANGER, 100.2)
        for chat in range(11, 31):
            pauses.leaves(chat, 100.5, is_reply=True)
            assert not pauses.refused(chat, 60, 100.5)
        assert not pauses.overall.is_on(100.5)

    def test_their_refusals_keep_no_broadcast_from_asking(self) -> None:
        pauses = self.proved_by_people()
        self.asks(pauses, 14, 103.0)
        pauses.refused(14, 60, 103.125)
        assert not self.may_ask(pauses, 15, 103.125)
        one_asks(pauses, STRANGER, 103.125)
        pauses.accepted(STRANGER, 103.25)
        assert self.may_ask(pauses, 15, 103.25)

    def test_what_they_proved_a_broadcast_confirms_once(self) -> None:
        pauses = self.proved_by_people()
        for chat, now, confirmed in ((97, 103.0, True), (98, 107.5, False)):
            one_asks(pauses, chat, now)
            assert pauses.refused(chat, 50, now) is confirmed
            assert not pauses.overall.is_by_people
        assert not self.may_ask(pauses, 15, 110.0), "and from then on all wait alike"

    def test_none_of_them_makes_the_others_wait_for_longer_than_four_seconds(self) -> None:
        pauses, now = self.proved_by_people(), 100.875
        for chat in range(20, 26):
            now += pauses.seconds_left(chat, now, is_reply=True)
            self.asks(pauses, chat, now)
            pauses.refused(chat, 60, now)
            assert pauses.seconds_left(99, now, is_reply=True) <= 4.05
