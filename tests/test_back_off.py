from bot.back_off import BackOff


def test_each_pause_is_twice_the_last_one_up_to_the_longest() -> None:
    back_off = BackOff(0.5, longest=3.0)
    assert [back_off.pause(failures) for failures in (1, 2, 3, 4, 5)] == [0.5, 1.0, 2.0, 3.0, 3.0]


def test_a_pause_is_spread_by_the_share_that_is_asked_for() -> None:
    drawn: list[tuple[float, float]] = []

    def dice(low: float, high: float) -> float:
        drawn.append((low, high))
        return high

    back_off = BackOff(1.0, longest=2.0, spread=0.2, dice=dice)
    assert [back_off.pause(failures) for failures in (1, 3)] == [1.2, 2.4]
    assert drawn == [(0.8, 1.2)] * 2
