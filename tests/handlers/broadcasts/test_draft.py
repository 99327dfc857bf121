"""A draft accepts what it waits for, once, and keeps its preview until its content changes."""

from datetime import timedelta

import pytest

from handlers.broadcasts.draft import (
    REMEMBERED_FOR,
    WAITS_FOR,
    DraftStage,
    for_missing,
    new_draft,
    parse_draft,
    with_edit_noted,
    with_kind,
    with_links,
    with_message,
    without_version,
)
from storage import Audience, Kind
from tests.handlers.broadcasts.drafts import LINK, NOW, broadcast, empty, piece, shown, written


def test_it_is_read_back_as_it_was_stored() -> None:
    draft = shown(with_links(written(), ((LINK,),), NOW)).changed(NOW, starts_at=NOW)
    assert parse_draft(draft.model_dump_json()) == draft


@pytest.mark.parametrize("body", [None, "", "{}", '{"key": 1}', "[]"])
def test_what_another_version_stored_is_as_good_as_nothing(body: str | None) -> None:
    assert parse_draft(body) is None


def test_the_first_message_is_its_content_and_the_second_is_not() -> None:
    draft = written(message_id=17)
    assert draft.stage is DraftStage.READY
    assert draft.versions["es"].messages == (17,)
    assert not draft.accepts_messages(NOW)


def test_a_message_that_comes_again_changes_nothing() -> None:
    draft = written(message_id=17)
    assert with_message(draft, piece(17), NOW) == draft


def test_an_album_is_put_in_order_whenever_its_parts_come() -> None:
    draft = empty()
    for message_id in (19, 17, 18, 17):
        draft = with_message(draft, piece(message_id, "photo", group="g"), NOW)
    assert draft.versions["es"].messages == (17, 18, 19)
    assert draft.elements == 3


def test_a_late_part_of_an_album_voids_what_was_shown() -> None:
    draft = shown(written(message_id=17, kind="photo", group="g"))
    grown = with_message(draft, piece(18, "photo", group="g"), NOW)
    assert grown.copies is None
    assert grown.stage is DraftStage.READY
    assert grown.old_copies == (117,)


def test_a_late_part_of_an_album_does_not_stop_what_is_being_written() -> None:
    draft = written(message_id=17, kind="photo", group="g")
    asked = draft.changed(NOW, stage=DraftStage.CONTENT, language="en")
    grown = with_message(asked, piece(18, "photo", group="g"), NOW)
    assert (grown.stage, grown.language) == (DraftStage.CONTENT, "en")
    assert grown.versions["es"].messages == (17, 18)


def test_each_language_has_a_version_of_its_own_and_the_base_stays() -> None:
    draft = with_message(
        written(message_id=17).changed(NOW, stage=DraftStage.CONTENT, language="en"),
        piece(18),
        NOW,
    )
    assert {code: v.messages for code, v in draft.versions.items()} == {"es": (17,), "en": (18,)}
    assert set(without_version(draft, "en", NOW).versions) == {"es"}
    assert without_version(draft, "es", NOW) == draft


def test_an_edit_after_the_preview_is_noticed_and_changes_nothing_that_is_sent() -> None:
    draft = shown(written(message_id=17))
    edited = with_edit_noted(draft, 17, NOW)
    assert edited.edited
    assert edited.copies == draft.copies
    assert with_edit_noted(edited, 17, NOW) == edited


def test_an_edit_while_it_asks_for_the_last_word_goes_back_to_where_that_is_said() -> None:
    asking = shown(written(message_id=17)).changed(NOW, stage=DraftStage.SECOND_CONFIRMATION)
    assert with_edit_noted(asking, 17, NOW).stage is DraftStage.SUMMARY
    planning = asking.changed(NOW, stage=DraftStage.TIME)
    assert with_edit_noted(planning, 17, NOW).stage is DraftStage.TIME


def test_an_edit_of_another_message_or_before_the_preview_is_nothing() -> None:
    before = written(message_id=17)
    after = shown(before)
    assert with_edit_noted(after, 18, NOW) == after
    assert with_edit_noted(before, 17, NOW) == before


def test_news_can_only_go_to_those_who_agreed_to_them() -> None:
    draft = with_kind(written(), Kind.NEWS, NOW)
    assert draft.audience == Audience(news_only=True)
    assert with_kind(draft, Kind.UPDATE, NOW).audience == Audience()


def test_it_waits_for_an_hour_and_is_remembered_for_a_day() -> None:
    draft = empty()
    assert draft.accepts_messages(NOW + WAITS_FOR)
    assert not draft.accepts_messages(NOW + WAITS_FOR + timedelta(seconds=1))
    assert draft.is_remembered(NOW + REMEMBERED_FOR)
    assert not draft.is_remembered(NOW + REMEMBERED_FOR + timedelta(seconds=1))


def test_every_change_makes_the_buttons_before_it_stale() -> None:
    first = empty()
    assert with_message(first, piece(), NOW).version > first.version


def test_the_closing_update_needs_no_message() -> None:
    draft = new_draft("es", NOW, Kind.CLOSING, paid=False)
    assert (draft.kind, draft.audience) == (Kind.CLOSING, Audience())


def test_one_for_the_rest_keeps_whom_it_was_for_and_whom_it_reached() -> None:
    stopped = broadcast("stopped", kind=Kind.NEWS, audience=Audience("es", True), topic="t")
    draft = for_missing(empty(), stopped)
    assert (draft.kind, draft.audience, draft.topic) == (Kind.NEWS, Audience("es", True), "t")
    assert draft.accepts_messages(NOW)
