"""How fast people sign: the time that one takes, and whether so many at once are unusual.

A petition that is shared widely looks much like a wave of false signatures, so nothing here says
that it is one: the admins are told what is unusual, and look for themselves. The thresholds are
few and high, since people who are told of nothing five times do not look at the sixth.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import StrEnum

from bot.petition.counts import FEWEST
from bot.text.translations import mark
from storage.signatures import SigningRate

# What takes longer says nothing more, and need not be known of a person.
_FORM_SECONDS_AT_MOST = 3_600

# From the first tap to the last, by whether the form asks for a name. Even who reads nothing waits
# for what Telegram answers: without a name once, and two honest taps take three seconds; with one
# twice, and the name has to be typed or taken.
SHORT_FORM_SECONDS: Mapping[bool, int] = {True: 3, False: 2}
# This many short forms in an hour, and half of those of their kind, are a sign; one hasty person
# is none.
SHORT_FORMS_FROM = 30

# In an hour; a small petition that a family signs after lunch stays far below.
_FAST_FROM = 50
# Times the busiest hour of the day before. What spreads from person to person doubles in an hour,
# or trebles.
_FAST_TIMES = 5

_FORM_TIMES = {
    True: mark(
        "Con nombre: {n}. De quienes se sabe cuánto tardaron, la mitad firmó en {seconds} s o "
        "menos."
    ),
    False: mark(
        "Sin nombre: {n}. De quienes se sabe cuánto tardaron, la mitad firmó en {seconds} s o "
        "menos."
    ),
}


class Sign(StrEnum):
    """What can be unusual about the signatures of an hour."""

    FAST = "fast"
    SHORT_FORMS = "short forms"


def form_seconds(started_at: datetime | None, signed_at: datetime) -> int | None:
    """Returns in how many whole seconds a form was filled in, an hour at most.

    None if it was begun before that was kept. A clock that was put back gives 0.
    """
    if started_at is None:
        return None
    seconds = int((signed_at - started_at).total_seconds())
    return min(max(0, seconds), _FORM_SECONDS_AT_MOST)


def signs_of_a_wave(rate: SigningRate) -> list[Sign]:
    """Returns what is unusual about the last hour; nothing, where that can be said of it."""
    found = []
    usual = rate.busiest_before
    if usual is not None and rate.signed >= max(_FAST_FROM, _FAST_TIMES * usual):
        found.append(Sign.FAST)
    if short_forms(rate):
        found.append(Sign.SHORT_FORMS)
    return found


def short_forms(rate: SigningRate) -> dict[bool, int]:
    """Returns how many of the hour filled in a form faster than anybody reads it.

    By whether it was with a name; a kind of which these are no sign is not there.
    """
    found = {}
    for kind, under in SHORT_FORM_SECONDS.items():
        known = _known_forms(rate.by_form_seconds[kind])
        short = sum(n for seconds, n in known.items() if seconds < under)
        if short >= max(SHORT_FORMS_FROM, known.total() / 2):
            found[kind] = short
    return found


def form_times(
    by_form_seconds: Mapping[bool, Mapping[int | None, int]],
) -> Iterator[tuple[str, int, int]]:
    """Yields a sentence, its count and median time of the form, of each kind not of few."""
    for kind, forms in by_form_seconds.items():
        signed, median = sum(forms.values()), median_form_seconds(forms)
        if signed >= FEWEST and median is not None:
            yield _FORM_TIMES[kind], signed, median


def median_form_seconds(forms: Mapping[int | None, int]) -> int | None:
    """Returns the time that half of the known forms took at most; None if none is known."""
    known = sorted(_known_forms(forms).elements())
    return known[(len(known) - 1) // 2] if known else None


def _known_forms(forms: Mapping[int | None, int]) -> Counter[int]:
    return Counter({seconds: n for seconds, n in forms.items() if seconds is not None})
