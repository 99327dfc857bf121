from typing import Any

import pytest

from simulator.errors import Refused
from simulator.keyboard_checks import checked_markup


def inline(*buttons: Any) -> dict[str, Any]:
    return {"inline_keyboard": [list(buttons)]}


def tap(label: str = "a", data: Any = "b") -> dict[str, Any]:
    return {"text": label, "callback_data": data}


def test_a_keyboard_telegram_would_not_show() -> None:
    for markup, reason in (
        (inline(tap(data="")), "BUTTON_DATA_INVALID"),
        (inline(tap(data="ñ" * 33)), "BUTTON_DATA_INVALID"),
        (
            inline(tap(data=5)),
            'can\'t parse inline keyboard button: Field "callback_data" must be of type String',
        ),
        (inline(tap(label=" ")), "inline keyboard button text must be non-empty"),
        (
            inline({"text": "a"}),
            "can't parse inline keyboard button:"
            " Text buttons are unallowed in the inline keyboard",
        ),
        (
            inline({"text": "a", "calback_data": "b"}),
            'can\'t parse inline keyboard button: unknown field "calback_data"',
        ),
        (
            inline(tap() | {"url": "https://example.org"}),
            "can't parse inline keyboard button: exactly one action is allowed",
        ),
        (
            inline({"text": "a", "url": "javascript://x"}),
            "inline keyboard button URL 'javascript://x' is invalid: Unsupported URL protocol",
        ),
        (
            inline({"text": "a", "url": "https://nowhere"}),
            "inline keyboard button URL 'https://nowhere' is invalid: Wrong URL",
        ),
        (
            inline(tap() | {"style": "green"}),
            "can't parse inline keyboard button: invalid button style specified",
        ),
        (
            inline(tap() | {"style": ["danger"]}),
            "can't parse inline keyboard button: invalid button style specified",
        ),
        (
            inline(tap() | {"copy_text": {"text": "x"}}),
            "can't parse inline keyboard button: exactly one action is allowed",
        ),
        (
            inline({"text": "a", "copy_text": "x"}),
            'can\'t parse inline keyboard button: Field "copy_text" must be a CopyTextButton',
        ),
        (
            inline({"text": "a", "copy_text": {"text": "x", "label": "y"}}),
            'can\'t parse inline keyboard button: unknown field "label" in CopyTextButton',
        ),
        (inline({"text": "a", "copy_text": {"text": ""}}), "BUTTON_COPY_TEXT_INVALID"),
        (inline({"text": "a", "copy_text": {"text": "ñ" * 257}}), "BUTTON_COPY_TEXT_INVALID"),
        (inline(*[tap()] * 9), "reply markup row is too long; 8 buttons are the most"),
        ({"inline_keyboard": [[tap()]] * 101}, "reply markup is too long"),
        ({"inline_keyboard": [tap()]}, 'field "inline_keyboard" must be an Array of Arrays'),
        ({"keybord": []}, "inline keyboard expected"),
        ({"keyboard": [["a"]]}, "inline keyboard expected"),
    ):
        with pytest.raises(Refused) as refused:
            checked_markup(markup)

        assert refused.value.description == f"Bad Request: {reason}"


def test_a_keyboard_telegram_shows() -> None:
    for markup in (
        inline(tap(data="ñ" * 32)),
        inline(*[tap()] * 8),
        {"inline_keyboard": [[tap()] * 4] * 25},
        inline({"text": "a", "url": "https://t.me/share/url?url=x&text=y"}),
        inline(*(tap() | {"style": style} for style in ("danger", "success", "primary"))),
        inline({"text": "a", "copy_text": {"text": "ñ" * 256}}),
        inline({"text": "a", "url": "tg://resolve?domain=test_bot"}),
    ):
        assert checked_markup(markup) == markup


def test_an_empty_inline_keyboard_is_none() -> None:
    assert checked_markup({"inline_keyboard": []}) is None
    assert checked_markup({"inline_keyboard": [[]]}) is None
    assert checked_markup({}) is None
