"""How long somebody took to sign, and when so many signatures at once are told to the admins."""

from datetime import timedelta

import pytest

from bot.petition.signing_rate import form_seconds
from tests.support.supporters import NOON


@pytest.mark.parametrize(
    ("took", "seconds"), [(0.9, 0), (40.9, 40), (3_600, 3_600), (90_000, 3_600), (-5, 0)]
)
def test_a_form_takes_whole_seconds_an_hour_at_most_and_never_less_than_none(
    took: float, seconds: int
) -> None:
    assert form_seconds(NOON, NOON + timedelta(seconds=took)) == seconds


def test_of_a_form_that_was_begun_before_it_was_kept_nothing_is_said() -> None:
    assert form_seconds(None, NOON) is None
