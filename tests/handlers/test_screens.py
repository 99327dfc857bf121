"""Every screen, in every language and for everybody, is accepted by Telegram."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

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
from storage.personal_data import Held
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
        profile_name=draw_(names),
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
        profile_name="Ana García",
        bot_username="peticion_bot",
    )


def test_the_count_is_written_the_spanish_way() -> None:
    assert "<b>1.530</b> personas han firmado" in draw(standing_at(Stage.HOME)).text


def test_the_consent_says_the_name_and_offers_news_apart() -> None:
    screen = draw(standing_at(Stage.CONSENT))
    assert "<b>Ana García</b>" in screen.text
    assert actions(screen) >= {Action.NEWS, Action.CONFIRM}
    assert screen.rows[0][0].label.startswith("⬜")


def test_after_closing_the_update_comes_first_and_the_appeal_can_be_read() -> None:
    screen = draw(standing_at(Stage.HOME, closed=True))
    assert "1.530" in screen.text
    assert "18 de julio de 2025" in screen.text
    assert Action.READ in actions(screen)


def coloured(screen: Screen) -> dict[object, Style]:
    """The actions whose buttons have a colour."""
    return {b.action: b.style for row in screen.rows for b in row if b.style is not None}


def test_only_signing_is_green_and_only_what_takes_it_back_is_red() -> None:
    signed = Signature(number=7, name="Ana", signed_at=NOON, source=None)
    shown = {
        (stage, bool(signature)): coloured(draw(replace(standing_at(stage), signature=signature)))
        for stage in Stage
        for signature in (None, signed)
    }
    form = {Action.WITH_NAME: Style.SIGN, Action.WITHOUT_NAME: Style.SIGN}
    assert {key: colours for key, colours in shown.items() if colours} == {
        (Stage.HOME, False): form,
        (Stage.APPEAL, False): form,
        (Stage.CONSENT, False): {Action.CONFIRM: Style.SIGN},
        (Stage.CONSENT, True): {Action.CONFIRM: Style.SIGN},
        (Stage.NAME_CONSENT, False): {Action.GIVE_NAME: Style.SIGN},
        (Stage.NAME_CONSENT, True): {Action.GIVE_NAME: Style.SIGN},
        (Stage.NEW_TEXTS, False): {Action.ACCEPT_TEXTS: Style.SIGN},
        (Stage.NEW_TEXTS, True): {Action.ACCEPT_TEXTS: Style.SIGN},
        (Stage.WITHDRAW, False): {Action.ERASE: Style.END},
        (Stage.WITHDRAW, True): {Action.ERASE: Style.END},
    }


def test_there_is_one_word_for_the_way_back() -> None:
    signed = Signature(number=7, name="Ana", signed_at=NOON, source=None)
    ways = {
        button.label
        for stage in Stage
        for signature in (None, signed)
        for row in draw(replace(standing_at(stage), signature=signature)).rows
        for button in row
        if button.action in {Action.HOME, Action.BACK}
    }
    assert ways == {"Volver", "Ver mi firma", "No, mantener mi firma"}


def test_the_link_can_be_copied_beside_the_button_that_shares_it() -> None:
    view = replace(
        standing_at(Stage.THANKS),
        signature=Signature(number=7, name="Ana", signed_at=NOON, source=None),
    )
    share, copy = draw(view).rows[0]
    assert share.url is not None
    assert quote(view.share_link, safe="") in share.url
    assert copy.copied == view.share_link == "https://t.me/peticion_bot?start=share"
    # A bot's user name has 32 characters at most, so the link always fits into a button.
    assert len(replace(view, bot_username="x" * 32).share_link) <= 256


def test_a_button_that_only_changes_its_colour_is_drawn_again() -> None:
    plain, red = (
        Screen(Html("x"), [Button("y", Action.ERASE, style=style)]) for style in (None, Style.END)
    )
    assert plain.drawn(1) != red.drawn(1)


@pytest.mark.parametrize("stage", list(Stage))
def test_drawing_twice_gives_the_same_and_another_version_another(stage: Stage) -> None:
    view = standing_at(stage)
    if nearest_valid_stage(view.place, view.status) != view.place:
        return
    assert draw(view).drawn(3) == draw(view).drawn(3)
    # What stays in the chat is never drawn over, and so has one digest whatever it says.
    assert (draw(view).drawn(3) == draw(view).drawn(4)) is (draw(view).kept is stage)


def test_mydata_begins_with_the_name_the_choice_and_three_actions() -> None:
    signature = Signature(7, WORST_NAME, NOON, "boletin", updates_at_most=3, news=True)
    held = Held(signature={"muted_at": NOON, "unreachable_at": NOON})
    shown = draw(replace(standing_at(Stage.MY_DATA), signature=signature, held=held))
    text, labels = parse(shown.text).text, [button.label for row in shown.rows for button in row]
    assert text.split("\n")[2:5] == [
        f"Nombre: {WORST_NAME}",
        "Tu firma se entregará con tu nombre.",
        "Novedades de esta petición: sí, 3 como mucho",
    ]
    assert labels[:4] == [
        "Corregir mi nombre",
        "Borrar mi nombre de la firma",
        "Retirar mi firma",
        "📄 Recibir el archivo",
    ]
    assert "Desde el 4 de mayo de 2025" in text
    assert length(text) <= 1200, "as much as a phone shows at once"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, "Tu firma se entregará con tu nombre."),
        ({"with_name": False}, "Tu firma se entregará sin tu nombre, y cuenta igual."),
        ({"restricted_at": NOON}, "Tu firma se entregará sin tu nombre, y cuenta igual."),
        ({"objected_at": NOON}, "Tu firma se entregará sin tu nombre, y cuenta igual."),
    ],
)
def test_everybody_reads_how_their_own_signature_is_handed_over(
    changed: dict[str, Any], said: str
) -> None:
    signature = replace(Signature(1, "Ana García", NOON, None), **changed)
    view = replace(standing_at(Stage.HOME, closed=True), signature=signature)
    assert said in draw(view).text


@pytest.mark.parametrize("told", [False, True])
def test_nobody_is_promised_what_they_were_told_already(told: bool) -> None:
    signature = Signature(7, "Ana", NOON, None, was_told=told)
    view = replace(standing_at(Stage.MY_DATA), signature=signature, held=Held(signature={}))
    assert ("Te escribiremos para contarte" in draw(view).text) is not told


@pytest.mark.parametrize(
    ("handed_over", "offered"),
    [
        ("ask", ["✍️ Firmar con mi nombre", "✍️ Firmar sin dar mi nombre"]),
        ("with_name", ["✍️ Firmar con mi nombre"]),
        ("without_name", ["✍️ Firmar sin dar mi nombre"]),
    ],
)
def test_the_first_choice_is_the_one_that_the_petition_offers(
    handed_over: str, offered: list[str]
) -> None:
    for stage in (Stage.HOME, Stage.APPEAL):
        view = standing_at(stage)
        petition = view.petition.model_copy(update={"handed_over": handed_over})
        screen = draw(replace(view, petition=petition))
        labels = [button.label for row in screen.rows for button in row]
        assert [label for label in labels if "Firmar" in label] == offered


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
