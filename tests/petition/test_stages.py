"""Tests of the stages of a petition and of the moves between them."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.petition.stages import (
    Action,
    Place,
    Stage,
    SupporterStatus,
    expects_name,
    go,
    in_form,
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


@pytest.mark.parametrize("stage", [Stage.NAME, Stage.CONSENT])
def test_closing_before_the_form_leads_home_still_expecting_a_name(stage: Stage) -> None:
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
