import pytest

from simulator import RateLimits, Simulator
from simulator.errors import Refused
from tests.support.api_client import ApiClient, ManualClock


def wait_after(limits: RateLimits, chat_id: int, *, new: int = 1) -> int | None:
    """Returns the seconds that the bot must wait; None when the call goes through."""
    try:
        limits.count(chat_id, new=new)
    except Refused as refusal:
        return refusal.retry_after
    return None


@pytest.fixture
def limits(clock: ManualClock) -> RateLimits:
    return RateLimits(clock)


def test_thirty_messages_a_second_in_all(limits: RateLimits, clock: ManualClock) -> None:
    assert [wait_after(limits, chat) for chat in range(1, 31)] == [None] * 30
    assert wait_after(limits, 31) == 2
    clock.now += 2
    assert [wait_after(limits, chat) for chat in range(31, 61)] == [None] * 30


def test_a_steady_thirty_a_second_goes_on_for_ever(limits: RateLimits, clock: ManualClock) -> None:
    for chat in range(1, 3000):
        assert wait_after(limits, chat) is None
        clock.now += 1 / 29.9


def test_one_message_a_second_in_one_chat_after_a_burst(
    limits: RateLimits, clock: ManualClock
) -> None:
    assert [wait_after(limits, 1) for _ in range(20)] == [None] * 20
    assert wait_after(limits, 1) == 3
    assert wait_after(limits, 2) is None


def test_a_call_during_a_pause_is_refused_and_does_not_make_it_longer(
    limits: RateLimits, clock: ManualClock
) -> None:
    for _ in range(21):
        wait_after(limits, 1)
    clock.now += 1.5
    assert wait_after(limits, 1) == 2
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


def test_the_limits_can_be_switched_off(limits: RateLimits) -> None:
    limits.on = False

    assert [wait_after(limits, 1) for _ in range(100)] == [None] * 100


async def test_a_flood_is_answered_as_telegram_answers_it(sim: Simulator, api: ApiClient) -> None:
    ana = sim.world.person("Ana")
    ana.start()
    for _ in range(20):
        await api.result("sendMessage", chat_id=ana.id, text="a")
    url = f"{api.url}/sendMessage"
    async with api.session.post(url, json={"chat_id": ana.id, "text": "a"}) as response:
        body = await response.json()

    assert (response.status, response.headers["Retry-After"]) == (429, "3")
    assert body == {
        "ok": False,
        "error_code": 429,
        "description": "Too Many Requests: retry after 3",
        "parameters": {"retry_after": 3},
    }


def test_a_rate_of_ones_own_can_be_set(limits: RateLimits, clock: ManualClock) -> None:
    limits.allow(300, burst=50)
    assert [wait_after(limits, chat) for chat in range(1, 51)] == [None] * 50
    assert wait_after(limits, 51) == 2
    clock.now += 2
    limits.allow(300, burst=300)
    assert [wait_after(limits, chat) for chat in range(1, 301)] == [None] * 300
    assert wait_after(limits, 301) == 2


def test_an_album_counts_as_many_messages_and_goes_as_a_whole(
    limits: RateLimits, clock: ManualClock
) -> None:
    assert [wait_after(limits, chat, new=10) for chat in (1, 2)] == [None, None]
    assert wait_after(limits, 3, new=100) is None
    assert wait_after(limits, 4) == 2
    clock.now += 2
    assert wait_after(limits, 4) == 2
    clock.now += 2
    assert wait_after(limits, 4) is None


async def test_every_copied_message_counts(sim: Simulator, api: ApiClient) -> None:
    ana, eva = sim.world.person("Ana"), sim.world.person("Eva")
    eva.start()
    numbers = [ana.send(str(number)).id for number in range(30)]
    target = {"chat_id": eva.id, "from_chat_id": ana.id}
    await api.result("copyMessages", message_ids=numbers, **target)

    assert await api.refusal("sendMessage", chat_id=ana.id, text="a") == (
        429,
        "Too Many Requests: retry after 2",
    )
