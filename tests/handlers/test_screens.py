"""Every screen, in every language and for everybody, is accepted by Telegram."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.petition.petition import BUNDLED, load_petition
from bot.petition.stages import Action, Place, Stage, nearest_valid_stage
from bot.petition_folder.warnings import CHOICE_WORDS, MOST_CONSENT_WORDS
from bot.text.translations import Catalogs
from handlers.conversation_message import keyboard
from handlers.screens import draw
from handlers.screens.buttons import Button, Style
from handlers.screens.screen import Screen
from handlers.screens.signing import message_choices
from handlers.screens.supporter_view import View
from storage.conversations import Conversation
from storage.handovers import Handover
from storage.petitions import PetitionState
from storage.signatures import Signature
from telegram_text.markup import Html, length, parse

PETITION = load_petition(BUNDLED)
CATALOGS = Catalogs.load()
NOON = datetime(2025, 5, 4, 12, tzinfo=UTC)
WORST_NAME = "<b>&" * 25

names = st.none() | st.sampled_from([WORST_NAME, "Ana", "محمد", "</b><a href='tg://x'>"])
signatures = st.none() | st.builds(
    Signature,
    number=st.integers(1, 999_999_999),
    name=names.map(lambda name: name or "Ana"),
    signed_at=st.just(NOON),
    source=st.none() | st.just("boletin-3"),
    news=st.booleans(),
    updates_at_most=st.integers(0, 100),
    restricted_at=st.none() | st.just(NOON),
    with_name=st.booleans(),
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


handovers = st.none() | st.builds(
    Handover,
    id=st.just(bytes(16)),
    handed_over_on=st.just(NOON.date()),
    manifest=st.just("0f" * 32),
    with_name=st.integers(0, 999_999_999),
    without_name=st.integers(0, 999_999_999),
    recorded_at=st.just(NOON),
    undone_at=st.none(),
    with_their_name=st.none() | st.booleans(),
)


@st.composite
def views(draw_: st.DrawFn) -> View:
    language = draw_(st.sampled_from(PETITION.languages))
    view = View(
        petition=PETITION,
        words=CATALOGS.words(language),
        words_in=CATALOGS.words,
        language=language,
        petition_state=draw_(petitions),
        conversation=Conversation(
            supporter=bytes(32),
            name=draw_(names),
            news=draw_(st.booleans()),
            updates=draw_(st.booleans()),
            with_name=draw_(st.none() | st.booleans()),
            version=2**40,
        ),
        signature=draw_(signatures),
        full_name=draw_(names) or "",
        bot_username="peticion_bot",
    )
    if view.petition_state.is_closed:
        view = replace(view, handover=draw_(handovers))
    place = nearest_valid_stage(
        Place(draw_(st.sampled_from(Stage)), draw_(st.integers(0, 9))), view.status
    )
    return replace(
        view,
        conversation=replace(view.conversation, stage=place.stage.value, page=place.page),
    )


def actions(screen: Screen) -> set[object]:
    return {button.action for row in screen.rows for button in row}


@given(views())
def test_every_screen_keeps_to_telegrams_limits_and_to_where_somebody_stands(view: View) -> None:
    """There is a way on, a name is no markup, and after signing none leads to the form."""
    screen = draw(view)
    assert 1 <= length(parse(screen.text).text) <= 4096
    drawn = keyboard(screen, view.conversation.version)
    for row in drawn["inline_keyboard"] if drawn else ():
        assert 1 <= len(row) <= 8
        for button in row:
            assert button["text"].strip()
            data = button.get("callback_data")
            assert data is None or 1 <= len(str(data).encode()) <= 64
    assert screen.rows
    if view.petition_state.is_closed or view.signature:
        form = {Action.SIGN, Action.WITH_NAME, Action.WITHOUT_NAME, Action.CONFIRM}
        if view.place.stage is not Stage.NAME_CONSENT:
            form.add(Action.PROFILE_NAME)
        assert not actions(screen) & form
    if view.conversation.name is not None and view.place.stage is Stage.CONSENT:
        plain = replace(view, conversation=replace(view.conversation, name="Ana"))
        assert shape_of(screen) == shape_of(draw(plain))


def shape_of(screen: Screen) -> list[tuple[str, str | None]]:
    return [(entity.type, entity.url) for entity in parse(screen.text).entities]


def standing_at(stage: Stage, *, count: int = 1530, closed: bool = False) -> View:
    return View(
        petition=PETITION,
        words=CATALOGS.words("es"),
        words_in=CATALOGS.words,
        language="es",
        petition_state=PetitionState(
            count, NOON if closed else None, count if closed else None, 0
        ),
        conversation=Conversation(
            supporter=bytes(32), stage=stage.value, name="Ana García", with_name=True
        ),
        signature=None,
        full_name="Ana García",
        bot_username="peticion_bot",
    )


def test_a_button_that_only_changes_its_colour_is_drawn_again() -> None:
    plain, red = (
        Screen(Html("x"), [Button("y", Action.ERASE, style=style)]) for style in (None, Style.END)
    )
    assert plain.drawn(1) != red.drawn(1)


@pytest.mark.parametrize(("language", "name"), [("es", "Ana García"), ("en", "Seán O'Brien")])
def test_the_consent_with_its_choices_is_short_enough_to_be_read(language: str, name: str) -> None:
    view = standing_at(Stage.CONSENT)
    conversation = replace(view.conversation, name=name, with_name=True)
    view = replace(
        view, words=CATALOGS.words(language), language=language, conversation=conversation
    )
    screen = draw(view)
    offered = list(message_choices(view).values())
    labels = [label for row in screen.rows for label in (button.label for button in row)]
    assert [label[2:] for label in labels[:2]] == offered
    shown = " ".join((parse(screen.text).text, *offered)).split()
    words = [word for word in shown if any(map(str.isalnum, word))]
    assert len(words) <= MOST_CONSENT_WORDS
    assert len(" ".join(offered).split()) == {"es": 10, "en": CHOICE_WORDS}[language]
