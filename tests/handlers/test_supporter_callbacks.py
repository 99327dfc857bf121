"""Callback data is parsed if a button of the bot carries it; anything forged is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.petition.stages import Action
from bot.text.markup import Html
from handlers.conversation_message import keyboard
from handlers.screens.screen import Button, Rows, Screen
from handlers.supporter_callbacks import Tap

ACTIONS = st.sampled_from(list(Action))
PIECES = st.sampled_from([":", "0", "7", "٣", "²", "-1", " ", "\n", *Action, "adm", "é"])


@given(st.one_of(st.none(), st.text(), st.lists(PIECES).map("".join)))
def test_any_text_is_a_valid_tap_or_none(data: str | None) -> None:
    tap = Tap.read(data)
    if tap is not None:
        assert tap.version >= 0
        assert tap.action in Action
        assert tap.page >= 0
        assert Tap.read(f"{tap.version}:{tap.action}:{tap.argument}") == tap


@given(st.integers(0, 10**9), ACTIONS, st.text(alphabet="abcxyz0123456789-", max_size=20))
def test_what_a_button_carries_is_read_as_it_was_meant(
    version: int, action: Action, argument: str
) -> None:
    rows: Rows = ((Button("Pulsa", action, argument),),)
    drawn = keyboard(Screen(Html("Hola"), rows), version)
    assert drawn is not None
    data = drawn.inline_keyboard[0][0].callback_data
    assert isinstance(data, str)
    assert Tap.read(data) == Tap(version, action, argument)


@pytest.mark.parametrize(
    "data",
    [
        None,
        "",
        ":",
        "::",
        "home",
        "1",
        "1:",
        "1:nothing:",
        ":home:",
        "-1:home:",
        "+1:home:",
        " 1:home:",
        "1.0:home:",
        "٣:home:",
        "²:home:",
        "1:HOME:",
        "adm:close:1",
        "9" * 65_536 + ":home:",
        "1:read:" + "9" * 58,
    ],
)
def test_what_no_button_of_ours_carries_is_none(data: str | None) -> None:
    assert Tap.read(data) is None


def test_a_button_of_the_greatest_length_is_read() -> None:
    tap = Tap.read("1:read:" + "9" * 57)
    assert tap is not None
    assert tap.page == int("9" * 57)


@pytest.mark.parametrize(
    ("argument", "page"), [("", 0), ("0", 0), ("3", 3), ("-3", 0), ("٣", 0), ("x", 0), ("1:2", 0)]
)
def test_an_argument_that_is_no_page_means_the_first(argument: str, page: int) -> None:
    assert Tap(1, Action.READ, argument).page == page
