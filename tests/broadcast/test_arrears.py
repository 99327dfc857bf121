from bot.broadcast.arrears import Arrears

ONE, OTHER = b"one", b"other"


def test_each_failure_rests_twice_as_long_up_to_five_minutes() -> None:
    arrears = Arrears(1.0)
    assert [arrears.failed(ONE, 0.0) for _ in range(11)][:4] == [1.0, 2.0, 4.0, 8.0]
    assert arrears.failed(ONE, 0.0) == 300.0


def test_it_rests_until_its_time_and_others_do_not() -> None:
    arrears = Arrears(2.0)
    arrears.failed(ONE, 10.0)
    assert arrears.rests(ONE, 11.9)
    assert not arrears.rests(ONE, 12.0)
    assert not arrears.rests(OTHER, 11.0)


def test_once_said_it_is_forgotten() -> None:
    arrears = Arrears(2.0)
    arrears.failed(ONE, 10.0)
    arrears.said(ONE)
    assert not arrears.rests(ONE, 10.0)
    assert arrears.failed(ONE, 10.0) == 2.0
