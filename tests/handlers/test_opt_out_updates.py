"""A withdrawal, mute or refusal of news is recognised in any raw update."""

from typing import Any

import pytest

from handlers.waiting_updates import is_opt_out


@pytest.mark.parametrize(
    "update",
    [
        {"message": {"text": "/withdraw"}},
        {"message": {"text": "/stop"}},
        {"message": {"text": "/Withdraw@peticion_bot\nya"}},
        {"callback_query": {"data": "7:withdraw:"}},
        {"callback_query": {"data": "7:erase:"}},
        {"callback_query": {"data": "7:mute:"}},
        {"callback_query": {"data": "7:nonews:"}},
        {"callback_query": {"data": "stop:news"}},
    ],
)
def test_an_opt_out_is_one(update: dict[str, Any]) -> None:
    assert is_opt_out(update)


@pytest.mark.parametrize(
    "update",
    [
        {"message": {"text": "withdraw"}},
        {"message": {"text": "/withdrawn"}},
        {"message": {"text": "/stop_it"}},
        {"message": {"text": "I said /withdraw"}},
        {"message": {"text": 7}},
        {"message": {"caption": "/withdraw"}},
        {"message": None},
        {"edited_message": {"text": "/withdraw"}},
        {"callback_query": {"data": "7:read:"}},
        {"callback_query": {"data": "erase"}},
        {"callback_query": {"data": None, "message": {"text": "/stop"}}},
        {"callback_query": []},
        {},
    ],
)
def test_anything_else_is_none(update: dict[str, Any]) -> None:
    assert not is_opt_out(update)
