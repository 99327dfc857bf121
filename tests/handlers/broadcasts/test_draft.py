"""A draft accepts what it waits for, once, and keeps its preview until its content changes."""

from datetime import timedelta

import pytest

from handlers.broadcasts.draft import (
    REMEMBERED_FOR,
    WAITS_FOR,
    DraftStage,
    parse_draft,
    with_edit_noted,
    with_links,
    with_message,
    without_version,
)
from tests.handlers.broadcasts.drafts import LINK, NOW, empty, piece, shown, written


def test_it_is_read_back_as_it_was_stored() -> None:
    draft = shown(with_links(written(), ((LINK,),), NOW)).changed(NOW, starts_at=NOW)
    assert parse_draft(draft.model_dump_json()) == draft


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
    before = written(message_id=17)
    draft = shown(before)
    edited = with_edit_noted(draft, 17, NOW)
    assert edited.edited
    assert edited.copies == draft.copies
    assert with_edit_noted(edited, 17, NOW) == edited
    # An edit of another message, or before the preview, is nothing.
    assert with_edit_noted(draft, 18, NOW) == draft
    assert with_edit_noted(before, 17, NOW) == before
    # While it asks for the last word, it goes back to where the edit is said.
    asking = shown(written(message_id=17)).changed(NOW, stage=DraftStage.SECOND_CONFIRMATION)
    assert with_edit_noted(asking, 17, NOW).stage is DraftStage.SUMMARY
    planning = asking.changed(NOW, stage=DraftStage.TIME)
    assert with_edit_noted(planning, 17, NOW).stage is DraftStage.TIME


def test_it_waits_for_an_hour_and_is_remembered_for_a_day() -> None:
    draft = empty()
    assert draft.is_fresh(NOW + WAITS_FOR)
    assert not draft.is_fresh(NOW + WAITS_FOR + timedelta(seconds=1))
    assert draft.is_remembered(NOW + REMEMBERED_FOR)
    assert not draft.is_remembered(NOW + REMEMBERED_FOR + timedelta(seconds=1))
