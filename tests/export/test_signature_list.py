"""Tests of what a list says before its names, and of whom it says nothing."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.export.signature_list import SignatureListHeader
from bot.petition.counts import FEWEST
from bot.petition.petition import BUNDLED, load_petition
from storage.exports import ExportedList, SignatureGroup
from storage.petitions import PetitionState

PETITION = load_petition(BUNDLED)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
OPEN = PetitionState(0, None, None, 0)


def group(
    day: int, signatures: int, language: str = "es", *, named: bool = False, version: str = "1"
) -> SignatureGroup:
    return SignatureGroup(NOON + timedelta(days=day), language, version, named, signatures)


def header(
    *groups: SignatureGroup, state: PetitionState = OPEN, anonymous: int = 0
) -> SignatureListHeader:
    listed = ExportedList(b"e" * 16, NOON, 99)
    return SignatureListHeader(listed, PETITION, state, anonymous, groups)


def by_day(listed: SignatureListHeader) -> list[tuple[str | None, str | None, int, int]]:
    return [
        (str(each.day) if each.day else None, each.language, each.with_name, each.without_name)
        for each in listed.by_day()
    ]


def without_name(listed: SignatureListHeader) -> list[tuple[str | None, str | None, int]]:
    return [(day, language, few) for day, language, _, few in by_day(listed)]


def test_the_counts_add_up() -> None:
    state = PetitionState(14, NOON, closed_signatures=20, revision=1, invalidated_since=2)
    listed = header(group(0, 3, named=True), group(0, 7), state=state, anonymous=4)
    assert (listed.with_name, listed.without_name, listed.counted) == (3, 11, 14)
    assert listed.withdrawn_since == 4
    assert header(group(0, 7)).withdrawn_since == 0
    # Who is erased already has neither day nor version.
    assert by_day(listed)[-1] == (None, None, 0, 4)


def test_who_gives_no_name_is_told_with_the_next_of_their_language_until_they_are_five() -> None:
    days = [group(0, 2), group(1, 2), group(2, 2), group(3, 5), group(4, 1)]
    assert without_name(header(*days)) == [("2026-03-03", "es", 6), ("2026-03-05", "es", 6)]
    enough = [group(0, 5), group(1, 5)]
    assert without_name(header(*enough)) == [("2026-03-01", "es", 5), ("2026-03-02", "es", 5)]


def test_a_language_of_few_is_told_with_another_that_it_cannot_be_told_from() -> None:
    listed = header(group(0, 9), group(1, 6), group(2, 2, "en"), group(2, 1, "en", named=True))
    assert without_name(listed) == [
        ("2026-03-01", "es", 9),
        ("2026-03-03", "en", 0),
        (None, None, 8),
    ]
    assert without_name(header(group(0, 2))) == [(None, None, 2)]
    five = header(group(0, 9), group(0, 2, "en"), group(0, 3, "fr"))
    assert without_name(five) == [("2026-03-01", "es", 9), (None, None, 5)]


@given(
    st.lists(
        st.builds(
            group,
            st.integers(0, 9),
            st.integers(1, 7),
            st.sampled_from(["es", "en"]),
            named=st.booleans(),
            version=st.sampled_from(["1", "2"]),
        ),
        max_size=30,
    )
)
def test_nobody_is_lost_and_no_few_are_told_apart(groups: list[SignatureGroup]) -> None:
    listed = header(*groups)
    days = listed.by_day()
    assert sum(each.with_name for each in days) == listed.with_name
    assert sum(each.without_name for each in days) == listed.without_name
    assert sum(each.signatures for each in listed.by_version()) == listed.counted
    told = [each.without_name for each in days if each.without_name]
    assert len(told) <= 1 or min(told) >= FEWEST
    named = Counter({"1": 0, "2": 0})
    for each in groups:
        named[each.text_version] += each.signatures if each.named else 0
    others = [each.signatures - named[each.version or ""] for each in listed.by_version()]
    assert len(list(filter(None, others))) <= 1 or min(filter(None, others)) >= FEWEST
    # At no day are more told than there were.
    signed: Counter[date] = Counter()
    for each in groups:
        signed[each.quarter.date()] += 0 if each.named else each.signatures
    for day in signed:
        until = sum(n for each, n in signed.items() if each <= day)
        assert sum(each.without_name for each in days if each.day and each.day <= day) <= until
