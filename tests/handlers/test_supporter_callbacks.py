"""Callback data is parsed if a button of the bot carries it; anything forged is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.petition.stages import Action
from handlers.conversation_message import keyboard
from handlers.screens.buttons import AdminTap, Button, SupporterTap, read_tap
from handlers.screens.screen import Screen
from telegram_text.markup import Html

ACTIONS = st.sampled_from(list(Action))
PIECES = st.sampled_from([":", "0", "7", "٣", "²", "-1", " ", "\n", *Action, "adm", "é"])


@given(st.one_of(st.none(), st.text(), st.lists(PIECES).map("".join)))
def test_any_text_is_a_valid_tap_or_none(data: str | None) -> None:
    tap = read_tap(data)
    if isinstance(tap, SupporterTap):
        assert tap.page >= 0
        assert read_tap(Button("", tap.action, tap.argument).callback_data(tap.version)) == tap
    elif isinstance(tap, AdminTap) and tap.action is not None:
        assert read_tap(Button("", tap.action, tap.argument).callback_data(0)) == tap


@given(st.integers(0, 10**9), ACTIONS, st.text(alphabet="abcxyz0123456789-", max_size=20))
def test_what_a_button_carries_is_read_again(version: int, action: Action, argument: str) -> None:
    drawn = keyboard(Screen(Html("Hola"), [Button("Pulsa", action, argument)]), version)
    assert drawn is not None
    data = drawn["inline_keyboard"][0][0]["callback_data"]
    assert isinstance(data, str)
    assert read_tap(data) == SupporterTap(version, action, argument)


@pytest.mark.parametrize(
    "data",
    [
        *(None, "", ":", "::", "home", "1", "1:", "1:nothing:", ":home:", "-1:home:", "+1:home:"),
        *(" 1:home:", "1.0:home:", "٣:home:", "²:home:", "1:HOME:"),
        *("9" * 65_536 + ":home:", "1:read:" + "9" * 58),
    ],
)
def test_what_no_button_of_ours_carries_is_none(data: str | None) -> None:
    assert read_tap(data) is None


def test_a_button_of_the_greatest_length_is_read() -> None:
    assert read_tap("1:read:" + "9" * 57) == SupporterTap(1, Action.READ, "9" * 57)


@pytest.mark.parametrize(
    ("argument", "page"),
    [("", 0), ("0", 0), ("3", 3), ("-3", 0), ("٣", 0), ("x", 0), ("1:2", 0), ("9" * 57, 0)],
)
def test_an_argument_that_is_no_page_means_the_first(argument: str, page: int) -> None:
    assert SupporterTap(1, Action.READ, argument).page == page
