"""Tests of the stages of a petition and of the moves between them."""

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.petition.stages import (
    Action,
    Place,
    Stage,
    SupporterStatus,
    allowed,
    expects_name,
    go,
    in_form,
    keeps_form,
    nearest_valid_stage,
)

places = st.builds(
    Place,
    stage=st.sampled_from(Stage),
    page=st.integers(-3, 9),
    return_stage=st.none() | st.sampled_from(Stage),
)
statuses = st.builds(
    SupporterStatus,
    closed=st.booleans(),
    signed=st.booleans(),
    named=st.booleans(),
    with_name=st.none() | st.booleans(),
    has_name=st.booleans(),
    may_give_name=st.booleans(),
    appeal_pages=st.integers(1, 5),
    privacy_pages=st.integers(1, 4).map(lambda pages: lambda: pages),
)
NEW = SupporterStatus(
    closed=False, signed=False, named=False, appeal_pages=4, privacy_pages=lambda: 3
)
OPEN = replace(NEW, with_name=True)
NAMED = replace(OPEN, named=True)
UNNAMED = replace(NEW, with_name=False)
SIGNED = replace(NEW, signed=True, has_name=True)
CLOSED = replace(NAMED, closed=True)


@given(places, statuses, st.sampled_from(Action), st.integers(-5, 20))
def test_no_action_leads_to_an_impossible_place_or_to_the_form_once_closed_or_signed(
    place: Place, status: SupporterStatus, action: Action, page: int
) -> None:
    once = nearest_valid_stage(place, status)
    assert nearest_valid_stage(once, status) == once
    reached = go(action, once, status, page=page)
    assert nearest_valid_stage(reached, status) == reached
    if status.closed or status.signed:
        assert go(action, once, status).stage not in (Stage.NAME, Stage.CONSENT)


def test_the_form_begins_with_the_choice_and_asks_for_a_name_only_if_it_is_for_one() -> None:
    for stage in (Stage.NAME, Stage.CONSENT):
        assert nearest_valid_stage(Place(stage), NEW) == Place(), "which asks for the choice"
        assert nearest_valid_stage(Place(stage), UNNAMED) == Place(Stage.CONSENT)
    assert nearest_valid_stage(Place(Stage.CONSENT), OPEN) == Place(Stage.NAME)
    assert nearest_valid_stage(Place(Stage.CONSENT), NAMED) == Place(Stage.CONSENT)


def test_a_button_of_before_that_begins_the_form_leads_to_the_choice() -> None:
    assert go(Action.SIGN, Place(), NEW) == Place()
    assert go(Action.SIGN, Place(), OPEN) == Place(Stage.NAME)
    assert go(Action.SIGN, Place(), UNNAMED) == Place(Stage.CONSENT)


def test_a_name_is_corrected_only_where_there_is_one_and_given_only_where_there_is_none() -> None:
    unnamed = replace(SIGNED, has_name=False, may_give_name=True)
    too_late = replace(unnamed, may_give_name=False)
    for stage, status, landed in (
        (Stage.NEW_NAME, SIGNED, Stage.NEW_NAME),
        (Stage.NEW_NAME, unnamed, Stage.MY_DATA),
        (Stage.NAME_CONSENT, SIGNED, Stage.MY_DATA),
        (Stage.NAME_CONSENT, unnamed, Stage.NAME_CONSENT),
        (Stage.NAME_CONSENT, too_late, Stage.MY_DATA),
    ):
        assert nearest_valid_stage(Place(stage), status) == Place(landed)
        assert keeps_form(Place(stage)) is (stage is Stage.NAME_CONSENT)


def test_pages_stay_within_the_appeal() -> None:
    shown = {asked: go(Action.READ, Place(), OPEN, page=asked) for asked in (-1, 0, 3, 4, 99)}
    assert {asked: place.page for asked, place in shown.items()} == {
        -1: 0,
        0: 0,
        3: 3,
        4: 3,
        99: 3,
    }
    assert {place.stage for place in shown.values()} == {Stage.APPEAL}


@pytest.mark.parametrize("stage", [Stage.NAME, Stage.CONSENT])
def test_closing_in_front_of_the_form_leads_home_and_a_name_is_still_expected(
    stage: Stage,
) -> None:
    landed = nearest_valid_stage(Place(stage), CLOSED)
    assert landed == Place(Stage.HOME, return_stage=stage)
    assert expects_name(landed)
    assert not in_form(landed), "and the name that was not signed with is not kept"
    for action in (Action.READ, Action.HOME, Action.LANGUAGES, Action.BACK):
        assert not expects_name(go(action, landed, CLOSED)) or action is Action.BACK
    assert go(Action.BACK, landed, CLOSED) == landed
    assert not expects_name(nearest_valid_stage(landed, OPEN)), (
        "once it is open again, a question may stay"
    )


@pytest.mark.parametrize("closed", [True, False])
def test_who_has_signed_is_asked_for_no_name(closed: bool) -> None:
    signed = replace(SIGNED, closed=closed)
    for stage in (Stage.NAME, Stage.CONSENT):
        assert nearest_valid_stage(Place(stage), signed) == Place()


def test_a_name_is_expected_in_the_form_and_where_it_is_corrected_or_given_later() -> None:
    expected = {stage for stage in Stage if expects_name(Place(stage))}
    assert expected == {Stage.NAME, Stage.CONSENT, Stage.NEW_NAME, Stage.NAME_CONSENT}
    # A side trip from the form is for reading, and a question there is one.
    aside = {stage for stage in Stage if expects_name(Place(stage, return_stage=Stage.NAME))}
    assert aside == {*expected, Stage.HOME}
    assert not expects_name(Place(Stage.HOME, return_stage=Stage.APPEAL))


