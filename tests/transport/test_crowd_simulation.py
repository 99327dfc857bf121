"""A crowd whose every first call is refused hardly delays anybody else."""

import pytest

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
    for seed in range(3):
        telegram = Crowded(people=0.3, seed=seed)
        telegram.arrive(200)
        telegram.crowd(100, at=100, within=1, known=known)
        telegram.run(400)
        assert telegram.longest(90) < 1.0


@pytest.mark.parametrize("sent", [0.0, 28.0])
def test_crowd_after_crowd_makes_no_broadcast_slower(sent: float) -> None:
    telegram = Crowded(sent=sent)
    telegram.arrive(150)
    for at in range(50, 150, 5):
        telegram.crowd(30, at, within=1)
    telegram.run(400)
    assert telegram.gate.rate == 28
    assert telegram.longest() < 1.0


@pytest.mark.parametrize("latency", [0.03, 0.3])
def test_a_limit_that_is_the_bots_own_is_seen_all_the_same(latency: float) -> None:
    telegram = Crowded(people=20, taps=1, sent=28.0, latency=latency)
    telegram.limits.allow(10, burst=10)
    telegram.arrive(20)
    telegram.run(20)
    assert telegram.paused[0] - telegram.refused[0] < 1.5
    assert telegram.gate.rate < 28
