"""Tests that the independent check of the Bot API does find errors."""

from typing import Any

import pytest

from simulator.parameters import UploadedFile
from tests.support.api_conformance import answer_faults, request_faults

TEXT = {"chat_id": 7, "text": "x"}
PHOTO = {"type": "photo", "media": UploadedFile("a.png", b"x")}
MESSAGE = {"message_id": 1, "date": 1, "chat": {"id": 7, "type": "private"}, "text": "x"}


def keyboard(**button: str) -> dict[str, Any]:
    return {"reply_markup": {"inline_keyboard": [[{"text": "Firmar", **button}]]}}


@pytest.mark.parametrize(
    ("method", "params", "found"),
    [
        ("sendMessage", TEXT | keyboard(callback_data="1:sign:"), ""),
        ("sendMessage", TEXT | {"parsemode": "HTML"}, "parsemode is not a parameter"),
        ("sendMessage", TEXT | keyboard(callbackdata="1"), "callbackdata is not a parameter"),
        ("sendMessage", {"chat_id": 7}, "sendMessage"),
        ("sendTelepathy", {}, "sendTelepathy is no method of the Bot API"),
        ("getUpdates", {"allowed_updates": ["message"]}, ""),
        ("getUpdates", {"allowed_updates": '["message"]'}, ""),
        ("sendMediaGroup", {"chat_id": 7, "media": [PHOTO, PHOTO]}, ""),
        ("sendMediaGroup", {"chat_id": 7, "media": [PHOTO, PHOTO | {"captoin": "x"}]}, "captoin"),
    ],
)
def test_what_is_wrong_in_a_request_is_found_however_deep(
    method: str, params: dict[str, Any], found: str
) -> None:
    faults = request_faults(method, params)
    assert len(faults) == bool(found)
    assert found in "".join(faults)


def test_a_field_that_no_answer_has_is_found() -> None:
    assert answer_faults("sendMessage", MESSAGE) == []
    strange = MESSAGE | {"chat": {"id": 7, "type": "private", "a": 1}}
    assert answer_faults("sendMessage", strange) == [
        "sendMessage: chat.a is not a field of its answer"
    ]
    assert answer_faults("copyMessage", {"id": 1}) == [
        "copyMessage: ('message_id',) Field required"
    ]
