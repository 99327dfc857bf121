"""Tests of the code by which somebody becomes an admin."""

from typing import Any

import pytest

from bot.setup import is_admin_code, new_admin_code, sender_of

ANA = {"id": 5, "is_bot": False, "first_name": "Ana", "username": "ana", "language_code": "es"}


def opened(text: str, **more: Any) -> dict[str, Any]:
    """The update of somebody who opened a link."""
    message = {"text": text, "from": ANA, "chat": {"id": 5, "type": "private"}, **more}
    return {"update_id": 7, "message": {"message_id": 1, "date": 1, **message}}


def test_who_opens_the_link_is_found_and_nobody_else_is() -> None:
    code, other = new_admin_code(), new_admin_code()
    found = sender_of(code, opened(f"/start {code}"))
    assert found is not None
    assert (found.id, found.full_name) == (5, "Ana")
    assert code != other
    for text in (f"/start {other}", f"/start {code}x", code, "/start", "/start ñ€"):
        assert sender_of(code, opened(text)) is None


@pytest.mark.parametrize(
    "more",
    [
        {"chat": {"id": -5, "type": "group"}},
        {"from": ANA | {"is_bot": True}},
        {"forward_origin": {"type": "user", "date": 1, "sender_user": ANA}},
        {"via_bot": ANA},
        {"from": None},
    ],
)
def test_only_somebody_who_writes_in_their_own_chat_is_found(more: dict[str, Any]) -> None:
    code = new_admin_code()
    assert sender_of(code, opened(f"/start {code}", **more)) is None
    edited = opened(f"/start {code}")["message"]
    assert sender_of(code, {"update_id": 7, "edited_message": edited}) is None


def test_a_code_has_128_bits_and_is_known_by_its_form() -> None:
    code = new_admin_code()
    assert is_admin_code(code)
    assert len(code.removeprefix("admin-")) == 22
    assert not is_admin_code("admin")
    assert not is_admin_code("newsletter")