SIGNED_AND_CLOSED = replace(SIGNED, closed=True)


def test_everybody_lands_where_they_can_be() -> None:
    for stage, status, landed in (
        (Stage.THANKS, OPEN, Stage.HOME),
        (Stage.THANKS, SIGNED, Stage.THANKS),
        (Stage.THANKS, SIGNED_AND_CLOSED, Stage.HOME),
        (Stage.THANKS, CLOSED, Stage.HOME),
        (Stage.WITHDRAW, OPEN, Stage.HOME),
        (Stage.WITHDRAW, SIGNED, Stage.WITHDRAW),
        (Stage.WITHDRAW, SIGNED_AND_CLOSED, Stage.WITHDRAW),
        (Stage.WITHDRAWN, OPEN, Stage.WITHDRAWN),
        (Stage.WITHDRAWN, CLOSED, Stage.WITHDRAWN),
        (Stage.WITHDRAWN, SIGNED, Stage.HOME),
        (Stage.NAME, OPEN, Stage.NAME),
        (Stage.NAME, NAMED, Stage.NAME),
        *(
            (stage, status, stage)
            for stage in (Stage.HOME, Stage.APPEAL, Stage.PRIVACY, Stage.LANGUAGE, Stage.HELP)
            for status in (OPEN, NAMED, SIGNED, CLOSED, SIGNED_AND_CLOSED)
        ),
    ):
        assert nearest_valid_stage(Place(stage), status).stage is landed, (stage, status)


def test_a_side_trip_from_the_form_is_part_of_it_and_no_other() -> None:
    form = {Stage.NAME, Stage.CONSENT}
    own_data = {Stage.MY_DATA, Stage.OTHER_RIGHTS, Stage.NAME_CONSENT, Stage.NEW_NAME}
    aside = {Stage.PRIVACY, Stage.LANGUAGE, Stage.HELP, *own_data}
    for behind in form:
        part = {each for each in Stage if in_form(Place(each, return_stage=behind))}
        assert part == aside | form
    for elsewhere in (None, Stage.HOME):
        assert {each for each in Stage if in_form(Place(each, return_stage=elsewhere))} == form


def test_every_side_trip_leads_back_from_every_other() -> None:
    aside = (Action.PRIVACY, Action.LANGUAGES, Action.HELP, Action.MY_DATA)
    for action, first in product(aside, aside):
        place = go(action, go(first, Place(Stage.CONSENT), NAMED), NAMED)
        assert place.return_stage is Stage.CONSENT
        assert go(Action.BACK, place, NAMED) == Place(Stage.CONSENT)


def test_a_notice_of_several_pages_is_turned_and_no_other_side_trip() -> None:
    assert go(Action.PRIVACY, Place(), OPEN, page=9) == Place(Stage.PRIVACY, 2, Stage.HOME)
    assert go(Action.HELP, Place(), OPEN, page=9) == Place(Stage.HELP, 0, Stage.HOME)


def test_a_button_can_have_stood_on_these_screens_alone() -> None:
    stood = {
        action: {stage for stage in Stage if allowed(action, Place(stage))} for action in Action
    }
    assert {action for action, stages in stood.items() if stages == set(Stage)} == {
        *(Action.HOME, Action.READ, Action.SIGN, Action.PRIVACY, Action.LANGUAGES),
        *(Action.HELP, Action.BACK, Action.MY_DATA, Action.WITHDRAW),
    }
    assert stood[Action.PROFILE_NAME] == {Stage.NAME, Stage.NAME_CONSENT}
    assert stood[Action.NEWS] == stood[Action.CONFIRM] == {Stage.CONSENT}
    choice = {Stage.HOME, Stage.APPEAL, Stage.CONSENT}
    assert stood[Action.WITH_NAME] == stood[Action.WITHOUT_NAME] == choice
    assert stood[Action.GIVE_NAME] == {Stage.NAME_CONSENT}
    assert stood[Action.SET_LANGUAGE] == {Stage.LANGUAGE}
    assert stood[Action.ERASE] == {Stage.WITHDRAW}
    for action in (Action.DATA_FILE, Action.REFUSE_NEWS, Action.REMOVE_NAME, Action.MUTE):
        assert stood[action] == {Stage.MY_DATA}
    assert stood[Action.UNMUTE] == {Stage.MY_DATA, Stage.MUTED}


def test_where_each_button_leads_from_the_consent() -> None:
    for action, stage in {
        Action.HOME: Stage.HOME,
        Action.READ: Stage.APPEAL,
        Action.SIGN: Stage.NAME,
        Action.PRIVACY: Stage.PRIVACY,
        Action.LANGUAGES: Stage.LANGUAGE,
        Action.HELP: Stage.HELP,
        Action.MY_DATA: Stage.MY_DATA,
        Action.NEWS: Stage.CONSENT,
        Action.CONFIRM: Stage.CONSENT,
        Action.WITHDRAW: Stage.HOME,
    }.items():
        assert go(action, Place(Stage.CONSENT), NAMED).stage is stage
    assert go(Action.WITHDRAW, Place(), SIGNED) == Place(Stage.WITHDRAW)


def test_with_nothing_behind_the_way_back_is_home_and_one_reads_from_the_first_page() -> None:
    assert go(Action.BACK, Place(Stage.HELP), OPEN) == Place()
    assert go(Action.READ, Place(), OPEN) == Place(Stage.APPEAL, 0)
    assert go(Action.PRIVACY, Place(), OPEN).page == 0
