"""Tests that the independent check of the Bot API does find errors."""

from simulator.parameters import UploadedFile
from tests.support.api_conformance import answer_faults, request_faults


def test_a_right_request_passes() -> None:
    keyboard = {"inline_keyboard": [[{"text": "Firmar", "callback_data": "1:sign:"}]]}
    assert (
        request_faults("sendMessage", {"chat_id": 7, "text": "x", "reply_markup": keyboard}) == []
    )


def test_a_misspelt_parameter_is_found() -> None:
    assert request_faults("sendMessage", {"chat_id": 7, "text": "x", "parsemode": "HTML"}) == [
        "sendMessage: parsemode is not a parameter"
    ]


def test_a_misspelt_field_deep_inside_is_found() -> None:
    keyboard = {"inline_keyboard": [[{"text": "Firmar", "callbackdata": "1:sign:"}]]}
    params = {"chat_id": 7, "text": "x", "reply_markup": keyboard}
    assert request_faults("sendMessage", params) == [
        "sendMessage: reply_markup.inline_keyboard.callbackdata is not a parameter"
    ]


def test_a_missing_parameter_is_found() -> None:
    assert len(request_faults("sendMessage", {"chat_id": 7})) == 1


def test_a_method_that_does_not_exist_is_found() -> None:
    assert request_faults("sendTelepathy", {}) == ["sendTelepathy is no method of the Bot API"]


def test_an_object_that_was_not_decoded_yet_is_read_too() -> None:
    assert request_faults("getUpdates", {"allowed_updates": ["message"]}) == []
    assert request_faults("getUpdates", {"allowed_updates": '["message"]'}) == []


def test_files_deep_inside_are_read() -> None:
    photo = {"type": "photo", "media": UploadedFile("a.png", b"x")}
    assert request_faults("sendMediaGroup", {"chat_id": 7, "media": [photo, photo]}) == []
    wrong = photo | {"captoin": "x"}
    assert request_faults("sendMediaGroup", {"chat_id": 7, "media": [photo, wrong]}) != []


def test_a_field_that_no_answer_has_is_found() -> None:
    message = {"message_id": 1, "date": 1, "chat": {"id": 7, "type": "private"}, "text": "x"}
    assert answer_faults("sendMessage", message) == []
    assert answer_faults(
        "sendMessage", message | {"chat": {"id": 7, "type": "private", "a": 1}}
    ) == ["sendMessage: chat.a is not a field of its answer"]
    assert answer_faults("copyMessage", {"id": 1}) == [
        "copyMessage: ('message_id',) Field required"
    ]
