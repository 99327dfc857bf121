from bot.broadcast.worker import Speed


def test_the_speed_needs_two_looks() -> None:
    speed = Speed()
    assert speed.note(10.0, 0) is None
    assert speed.note(10.0, 5) is None
    assert speed.note(12.0, 56) == 28.0


def test_the_speed_forgets_what_is_long_ago() -> None:
    speed = Speed()
    for second in range(0, 61, 3):
        speed.note(float(second), 0)
    assert [speed.note(60.0 + second, 30 * second) for second in (15, 30)] == [30.0, 30.0]


def test_what_went_back_to_waiting_is_no_negative_speed() -> None:
    speed = Speed()
    speed.note(0.0, 10)
    assert speed.note(3.0, 8) == 0.0
