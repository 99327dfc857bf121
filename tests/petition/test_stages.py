"""Tests of the stages of a petition and of the moves between them."""

from hypothesis import given
from hypothesis import strategies as st

from bot.petition.stages import Action, Place, Stage, SupporterStatus, go, nearest_valid_stage

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
