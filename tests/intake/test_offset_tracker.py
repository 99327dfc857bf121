from hypothesis import given
from hypothesis import strategies as st

from bot.intake.offset_tracker import OffsetTracker


def test_nothing_seen_means_no_offset() -> None:
    assert OffsetTracker().offset is None


def test_the_offset_stays_at_the_first_that_is_not_finished() -> None:
    window = OffsetTracker()
    for number in (5, 6, 7):
        assert window.take(number)
    window.finish(6)
    window.finish(7)
    assert window.offset == 5
    window.finish(5)
    assert window.offset == 8


def test_a_finished_number_is_known_as_long_as_telegram_may_tell_it_again() -> None:
    window = OffsetTracker()
    window.take(5)
    window.take(6)
    window.finish(6)
    assert not window.take(5)
    assert not window.take(6)


def test_a_finished_number_is_known_to_an_answer_that_was_on_its_way() -> None:
    window = OffsetTracker()
    assert window.ask() is None
    window.take(5)
    assert window.ask() == 5
    window.finish(5)
    # The answer to the second request was made before 5 was finished.
    assert not window.take(5)
    assert window.ask() == 6
    assert window.offset == 6


def test_what_lies_below_the_offset_asked_with_is_forgotten() -> None:
    window = OffsetTracker()
    for number in range(1000):
        window.take(number)
        window.finish(number)
        window.ask()
    assert window._finished == set()


def test_numbers_that_begin_again_lower_are_followed() -> None:
    window = OffsetTracker()
    window.take(900)
    window.finish(900)
    assert window.take(17)
    window.finish(17)
    assert window.offset == 18


@given(st.lists(st.integers(0, 30), max_size=200))
def test_it_holds_no_more_than_lies_between_the_offset_and_the_newest(numbers: list[int]) -> None:
    window, unfinished, newest = OffsetTracker(), set[int](), -1
    for step in range(len(numbers)):
        newest += 1
        window.take(newest)
        unfinished.add(newest)
        if numbers[step] % 3 and unfinished:
            done = sorted(unfinished)[numbers[step] % len(unfinished)]
            unfinished.discard(done)
            window.finish(done)
        assert window.offset == min(unfinished, default=newest + 1)
        assert len(window) == len(unfinished)
