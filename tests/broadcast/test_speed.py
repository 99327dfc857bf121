from bot.broadcast.speed import ProgressView, Speed, progress_view
from storage import Tally


def test_a_running_one_tells_what_is_left_at_the_present_speed() -> None:
    tally = Tally(total=100, pending=55, sending=5, delivered=30, unreachable=6, withdrawn=4)
    assert progress_view(tally, 20.0) == ProgressView(
        share=0.4, done=40, total=100, per_second=20.0, remaining_seconds=3.0, finished=False
    )


def test_without_a_speed_nobody_knows_how_long_it_takes() -> None:
    assert progress_view(Tally(total=2, pending=2), 0.0).remaining_seconds is None


def test_when_nothing_is_left_it_is_finished() -> None:
    view = progress_view(Tally(total=2, delivered=2), 0.0)
    assert (view.share, view.remaining_seconds, view.finished) == (1.0, 0.0, True)


def test_one_to_nobody_is_finished() -> None:
    assert progress_view(Tally(total=0), 0.0).share == 1.0


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
