"""Tests of the code by which somebody becomes an admin."""

from typing import Any

import pytest

from bot.setup.admin_code import LASTS_SECONDS, AdminCode, is_admin_code

ANA = {"id": 5, "is_bot": False, "first_name": "Ana", "username": "ana", "language_code": "es"}


def opened(text: str, **more: Any) -> dict[str, Any]:
    """The update of somebody who opened a link."""
    message = {"text": text, "from": ANA, "chat": {"id": 5, "type": "private"}, **more}
    return {"update_id": 7, "message": message}


def test_who_opens_the_link_is_found_and_nobody_else_is() -> None:
    code, other = AdminCode(0.0), AdminCode(0.0)
    found = code.sender(opened(f"/start {code.text}"))
    assert found is not None
    assert (found.user_id, found.name) == (5, "Ana")
    assert code.text != other.text
    assert code.link("peticion_bot") == f"https://t.me/peticion_bot?start={code.text}"
    for text in (f"/start {other.text}", f"/start {code.text}x", code.text, "/start", "/start ñ€"):
        assert code.sender(opened(text)) is None


@pytest.mark.parametrize(
    "more",
    [
        {"chat": {"id": -5, "type": "private"}},
        {"chat": {"id": 5, "type": "group"}},
        {"from": ANA | {"is_bot": True}},
        {"forward_origin": {"type": "user"}},
        {"via_bot": ANA},
        {"from": None},
    ],
)
def test_only_somebody_who_writes_in_their_own_chat_is_found(more: dict[str, Any]) -> None:
    code = AdminCode(0.0)
    assert code.sender(opened(f"/start {code.text}", **more)) is None
    assert code.sender({"update_id": 7, "edited_message": {}}) is None


def test_a_code_is_taken_for_ten_minutes() -> None:
    code = AdminCode(100.0)
    assert code.seconds_left(100.0) == LASTS_SECONDS
    assert code.seconds_left(100.0 + LASTS_SECONDS) == 0


def test_a_code_has_128_bits_and_is_known_by_its_form() -> None:
    code = AdminCode(0.0).text
    assert is_admin_code(code)
    assert len(code.removeprefix("admin-")) == 22
    assert not is_admin_code("admin")
    assert not is_admin_code("newsletter")
