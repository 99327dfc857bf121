"""Whose chat an update comes from, whether it is an opt-out, and what is drawn of many at once."""

from typing import Any

import pytest
from telegram import Update

from handlers.update_kinds import is_opt_out, own_chat

ANA, MARTA = 6_000_000_001, 6_000_000_002
ELSEWHERE: list[dict[str, Any]] = [
    {"id": -1001, "type": "supergroup", "title": "Barrio"},
    {"id": -1002, "type": "channel", "title": "Canal"},
    {"id": MARTA, "type": "private"},
    {"id": ANA, "type": "group", "title": "numbered as she is"},
]
FORWARDED = {"forward_origin": {"type": "hidden_user", "date": 1, "sender_user_name": "Marta"}}


def forwarded(written: str) -> dict[str, Any]:
    return {"message": {"text": written} | FORWARDED}


@pytest.mark.parametrize("chat", [*ELSEWHERE, None])
def test_only_in_a_persons_own_chat_is_there_a_context(chat: dict[str, Any] | None) -> None:
    sender = {"id": ANA, "is_bot": False, "first_name": "Ana"}
    message = {"message_id": 5, "date": 1, "from": sender, "text": "hola"}
    query: dict[str, Any] = {"id": "1", "from": sender, "chat_instance": "1", "data": "3:home:"}
    query |= {"inline_message_id": "A"} if chat is None else {"message": message | {"chat": chat}}
    sent = message | {"chat": chat or ELSEWHERE[0]}
    for kind, body in {"message": sent, "edited_message": sent, "callback_query": query}.items():
        update = Update.de_json({"update_id": 1, kind: body}, None)
        assert own_chat(update) is None


def test_what_is_an_opt_out_and_what_is_none() -> None:
    for written in ("/withdraw", "/stop", "/Withdraw@peticion_bot\nya"):
        assert is_opt_out({"message": {"text": written}}), written
    for data in ("7:withdraw:", "7:erase:", "7:mute:", "7:nonews:", "stop:news"):
        assert is_opt_out({"callback_query": {"data": data}}), data
    for said in ("withdraw", "/withdrawn", "/stop_it", "I said /withdraw", 7):
        assert not is_opt_out({"message": {"text": said}}), said
    for update in (
        *({"message": {"caption": "/withdraw"}}, forwarded("/withdraw"), {"message": None}),
        *({"edited_message": {"text": "/withdraw"}}, {"callback_query": []}, {}),
        *({"callback_query": {"data": data}} for data in ("7:read:", "erase")),
        {"callback_query": {"data": None, "message": {"text": "/stop"}}},
    ):
        assert not is_opt_out(update), update
