"""The independent check finds what is wrong, so that its silence means something."""

from __future__ import annotations

from tests.bot_api import faults


def test_a_right_request_passes() -> None:
    keyboard = {"inline_keyboard": [[{"text": "Firmar", "callback_data": "1:sign:"}]]}
    assert faults("sendMessage", {"chat_id": 7, "text": "x", "reply_markup": keyboard}) == []


def test_a_misspelt_parameter_is_found() -> None:
    assert faults("sendMessage", {"chat_id": 7, "text": "x", "parsemode": "HTML"}) == [
        "sendMessage: parsemode is not a parameter"
    ]


def test_a_misspelt_field_deep_inside_is_found() -> None:
    keyboard = {"inline_keyboard": [[{"text": "Firmar", "callbackdata": "1:sign:"}]]}
    params = {"chat_id": 7, "text": "x", "reply_markup": keyboard}
    assert faults("sendMessage", params) == [
        "sendMessage: reply_markup.inline_keyboard.callbackdata is not a parameter"
    ]


def test_a_missing_parameter_is_found() -> None:
    assert len(faults("sendMessage", {"chat_id": 7})) == 1


def test_a_method_that_does_not_exist_is_found() -> None:
    assert faults("sendTelepathy", {}) == ["sendTelepathy is no method of the Bot API"]
