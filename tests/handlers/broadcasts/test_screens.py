"""The numbers on a draft's screens: how long it takes, what it costs, whom that is enough for.

What the screens say is written down in `pages.txt`.
"""

from dataclasses import replace
from typing import Any

from handlers.broadcasts.draft import Draft, with_message
from handlers.broadcasts.screens.draft_view import RecipientCounts
from tests.handlers.broadcasts.drafts import NOW, NUMBERS, draft_view, empty, piece, shown, written

PAID: dict[str, Any] = {"may_pay": True, "rate": 1000.0}


def album_of(count: int) -> Draft:
    draft = empty()
    for message_id in range(20, 20 + count):
        draft = with_message(draft, piece(message_id, "photo", group="g"), NOW)
    return draft


def test_the_expected_time_follows_the_rate_and_counts_an_album_message_by_message() -> None:
    assert draft_view(shown(), rate=30.0).seconds == 51.0
    assert draft_view(shown(), RecipientCounts(), rate=28.0).seconds == 0.0
    numbers = replace(NUMBERS, people={"es": 280})
    two = with_message(written(), piece(18, group=None), NOW)
    drafts = (shown(), shown(two), shown(album_of(3)))
    assert [draft_view(each, numbers).seconds for each in drafts] == [10.0, 10.0, 30.0]
    paid = draft_view(shown().changed(NOW, paid=True), numbers, **PAID)
    assert paid.seconds < draft_view(shown(), numbers, **PAID).seconds == 10.0


def test_the_price_is_a_star_for_ten_messages_and_an_album_is_never_paid_for() -> None:
    prices = {1: 1, 10: 1, 11: 2, 70: 7, 1530: 153}
    views = [draft_view(shown(), RecipientCounts(people={"es": people})) for people in prices]
    assert [view.price for view in views] == list(prices.values())
    many, paid = replace(NUMBERS, people={"es": 200_000}), shown().changed(NOW, paid=True)
    balances = (None, 9_999, 19_999, 20_000)
    views = [draft_view(paid, many, balance=each, **PAID) for each in balances]
    assert [view.is_affordable for view in views] == [False, False, False, True]
    album = draft_view(shown(album_of(2)).changed(NOW, paid=True), **PAID)
    assert (album.is_paid, album.is_affordable) == (False, True)


def test_what_is_paid_for_goes_to_no_more_people_than_the_price_that_was_shown_is_for() -> None:
    paid = draft_view(shown().changed(NOW, paid=True), **PAID)
    assert [paid.most_recipients(shown) for shown in (1525, 1530)] == [1530, 1530]
    assert draft_view(shown(), **PAID).most_recipients(1530) == 1683
