import pytest

from simulator import Person, RateLimits, Simulator, Stars
from simulator.errors import Refused
from tests.support.api_client import ApiClient, ManualClock


@pytest.fixture
def limits(clock: ManualClock) -> RateLimits:
    return RateLimits(clock, Stars(20_000))


def wait_after(
    limits: RateLimits, chat_id: int, *, new: int = 1, paid: bool = False
) -> int | None:
    """Returns the seconds that the bot must wait; None when the call goes through."""
    try:
        limits.count(chat_id, new=new, paid=paid)
    except Refused as refusal:
        return refusal.retry_after
    return None


def sent(limits: RateLimits, count: int, *, paid: bool = False) -> int:
    """Returns how many of `count` simultaneous messages go through, each to its own chat."""
    return [wait_after(limits, chat + 1, paid=paid) for chat in range(count)].count(None)


def test_thirty_messages_a_second_in_all(limits: RateLimits, clock: ManualClock) -> None:
    assert sent(limits, 31) == 30
    assert wait_after(limits, 31) == 2
    clock.now += 2
    assert sent(limits, 31) == 30
    clock.now += 2
    for chat in range(1, 3000):  # a steady thirty goes on for ever
        assert wait_after(limits, chat) is None
        clock.now += 1 / 29.9
    limits.allow(300, burst=50)
    assert sent(limits, 51) == 50
    limits.on = False
    assert sent(limits, 100) == 100


def test_one_message_a_second_in_one_chat_after_a_burst(
    limits: RateLimits, clock: ManualClock
) -> None:
    assert [wait_after(limits, 1) for _ in range(21)] == [*[None] * 20, 3]
    assert wait_after(limits, 2) is None
    clock.now += 1.5
    assert wait_after(limits, 1) == 2, "a call during the pause does not make it longer"
    clock.now += 1.5
    assert wait_after(limits, 1) is None


def test_twenty_messages_a_minute_in_one_group(limits: RateLimits, clock: ManualClock) -> None:
    for _ in range(20):
        assert wait_after(limits, -5) is None
        clock.now += 1.5
    assert wait_after(limits, -5) == 30
    clock.now += 30
    assert wait_after(limits, -5) is None


def test_edits_count_in_their_chat_only(limits: RateLimits) -> None:
    assert [wait_after(limits, chat, new=0) for chat in range(1, 200)] == [None] * 199
    for _ in range(19):
        wait_after(limits, 1, new=0)
    assert wait_after(limits, 1, new=0) == 3


def test_an_album_counts_as_many_messages_and_goes_as_a_whole(
    limits: RateLimits, clock: ManualClock
) -> None:
    assert [wait_after(limits, chat, new=10) for chat in (1, 2)] == [None, None]
    assert wait_after(limits, 3, new=100) is None
    for seconds in (2, 2, None):
        assert wait_after(limits, 4) == seconds
        clock.now += 2


async def test_a_flood_is_answered_as_telegram_answers_it(
    sim: Simulator, api: ApiClient, ana: Person
) -> None:
    eva = sim.world.person("Eva")
    numbers = [ana.send(str(number)).id for number in range(30)]
    eva.start()
    target = {"chat_id": eva.id, "from_chat_id": ana.id}
    await api.result("copyMessages", message_ids=numbers, **target)
    url = f"{api.url}/sendMessage"
    async with api.session.post(url, json={"chat_id": ana.id, "text": "a"}) as response:
        body = await response.json()

    assert (response.status, response.headers["Retry-After"]) == (429, "2")
    assert body == {
        "ok": False,
        "error_code": 429,
        "description": "Too Many Requests: retry after 2",
        "parameters": {"retry_after": 2},
    }


def test_a_thousand_a_second_and_only_those_over_thirty_are_paid(
    limits: RateLimits, clock: ManualClock
) -> None:
    for balance in (20_000 - 97.0, 20_000 - 194.0):
        assert sent(limits, 1001, paid=True) == 1000
        assert limits.stars.balance == pytest.approx(balance)
        clock.now += 2
    for _ in range(10):
        assert sent(limits, 30, paid=True) == 30
        clock.now += 1
    assert limits.stars.balance == pytest.approx(20_000 - 194.0), "within the free thirty"


# Of 10,001 Stars, thirty are free, and eleven more are paid before the balance is too low.
@pytest.mark.parametrize(("balance", "through"), [(9_999.9, 30), (10_001, 41)])
def test_who_has_too_few_stars_is_held_to_the_ordinary_limits(
    limits: RateLimits, balance: float, through: int
) -> None:
    limits.stars.balance = balance
    assert sent(limits, 100, paid=True) == through
    assert limits.stars.balance == pytest.approx(9_999.9)


def test_a_paid_message_goes_through_while_ordinary_ones_wait(limits: RateLimits) -> None:
    assert sent(limits, 31) == 30
    assert limits.stars.balance == 20_000
    assert wait_after(limits, 1, paid=True) is None
    assert limits.stars.balance == pytest.approx(20_000 - 0.1)


def test_a_paid_album_pays_for_what_is_over(limits: RateLimits) -> None:
    assert sent(limits, 25, paid=True) == 25
    assert wait_after(limits, 100, new=10, paid=True) is None
    assert limits.stars.balance == pytest.approx(20_000 - 0.5)


def test_a_chat_takes_no_more_because_it_is_paid_for(limits: RateLimits) -> None:
    assert [wait_after(limits, 1, paid=True) for _ in range(21)] == [*[None] * 20, 3]


async def test_only_what_is_delivered_is_paid(sim: Simulator, api: ApiClient, ana: Person) -> None:
    assert await api.result("getMyStarBalance") == {"amount": 0}
    sim.limits.overall_burst = sim.limits.overall = 0
    sim.world.stars.balance = 20_000
    paid = {"chat_id": ana.id, "text": "a", "allow_paid_broadcast": True}
    await api.result("sendMessage", **paid)
    ana.block()
    await api.refusal("sendMessage", **paid)
    left = {"amount": 19_999, "nanostar_amount": 900_000_000}
    assert await api.result("getMyStarBalance") == left
