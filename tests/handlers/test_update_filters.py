"""The filters recognise private chats and what an admin typed there."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from telegram import Update
from telegram.ext import filters

from handlers.chat_context import ChatContext, open_context
from handlers.context import Context
from handlers.update_filters import (
    TYPED,
    AdminTapHandler,
    TapElsewhere,
    own_chat,
)

ANA, MARTA = 6_000_000_001, 6_000_000_002
OWN = {"id": ANA, "type": "private"}
ELSEWHERE: list[dict[str, Any]] = [
    {"id": -1001, "type": "supergroup", "title": "Barrio"},
    {"id": -7, "type": "group", "title": "Barrio"},
    {"id": -1002, "type": "channel", "title": "Canal"},
    {"id": MARTA, "type": "private"},
    {"id": ANA, "type": "group", "title": "numbered as she is"},
]


def written(chat: dict[str, Any], kind: str = "message") -> Update:
    message = {"message_id": 5, "date": 1, "chat": chat, "from": somebody(ANA), "text": "hola"}
    return read({kind: message})


def tapped(
    chat: dict[str, Any] | None, *, by: int = ANA, date: int = 1, data: str = "3:home:"
) -> Update:
    query = {"id": "1", "from": somebody(by), "chat_instance": "1", "data": data}
    if chat is None:
        return read({"callback_query": {**query, "inline_message_id": "AAAA"}})
    return read(
        {"callback_query": {**query, "message": {"message_id": 5, "date": date, "chat": chat}}}
    )


def somebody(number: int) -> dict[str, Any]:
    return {"id": number, "is_bot": False, "first_name": "Ana"}


def read(body: dict[str, Any]) -> Update:
    return Update.de_json({"update_id": 1, **body}, None)


@pytest.mark.parametrize("update", [written(OWN), written(OWN, "edited_message"), tapped(OWN)])
def test_in_a_persons_own_chat_both_are_told(update: Update) -> None:
    here = own_chat(update)
    assert here is not None
    assert [each.id for each in here] == [ANA, ANA]
    assert not TapElsewhere(cast("Any", None)).check_update(update)


@pytest.mark.parametrize("chat", ELSEWHERE)
async def test_anywhere_else_there_is_no_visit_and_no_panel(chat: dict[str, Any]) -> None:
    for update in (written(chat), written(chat, "edited_message"), tapped(chat), tapped(None)):
        assert own_chat(update) is None
        context = cast("Context", SimpleNamespace(services=None, bot=None))
        with pytest.raises(ValueError, match="own chat"):
            await open_context(ChatContext, update, context)


@pytest.mark.parametrize("chat", [*ELSEWHERE, None])
def test_every_tap_made_elsewhere_is_taken_first(chat: dict[str, Any] | None) -> None:
    assert TapElsewhere(cast("Any", None)).check_update(tapped(chat))


@pytest.mark.parametrize("thing", [written(ELSEWHERE[0]), object(), None])
def test_what_is_no_tap_is_left_to_others(thing: object) -> None:
    assert not TapElsewhere(cast("Any", None)).check_update(thing)


def test_an_order_is_an_admins_under_a_message_that_is_there() -> None:
    handler = AdminTapHandler(frozenset({MARTA}), cast("Any", None))
    order = "adm:close:3"
    assert handler.check_update(tapped(OWN, by=MARTA, data=order))
    assert not handler.check_update(tapped(OWN, by=MARTA))
    assert not handler.check_update(tapped(OWN, by=ANA, data=order))
    assert not handler.check_update(tapped(OWN, by=MARTA, date=0, data=order))
    assert not handler.check_update(tapped(None, by=MARTA, data=order))
    assert not handler.check_update(written(OWN))


def test_what_nobody_wrote_is_nobodys() -> None:
    update = read({"message": {"message_id": 5, "date": 1, "chat": OWN, "text": "/close"}})
    assert update.message is not None
    assert own_chat(update) is None
    assert own_chat(Update(1)) is None
    assert not filters.User(frozenset({ANA})).check_update(update)


@pytest.mark.parametrize(
    ("more", "is_typed"),
    [
        ({}, True),
        ({"forward_origin": {"type": "user", "date": 1, "sender_user": somebody(MARTA)}}, False),
        ({"via_bot": {"id": 9, "is_bot": True, "first_name": "Otro", "username": "o_bot"}}, False),
        ({"sender_chat": {"id": -1002, "type": "channel", "title": "Canal"}}, False),
    ],
)
def test_an_order_is_what_was_typed_here(more: dict[str, Any], is_typed: bool) -> None:
    message = {"message_id": 5, "date": 1, "chat": OWN, "from": somebody(ANA), "text": "hola"}
    update = read({"message": message | more})
    assert bool(TYPED.check_update(update)) is is_typed
    assert filters.User(frozenset({ANA})).check_update(update)  # it can be content all the same
