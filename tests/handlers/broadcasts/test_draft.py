"""A draft: what it accepts, which buttons it has, what is confirmed, and the numbers it shows.

What each button does is told in `tests/features`, what the screens say is in `pages.txt`.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from bot.broadcast.confirmation import confirmation, confirmed
from handlers.broadcasts.draft import (
    Draft,
    DraftStage,
    first_words,
    new_draft,
    parse_draft,
    with_edit_noted,
    with_message,
)
from handlers.broadcasts.screens.draft_view import RecipientCounts
from handlers.broadcasts.steps import changed_by, is_offered
from handlers.screens.buttons import DraftStep, DraftTap
from storage.broadcast_types import Kind
from tests.handlers.broadcasts.drafts import (
    NOW,
    NUMBERS,
    draft_view,
    empty,
    piece,
    shown,
    two_versions,
    with_kind,
    written,
)

SERVICES: Any = SimpleNamespace(petition=SimpleNamespace(languages=("es", "en")))
CTX: Any = SimpleNamespace(services=SERVICES, now=NOW)
PEOPLE = {DraftStep.NEXT, DraftStep.ASK_SUBJECT, DraftStep.SUBJECT, DraftStep.AUDIENCE}
LINKS = {DraftStep.LINKS, DraftStep.REMOVE_LINKS}
TIME = {DraftStep.ASK_TIME, DraftStep.SCHEDULE, DraftStep.REMOVE_TIME}
MESSAGE = {DraftStep.WRITE, DraftStep.REMOVE_VERSION, DraftStep.CHANGE}
PAID: dict[str, Any] = {"may_pay": True, "rate": 1000.0}


@pytest.mark.parametrize(
    ("text", "beginning"),
    [
        (" Una\n línea ", "Una línea"),
        ("palabra " * 9, "palabra " * 6 + "palabra…"),
        (f"{'a' * 59} b", f"{'a' * 59}…"),
        (f"https://example.org/{'a' * 60} mira", f"https://example.org/{'a' * 39}…"),
        ("", ""),
    ],
)
def test_a_list_shows_how_a_text_begins(text: str, beginning: str) -> None:
    assert first_words(text) == beginning


@pytest.mark.parametrize("body", [None, "", "{}", '{"key": 1}', "[]"])
def test_what_another_version_stored_is_as_good_as_nothing(body: str | None) -> None:
    assert parse_draft(body) is None


def test_an_album_is_put_in_order_and_a_late_part_voids_what_was_shown() -> None:
    draft = empty()
    for message_id in (19, 17, 18, 17):
        draft = with_message(draft, piece(message_id, "photo", group="g"), NOW)
    assert draft.versions["es"].messages == (17, 18, 19)
    assert draft.elements == 3
    draft = shown(written(message_id=17, kind="photo", group="g"))
    grown = with_message(draft, piece(18, "photo", group="g"), NOW)
    assert grown.content is None
    assert grown.stage is DraftStage.READY
    assert grown.preview_ids == (117,)
    draft = written(message_id=17, kind="photo", group="g")
    for stage in (DraftStage.CONTENT, DraftStage.LINKS):
        asked = draft.changed(NOW, stage=stage, language="en")
        grown = with_message(asked, piece(18, "photo", group="g"), NOW)
        assert (grown.stage, grown.language) == (stage, "en")
    assert grown.versions["es"].messages == (17, 18)


def test_an_edit_after_the_preview_is_noticed_and_changes_nothing_that_is_sent() -> None:
    before = written(message_id=17)
    draft = shown(before)
    edited = with_edit_noted(draft, 17, NOW)
    assert edited.edited
    assert edited.content == draft.content
    assert with_edit_noted(edited, 17, NOW) == edited
    # An edit of another message, or before the preview, is nothing.
    assert with_edit_noted(draft, 18, NOW) == draft
    assert with_edit_noted(before, 17, NOW) == before
    words = with_edit_noted(two_versions(), 17, NOW, "Hola").versions
    assert [each.words for each in words.values()] == ["Hola", ""]
    # While it asks for the last word, it goes back to where the edit is said.
    asking = shown(written(message_id=17)).changed(NOW, stage=DraftStage.SECOND_CONFIRMATION)
    assert with_edit_noted(asking, 17, NOW).stage is DraftStage.SUMMARY
    planning = asking.changed(NOW, stage=DraftStage.TIME)
    assert with_edit_noted(planning, 17, NOW).stage is DraftStage.TIME


def of_kind(kind: Kind) -> Draft:
    """A draft of a kind, with its message."""
    draft = new_draft("es", NOW, kind, paid=False)
    return draft if kind is Kind.CLOSING else with_message(draft, piece(), NOW)


def offered(draft: Draft, *, version: int = 0) -> set[DraftStep]:
    """The buttons that it has, as they were drawn for its version, or one before or after."""
    taps = (DraftTap(draft.key, draft.version + version, step, "es") for step in DraftStep)
    return {tap.step for tap in taps if is_offered(draft, tap, SERVICES)}


@pytest.mark.parametrize(
    ("draft", "lacks"),
    [
        (shown(), set()),
        (shown().changed(NOW, topic="an earlier one"), PEOPLE),
        (of_kind(Kind.NEWS), set()),
        (of_kind(Kind.CLOSING), PEOPLE | LINKS | MESSAGE),
        (of_kind(Kind.CORRECTION), PEOPLE | LINKS),
        (of_kind(Kind.BREACH), PEOPLE | LINKS | TIME),
        (empty(), set(DraftStep) - {DraftStep.CANCEL}),
    ],
)
def test_a_draft_lacks_buttons_for_what_is_decided(draft: Draft, lacks: set[DraftStep]) -> None:
    assert offered(draft) == set(DraftStep) - lacks


def tapped(draft: Draft, step: DraftStep, value: str = "") -> Any:
    return changed_by(draft, DraftTap(draft.key, draft.version, step, value), CTX)


def test_a_version_can_be_removed_and_that_of_the_default_language_stays() -> None:
    draft = shown(two_versions())
    without = tapped(draft, DraftStep.REMOVE_VERSION, "en")
    assert set(without.versions) == {"es"}
    for changed in (without, tapped(draft, DraftStep.REMOVE_LINKS)):
        assert changed.content is None, "something else would be sent"
    assert tapped(draft, DraftStep.REMOVE_VERSION, "es") == draft


def test_about_something_else_it_is_for_nobody_before_they_are_chosen() -> None:
    draft = shown().changed(NOW, audience_language="es")
    other = tapped(draft, DraftStep.SUBJECT, Kind.NEWS)
    assert (other.audience_language, other.audience_chosen) == (None, False)


def terms(draft: Draft | None = None, **changed: Any) -> Mapping[str, object]:
    found = draft_view(draft or shown(), **{**PAID, **changed}).terms
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("what", "now"),
    [
        ("the content", terms(shown(written(message_id=18)))),
        ("the petition", terms(revision=4)),
        ("the price", terms(shown().changed(NOW, paid=True))),
        ("who gets it", terms(shown().changed(NOW, audience_language="es"))),
        ("what it is about", terms(with_kind(shown(), Kind.NEWS))),
        ("the time", terms(shown().changed(NOW, starts_at=NOW + timedelta(hours=2)))),
        ("the topic", terms(shown().changed(NOW, topic="an earlier one"))),
        ("the last signature counted", terms(shown().changed(NOW, last_signature_number=1600))),
    ],
)
def test_any_change_voids_a_confirmation(what: str, now: Mapping[str, object]) -> None:
    token = confirmation(terms(), 1200, now=NOW)
    assert confirmed(token, terms(), now=NOW)
    assert not confirmed(token, now, now=NOW), f"{what} is another, and it was confirmed"


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
    paid_for = draft_view(paid, **PAID)
    assert [paid_for.most_recipients(people) for people in (1500, 1525)] == [1500, 1530]
    assert draft_view(shown(), **PAID).most_recipients(1530) == 1683
