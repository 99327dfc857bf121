import asyncio

from hypothesis import given
from hypothesis import strategies as st

from bot.intake.polling import OffsetTracker


class Window(OffsetTracker):
    """A tracker with futures of its own, of which each ends when it is told so."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.loop.close()  # nobody waits for these

    def begin(self, number: int) -> None:
        self.take(number, self.loop.create_future())

    def finish(self, number: int) -> None:
        self._taken[number].set_result(None)


def test_nothing_seen_means_no_offset() -> None:
    assert Window().offset is None


def test_the_offset_stays_at_the_first_that_is_not_finished() -> None:
    window = Window()
    for number in (5, 6, 7):
        window.begin(number)
    window.finish(6)
    window.finish(7)
    assert window.offset == 5
    window.finish(5)
    assert window.offset == 8


def test_what_was_cut_off_is_not_finished() -> None:
    window = Window()
    window.begin(5)
    window._taken[5].cancel()
    assert window.offset == 5


def test_a_finished_number_is_known_to_an_answer_that_was_on_its_way() -> None:
    window = Window()
    assert window.ask() is None
    window.begin(5)
    assert window.ask() == 5
    window.finish(5)
    # The answer to the second request was made before 5 was finished.
    assert window.knows(5)
    assert window.ask() == 6
    assert window.offset == 6


def test_what_lies_below_the_offset_asked_with_is_forgotten() -> None:
    window = Window()
    for number in range(1000):
        window.begin(number)
        window.finish(number)
        window.ask()
    assert window._taken == {}


def test_numbers_that_begin_again_lower_are_followed() -> None:
    window = Window()
    window.begin(900)
    window.finish(900)
    window.begin(17)
    window.finish(17)
    assert window.offset == 18
    assert not window.knows(900), "it is another update when it comes"


@given(st.lists(st.integers(0, 30), max_size=200))
def test_the_offset_never_passes_an_unfinished_update(numbers: list[int]) -> None:
    window, unfinished, newest = Window(), set[int](), -1
    for step in range(len(numbers)):
        newest += 1
        window.begin(newest)
        unfinished.add(newest)
        if numbers[step] % 3 and unfinished:
            done = sorted(unfinished)[numbers[step] % len(unfinished)]
            unfinished.discard(done)
            window.finish(done)
        assert window.offset == min(unfinished, default=newest + 1)
