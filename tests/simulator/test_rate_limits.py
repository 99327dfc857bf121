import pytest

from simulator import Person, RateLimits, Simulator
from simulator.errors import Refused
from tests.support.api_client import ApiClient, ManualClock


@pytest.fixture
def limits(clock: ManualClock) -> RateLimits:
    return RateLimits(clock)


def wait_after(limits: RateLimits, chat_id: int, *, new: int = 1) -> int | None:
    """Returns the seconds that the bot must wait; None when the call goes through."""
    try:
        limits.count(chat_id, new=new)
    except Refused as refusal:
        return refusal.retry_after
    return None


def sent(limits: RateLimits, count: int) -> int:
    """Returns how many of `count` simultaneous messages go through, each to its own chat."""
    return [wait_after(limits, chat + 1) for chat in range(count)].count(None)


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


def test_one_message_a_second_after_a_burst(limits: RateLimits, clock: ManualClock) -> None:
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


def test_an_album_counts_as_many_and_goes_whole(limits: RateLimits, clock: ManualClock) -> None:
    assert [wait_after(limits, chat, new=10) for chat in (1, 2)] == [None, None]
    assert wait_after(limits, 3, new=100) is None
    for seconds in (2, 2, None):
        assert wait_after(limits, 4) == seconds
        clock.now += 2


async def test_a_flood_is_answered_like_telegrams(
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


async def test_a_balance_is_told_in_stars_and_parts_of_one(sim: Simulator, api: ApiClient) -> None:
    assert await api.result("getMyStarBalance") == {"amount": 0}
    sim.world.stars.balance = 12.3
    assert await api.result("getMyStarBalance") == {"amount": 12, "nanostar_amount": 300_000_000}
