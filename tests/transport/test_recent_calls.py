import pytest

from bot.transport.recent_calls import RecentCalls


@pytest.mark.parametrize(
    ("now", "numbers"), [(109.9, [2, 1, 0]), (119.9, [2, 1, 0]), (120.0, [0, 0, 0])]
)
def test_a_call_is_counted_by_chat_for_ten_to_twenty_seconds(
    now: float, numbers: list[int]
) -> None:
    calls = RecentCalls()
    for chat, moment in ((7, 100.0), (7, 105.0), (8, 109.9)):
        calls.add(chat, moment)
    assert [calls.number(chat, now) for chat in (7, 8, 9)] == numbers


def test_what_is_long_past_is_forgotten() -> None:
    calls = RecentCalls()
    for chat in range(10_000):
        calls.add(chat, 100.0)
    calls.add(7, 121.0)
    assert (dict(calls._current), dict(calls._former)) == ({7: 1}, {})
