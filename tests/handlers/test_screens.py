"""Every screen, in every language, for everybody, is one that Telegram takes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.petition.campaign import BUNDLED, load_campaign
from bot.petition.journey import Action, Place, Stage, settle
from bot.petition.markup import length, parse
from bot.petition.words import Catalogues
from handlers.living import keyboard
from handlers.screens import draw
from handlers.screens.screen import Screen
from handlers.screens.view import View
from storage import Conversation, PetitionState, Signature

CAMPAIGN = load_campaign(BUNDLED)
CATALOGUES = Catalogues.load()
NOON = datetime(2025, 5, 4, 12, tzinfo=UTC)
WORST_NAME = "<b>&" * 25

names = st.none() | st.sampled_from([WORST_NAME, "Ana", "محمد", "</b><a href='tg://x'>"])
signatures = st.none() | st.builds(
    Signature,
    number=st.integers(1, 999_999_999),
    name=names.map(lambda name: name or "Ana"),
    language=st.sampled_from(["es", "en"]),
    signed_at=st.just(NOON),
    source=st.none() | st.just("boletin-3"),
    text_version=st.just("2026-11-24"),
    purposes=st.sampled_from([frozenset({"signature"}), frozenset({"signature", "news"})]),
)
petitions = st.builds(
    PetitionState,
    signatures=st.integers(0, 999_999_999),
    closed_at=st.none() | st.just(NOON),
    closed_signatures=st.just(None),
    revision=st.integers(0, 9),
).map(
    lambda state: replace(state, closed_signatures=state.signatures if state.is_closed else None)
)


@st.composite
def views(draw_: st.DrawFn) -> View:
    language = draw_(st.sampled_from(CAMPAIGN.languages))
    view = View(
        campaign=CAMPAIGN,
        words=CATALOGUES.words(language),
        language=language,
        petition=draw_(petitions),
        conversation=Conversation(
            supporter=bytes(32), name=draw_(names), news=draw_(st.booleans()), version=2**40
        ),
        signature=draw_(signatures),
        profile_name=draw_(names),
        bot_username="peticion_bot",
    )
    place = settle(Place(draw_(st.sampled_from(Stage)), draw_(st.integers(0, 9))), view.standing)
    return replace(
        view,
        conversation=replace(view.conversation, stage=place.stage.value, page=place.page),
    )


def actions(screen: Screen) -> set[Action | None]:
    return {button.action for row in screen.rows for button in row}


@given(views())
def test_every_screen_keeps_to_telegrams_limits(view: View) -> None:
    screen = draw(view)
    assert 1 <= length(parse(screen.text).text) <= 4096
    drawn = keyboard(screen, view.conversation.version)
    for row in drawn.inline_keyboard if drawn else ():
        assert 1 <= len(row) <= 8
        for button in row:
            assert button.text.strip()
            data = button.callback_data
            assert data is None or 1 <= len(str(data).encode()) <= 64


@given(views())
def test_nobody_is_ever_without_a_way_on(view: View) -> None:
    assert draw(view).rows


@given(views())
def test_a_name_never_becomes_markup(view: View) -> None:
    plain = replace(view, conversation=replace(view.conversation, name="Ana"))
    if view.conversation.name is None or view.place.stage is not Stage.CONSENT:
        return
    shapes = [
        [(entity.type, entity.url) for entity in parse(draw(one).text).entities]
        for one in (view, plain)
    ]
    assert shapes[0] == shapes[1]


@given(views())
def test_after_closing_or_signing_no_button_leads_to_the_form(view: View) -> None:
    if not (view.petition.is_closed or view.signature):
        return
    assert not actions(draw(view)) & {Action.SIGN, Action.CONFIRM, Action.PROFILE_NAME}


def standing_at(stage: Stage, *, count: int = 1530, closed: bool = False) -> View:
    return View(
        campaign=CAMPAIGN,
        words=CATALOGUES.words("es"),
        language="es",
        petition=PetitionState(count, NOON if closed else None, count if closed else None, 0),
        conversation=Conversation(supporter=bytes(32), stage=stage.value, name="Ana García"),
        signature=None,
        profile_name="Ana García",
        bot_username="peticion_bot",
    )


def test_the_count_is_written_the_spanish_way() -> None:
    assert "<b>1.530</b> personas han firmado" in draw(standing_at(Stage.HOME)).text


def test_the_consent_says_the_name_and_offers_news_apart() -> None:
    screen = draw(standing_at(Stage.CONSENT))
    assert "<b>Ana García</b>" in screen.text
    assert actions(screen) >= {Action.NEWS, Action.CONFIRM}
    assert screen.rows[0][0].label.startswith("☐")


def test_after_closing_the_update_comes_first_and_the_appeal_can_be_read() -> None:
    screen = draw(standing_at(Stage.HOME, closed=True))
    assert "1.530" in screen.text
    assert "18 de julio de 2025" in screen.text
    assert Action.READ in actions(screen)


@pytest.mark.parametrize("stage", list(Stage))
def test_drawing_twice_gives_the_same_and_another_version_another(stage: Stage) -> None:
    view = standing_at(stage)
    if settle(view.place, view.standing) != view.place:
        return
    assert draw(view).drawn(3) == draw(view).drawn(3)
    assert draw(view).drawn(3) != draw(view).drawn(4)
