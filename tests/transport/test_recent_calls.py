from bot.transport.recent_calls import RecentCalls


def test_calls_of_the_last_ten_seconds_are_counted() -> None:
    calls = RecentCalls()
    calls.add(7, 100.0)
    calls.add(7, 105.0)
    calls.add(8, 105.0)
    assert calls.number(7, 109.9) == 2
    assert calls.number(8, 109.9) == 1
    assert calls.number(9, 109.9) == 0


def test_a_call_is_remembered_for_ten_seconds_at_least() -> None:
    calls = RecentCalls()
    calls.add(1, 100.0)
    calls.add(7, 109.9)
    assert calls.number(7, 119.8) == 1
    calls.add(8, 119.8)
    assert len(calls) == 3


def test_what_is_long_past_is_forgotten() -> None:
    calls = RecentCalls()
    for chat in range(10_000):
        calls.add(chat, 100.0)
    assert calls.number(7, 110.0) == 1
    assert calls.number(7, 120.0) == 0
    assert len(calls) == 0


def test_after_a_quiet_time_nothing_of_before_counts() -> None:
    calls = RecentCalls()
    calls.add(7, 100.0)
    assert calls.number(7, 121.0) == 0
