import pytest

from simulator import RateLimits, Simulator, Stars
from simulator.errors import Refused
from tests.support.api_client import ApiClient, ManualClock


@pytest.fixture
def limits(clock: ManualClock) -> RateLimits:
    return RateLimits(clock, Stars(20_000))


def sent(limits: RateLimits, count: int, *, paid: bool = True) -> int:
    """Returns how many of `count` simultaneous messages go through, each to its own chat."""
    for number in range(count):
        try:
            limits.count(number + 1, paid=paid)
        except Refused:
            return number
    return count


def test_a_thousand_a_second_and_only_those_over_thirty_are_paid(
    limits: RateLimits, clock: ManualClock
) -> None:
    assert sent(limits, 1001) == 1000
    assert limits.stars.balance == pytest.approx(20_000 - 97.0)
    clock.now += 2
    assert sent(limits, 1001) == 1000
    assert limits.stars.balance == pytest.approx(20_000 - 194.0)


def test_within_the_free_thirty_nothing_is_paid(limits: RateLimits, clock: ManualClock) -> None:
    for _ in range(10):
        assert sent(limits, 30) == 30
        clock.now += 1

    assert limits.stars.balance == 20_000


def test_who_has_too_few_stars_is_held_to_the_ordinary_limits(limits: RateLimits) -> None:
    limits.stars.balance = 9_999.9

    assert sent(limits, 100) == 30
    assert limits.stars.balance == 9_999.9


def test_the_balance_can_fall_too_low_on_the_way(limits: RateLimits) -> None:
    limits.stars.balance = 10_001

    # Thirty are free, and eleven more are paid before the balance is too low.
    assert sent(limits, 100) == 41
    assert limits.stars.balance == pytest.approx(9_999.9)


def test_an_ordinary_message_does_not_pay(limits: RateLimits) -> None:
    assert sent(limits, 100, paid=False) == 30
    assert limits.stars.balance == 20_000


def test_a_paid_message_goes_through_while_ordinary_ones_wait(limits: RateLimits) -> None:
    assert sent(limits, 31, paid=False) == 30
    limits.count(1, paid=True)

    assert limits.stars.balance == pytest.approx(20_000 - 0.1)


def test_a_paid_album_pays_for_what_is_over(limits: RateLimits) -> None:
    assert sent(limits, 25) == 25
    limits.count(100, new=10, paid=True)

    assert limits.stars.balance == pytest.approx(20_000 - 0.5)


def test_a_chat_takes_no_more_because_it_is_paid_for(limits: RateLimits) -> None:
    for _ in range(20):
        limits.count(1, paid=True)
    with pytest.raises(Refused, match="retry after 3"):
        limits.count(1, paid=True)


async def test_the_balance_is_told(sim: Simulator, api: ApiClient) -> None:
    assert await api.result("getMyStarBalance") == {"amount": 0}
    sim.world.stars.balance = 12.3
    assert await api.result("getMyStarBalance") == {"amount": 12, "nanostar_amount": 300_000_000}


async def test_only_what_is_delivered_is_paid(sim: Simulator, api: ApiClient) -> None:
    ana = sim.world.person("Ana")
    ana.start()
    sim.limits.overall_burst = sim.limits.overall = 0
    sim.world.stars.balance = 20_000
    await api.result("sendMessage", chat_id=ana.id, text="a", allow_paid_broadcast=True)
    ana.block()
    await api.refusal("sendMessage", chat_id=ana.id, text="a", allow_paid_broadcast=True)

    assert sim.world.stars.balance == pytest.approx(19_999.9)


async def test_copies_of_several_messages_cannot_be_paid(sim: Simulator, api: ApiClient) -> None:
    ana = sim.world.person("Ana")
    target = {"chat_id": ana.id, "from_chat_id": ana.id, "message_ids": [ana.send("a").id]}

    assert await api.refusal("copyMessages", allow_paid_broadcast=True, **target) == (
        400,
        'Bad Request: unknown parameter "allow_paid_broadcast" in copyMessages',
    )
