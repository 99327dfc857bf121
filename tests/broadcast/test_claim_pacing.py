import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.broadcast.claim_pacing import AHEAD_SECONDS, ClaimPacer


def test_a_tenth_of_a_second_is_claimed_at_once() -> None:
    pacer = ClaimPacer()
    assert [pacer.room(rate, 0) for rate in (1.0, 28.0, 1000.0, 1e6)] == [1, 3, 100, 500]


def test_no_more_than_a_second_is_under_way() -> None:
    pacer = ClaimPacer()
    assert pacer.window(28.0) == 28
    assert [pacer.room(28.0, under_way) for under_way in (24, 26, 27)] == [3, 2, 1]


def test_however_slow_there_is_room_for_one() -> None:
    assert ClaimPacer().window(0.1) == 1


@given(st.floats(0.5, 5000.0), st.integers(1, 200))
def test_claims_follow_the_rate_and_are_a_batch_and_a_little_ahead(
    rate: float, claims: int
) -> None:
    pacer = ClaimPacer()
    now, claimed = 0.0, 0
    for _ in range(claims):
        now += pacer.wait(now)
        count = pacer.room(rate, 0)
        pacer.took(count, rate, now)
        claimed += count
        assert claimed <= rate * (now + AHEAD_SECONDS) + count + 1e-6
    # Nor does it fall behind: the next claim is due before the claimed deliveries run out.
    assert now + pacer.wait(now) <= claimed / rate + 1e-6


def test_after_a_quiet_time_nothing_is_made_up_for() -> None:
    pacer = ClaimPacer(ahead=0.1)
    pacer.took(3, 28.0, 0.0)
    pacer.took(3, 28.0, 100.0)
    assert pacer.wait(100.0) > 0.0


def test_the_next_are_claimed_so_long_before_their_turn() -> None:
    pacer = ClaimPacer(ahead=0.7)
    pacer.took(10, rate=10.0, now=0.0)
    assert pacer.wait(0.0) == pytest.approx(0.3)
    assert pacer.wait(0.5) == 0.0


def test_whoever_asks_may_claim_one_though_the_window_is_full() -> None:
    pacer = ClaimPacer(batch=0.1, window=1.0)
    assert pacer.room(100.0, under_way=95) == 5
    assert pacer.room(100.0, under_way=100) == 1
    assert pacer.room(100.0, under_way=140) == 1
