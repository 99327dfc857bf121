"""How long somebody took to sign, and when so many signatures at once are told to the admins."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from bot.petition.signing_rate import (
    Sign,
    form_seconds,
    median_form_seconds,
    short_forms,
    signs_of_a_wave,
)
from storage.signatures import SigningRate
from tests.support.supporters import NOON


@pytest.mark.parametrize(
    ("took", "seconds"), [(0.9, 0), (40.9, 40), (3_600, 3_600), (90_000, 3_600), (-5, 0)]
)
def test_a_form_takes_whole_seconds_an_hour_at_most(took: float, seconds: int) -> None:
    assert form_seconds(NOON, NOON + timedelta(seconds=took)) == seconds


def test_the_median_is_of_those_that_are_known() -> None:
    assert form_seconds(None, NOON) is None
    assert median_form_seconds({1: 2, 9: 2, None: 50}) == 1
    assert median_form_seconds({None: 50}) is None


def an_hour(
    signed: int,
    usual: int | None = 10,
    *,
    forms: Mapping[int | None, int] | None = None,
    unnamed: Mapping[int | None, int] | None = None,
) -> SigningRate:
    if forms is unnamed is None:
        forms = {40: signed}
    seconds = {True: forms or {}, False: unnamed or {}}
    return SigningRate(NOON, signed, usual, seconds)


def test_an_ordinary_viral_day_raises_nothing() -> None:
    """It spreads by the link of the button to share, and more than doubles every hour."""
    busiest, hour = 4, 10
    for _ in range(9):
        forms: dict[int | None, int] = {
            2: hour // 20,
            25: hour // 2,
            60: hour - hour // 20 - hour // 2,
        }
        assert signs_of_a_wave(an_hour(hour, busiest, forms=forms)) == []
        busiest, hour = hour, hour * 5 // 2
    assert hour > 30_000


def test_neither_a_family_nor_a_first_day_is_called_fast() -> None:
    for signed in (5, 12, 29):
        forms: dict[int | None, int] = {2: signed}
        assert signs_of_a_wave(an_hour(signed, 0, forms=forms)) == []
    assert signs_of_a_wave(an_hour(5_000, None)) == []


@pytest.mark.parametrize(("signed", "signs"), [(49, []), (50, [Sign.FAST]), (500, [Sign.FAST])])
def test_many_times_yesterdays_busiest_hour_is_fast(signed: int, signs: list[Sign]) -> None:
    assert signs_of_a_wave(an_hour(signed, usual=10)) == signs
    assert signs_of_a_wave(an_hour(signed, usual=200)) == []


@pytest.mark.parametrize(
    ("forms", "unnamed", "kinds"),
    [
        ({1: 30, 40: 30}, {}, [True]),
        ({0: 15, 2: 15, None: 500}, {}, [True]),
        ({1: 30, 40: 31}, {}, []),
        ({1: 29}, {}, []),
        ({3: 500}, {}, []),
        ({None: 500}, {}, []),
        ({}, {0: 15, 1: 15, 2: 30}, [False]),
        ({}, {2: 500}, []),
        ({40: 5_000}, {1: 30}, [False]),
        ({2: 30, 40: 30}, {1: 29, 9: 30}, [True]),
        ({1: 30}, {1: 30}, [True, False]),
        ({2: 29}, {1: 29}, []),
    ],
)
def test_forms_that_nobody_can_have_read_are_a_sign_where_they_are_half_of_those_like_them(
    forms: dict[int | None, int], unnamed: dict[int | None, int], kinds: list[bool]
) -> None:
    """A wave without names is not lost among many with one."""
    signed = sum(forms.values()) + sum(unnamed.values())
    rate = an_hour(signed, 10_000, forms=forms, unnamed=unnamed)
    assert [*short_forms(rate)] == kinds
    assert signs_of_a_wave(rate) == ([Sign.SHORT_FORMS] if kinds else [])
