"""Only commands that an admin typed in their private chat are carried out.

The commands are those of the menu, and every button of an admin's does something.
"""

from functools import partial
from itertools import product
from typing import Any

import pytest
from telegram import Update

from handlers import admin_input, supporter_updates
from handlers.admin_input import _HANDLED_BY
from handlers.screens.buttons import AdminAction
from handlers.screens.help import ADMIN_COMMANDS, SUPPORTER_COMMANDS
from handlers.update_handler import ADMIN_HANDLERS, handlers_of

ADMIN, SUPPORTER = 900, 7
_HANDS: dict[str, dict[str, Any]] = {
    "typed": {},
    "forwarded": {
        "forward_origin": {
            "type": "user",
            "date": 1,
            "sender_user": {"id": ADMIN, "is_bot": False, "first_name": "Marta"},
        }
    },
    "through a bot": {"via_bot": {"id": 5, "is_bot": True, "first_name": "Otro"}},
    "for a channel": {"sender_chat": {"id": -100, "type": "channel", "title": "Canal"}},
}


def test_every_command_of_the_menu_and_every_button_does_something_and_no_other() -> None:
    assert ADMIN_COMMANDS.keys() == ADMIN_HANDLERS.keys()
    assert SUPPORTER_COMMANDS.keys() == supporter_updates.COMMANDS.keys()
    assert set(AdminAction) == _HANDLED_BY.keys()


@pytest.mark.parametrize("hand", _HANDS)
def test_only_what_an_admin_typed_in_a_new_message_is_an_order(hand: str) -> None:
    for command, role, kind in product(
        ADMIN_COMMANDS, (ADMIN, SUPPORTER), ("message", "edited_message")
    ):
        taken, _ = _taken_by(_update(f"/{command}", role, kind, _HANDS[hand]))
        is_order = (role, kind, hand) == (ADMIN, "message", "typed")
        assert (taken is ADMIN_HANDLERS[command]) is is_order, (command, role, kind)


@pytest.mark.parametrize("command", ADMIN_COMMANDS)
def test_to_anyone_else_an_order_is_an_unknown_command(command: str) -> None:
    taken = _taken_by(_update(f"/{command}", SUPPORTER))
    assert taken == (None, supporter_updates.unknown_command)


def test_an_order_for_another_bot_is_none() -> None:
    for order, is_order in (("/close@otro_bot", False), ("/Close@Peticion_Bot now", True)):
        taken, _ = _taken_by(_update(order, ADMIN))
        assert (taken is ADMIN_HANDLERS["close"]) is is_order


@pytest.mark.parametrize("hand", _HANDS)
@pytest.mark.parametrize("command", SUPPORTER_COMMANDS)
def test_a_command_is_what_was_typed_and_all_else_is_a_text(command: str, hand: str) -> None:
    taken, by_supporter = _taken_by(_update(f"/{command} today", ADMIN, extra=_HANDS[hand]))
    if hand != "typed":
        assert (taken, by_supporter) == (admin_input.sent, supporter_updates.sent)
        return
    assert isinstance(by_supporter, partial)
    assert by_supporter.keywords == {"name": command}
    assert taken is (admin_input.cancel if command == "cancel" else None)


@pytest.mark.parametrize(
    ("by", "data", "date", "is_order"),
    [
        (ADMIN, "adm:close:3", 1, True),
        (ADMIN, "3:home:", 1, False),
        (SUPPORTER, "adm:close:3", 1, False),
        (ADMIN, "adm:close:3", 0, False),  # the message is gone
    ],
)
def test_an_order_is_an_admins_tap_under_a_message_that_is_there(
    by: int, data: str, date: int, is_order: bool
) -> None:
    chat = {"id": by, "type": "private", "first_name": "Marta"}
    query = {
        "id": "1",
        "from": {"id": by, "is_bot": False, "first_name": "Marta"},
        "chat_instance": "1",
        "data": data,
        "message": {"message_id": 5, "date": date, "chat": chat},
    }
    taken, _ = _taken_by(Update.de_json({"update_id": 1, "callback_query": query}, None))
    assert (taken is admin_input.tapped) is is_order


def test_what_telegram_tells_of_a_chat_has_no_answer() -> None:
    told = {"delete_chat_photo": True}
    for role in (ADMIN, SUPPORTER):
        assert _taken_by(_update(None, role, extra=told)) == (None, None)


def _update(
    text: str | None, user: int, kind: str = "message", extra: dict[str, Any] | None = None
) -> Update:
    message: dict[str, Any] = {
        "message_id": 1,
        "date": 1,
        "from": {"id": user, "is_bot": False, "first_name": "Marta"},
        "chat": {"id": user, "type": "private", "first_name": "Marta"},
        **(extra or {}),
    }
    if text is not None:
        command = {"type": "bot_command", "offset": 0, "length": len(text.split()[0])}
        message |= {"text": text, "entities": [command]}
    return Update.de_json({"update_id": 1, kind: message}, None)


def _taken_by(update: Update) -> tuple[object, object]:
    """What handles an update from a private chat: as an admin's, and as a supporter's."""
    user = update.effective_user
    assert user is not None
    return handlers_of(update, "peticion_bot", is_admin=user.id == ADMIN)
