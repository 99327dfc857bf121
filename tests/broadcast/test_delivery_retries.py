import pytest

from bot.broadcast.delivery_retries import OutageBreaker


def test_at_first_there_is_no_pause() -> None:
    patience = OutageBreaker()
    patience.failed(1, 0.0)
    patience.failed(2, 0.0)
    assert (patience.pause(), patience.is_open) == (0.0, False)


def test_when_nothing_gets_through_the_pause_doubles_up_to_half_a_minute() -> None:
    patience = OutageBreaker()
    pauses = []
    for position in range(12):
        patience.failed(position, 0.0)
        pauses.append(patience.pause())
    assert pauses == [0, 0, 0.5, 1, 2, 4, 8, 16, 30, 30, 30, 30]


def test_one_that_gets_through_ends_the_pause() -> None:
    patience = OutageBreaker()
    for position in range(5):
        patience.failed(position, 0.0)
    patience.answered(9)
    assert patience.pause() == 0.0


def test_answers_that_do_not_come_are_a_sign_too() -> None:
    patience = OutageBreaker()
    for _ in range(3):
        patience.doubted()
    assert patience.is_open


def test_while_telegram_is_away_nobody_is_given_up() -> None:
    patience = OutageBreaker()
    assert not any(patience.failed(1, float(second)) for second in range(0, 3600, 30))


def test_after_an_hour_the_last_ones_are_given_up() -> None:
    patience = OutageBreaker()
    patience.failed(1, 0.0)
    assert not patience.failed(1, 3599.0)
    assert patience.failed(1, 3600.0)


def test_who_fails_again_and_again_while_others_get_through_is_given_up() -> None:
    patience = OutageBreaker()
    given_up = []
    for second in range(6):
        given_up.append(patience.failed(1, float(second)))
        patience.answered(100 + second)
    assert given_up == [False] * 5 + [True]


def test_one_success_begins_the_count_anew() -> None:
    patience = OutageBreaker()
    for second in range(5):
        patience.failed(1, float(second))
        patience.answered(2)
    patience.answered(1)
    assert not patience.failed(1, 6.0)


@pytest.mark.parametrize("troubled", [30_000])
def test_it_remembers_a_bounded_number(troubled: int) -> None:
    patience = OutageBreaker()
    for position in range(troubled):
        patience.failed(position, 0.0)
    assert len(patience._troubles) == 10_000


class TestDenied:
    """Telegram answers, but denies the token or the method (401 or 404)."""

    def test_one_denial_is_enough_to_ask_before_anybody_is_tried(self) -> None:
        patience = OutageBreaker()
        assert not patience.denied(1, 0.0)
        assert (patience.is_open, patience.pause()) == (True, 0.5)

    def test_those_that_were_on_their_way_together_are_one(self) -> None:
        patience = OutageBreaker()
        for position in range(30):
            patience.denied(position, 0.1)
        assert patience.pause() == 0.5

    def test_it_is_believed_after_a_minute_of_denials_further_and_further_apart(self) -> None:
        patience, now, tries = OutageBreaker(), 0.0, 1
        patience.denied(1, now)
        while not patience.is_denied(now):
            now += patience.pause()
            patience.denied(1, now)
            tries += 1
        assert (now, tries) == (61.5, 8)

    @pytest.mark.parametrize("other", ["answered", "failed", "doubted"])
    def test_anything_else_in_between_ends_the_doubt(self, other: str) -> None:
        patience = OutageBreaker()
        patience.denied(1, 0.0)
        signs = {
            "answered": lambda: patience.answered(1),
            "failed": lambda: patience.failed(1, 30.0),
            "doubted": patience.doubted,
        }
        signs[other]()
        patience.denied(1, 100.0)
        assert not patience.is_denied(100.0)
        assert patience.is_denied(160.0)

    def test_one_whose_calls_alone_are_denied_is_given_up_after_some_rounds(self) -> None:
        patience = OutageBreaker()
        given_up = []
        for second in range(6):
            given_up.append(patience.denied(1, float(second)))
            patience.answered(100 + second)
        assert given_up == [False] * 5 + [True]
