"""Only commands that an admin typed in their private chat are carried out.

The commands are those of the menu, and every button of an admin's does something.
"""

from inspect import unwrap
from itertools import product
from types import SimpleNamespace
from typing import Any, cast

import pytest
from telegram import Bot, Update

from handlers import _ADMIN_COMMANDS, _handlers, supporter_updates
from handlers.admin_input import _HANDLED_BY
from handlers.screens.buttons import AdminAction
from handlers.screens.help import ADMIN_COMMANDS, SUPPORTER_COMMANDS

ADMIN, SUPPORTER = 900, 7
_BOT = cast(Bot, SimpleNamespace(username="peticion_bot", defaults=None))
_ALL_ORDERS = {*_ADMIN_COMMANDS.values()}
_CHATS = ("private", "group", "supergroup", "channel")
_HANDS: dict[str, dict[str, Any]] = {
    "own": {},
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
    assert ADMIN_COMMANDS.keys() == _ADMIN_COMMANDS.keys()
    assert SUPPORTER_COMMANDS.keys() == supporter_updates.COMMANDS.keys()
    assert set(AdminAction) == _HANDLED_BY.keys()


@pytest.mark.parametrize("command", ADMIN_COMMANDS)
@pytest.mark.parametrize("hand", _HANDS)
def test_only_an_admins_own_private_new_message_is_an_order(command: str, hand: str) -> None:
    for role, chat, kind in product((ADMIN, SUPPORTER), _CHATS, ("message", "edited_message")):
        taken = _taken_by(_update(f"/{command}", role, chat, kind, _HANDS[hand]))
        is_order = (role, chat, kind, hand) == (ADMIN, "private", "message", "own")
        if is_order:
            assert taken is _ADMIN_COMMANDS[command]
        else:
            assert taken not in _ALL_ORDERS, (role, chat, kind)


@pytest.mark.parametrize("command", ADMIN_COMMANDS)
def test_to_anyone_else_an_order_is_an_unknown_command(command: str) -> None:
    taken = _taken_by(_update(f"/{command}", SUPPORTER, "private", "message", {}))
    assert taken is supporter_updates.unknown_command


def test_an_order_for_another_bot_is_none() -> None:
    taken = _taken_by(_update("/close@otro_bot", ADMIN, "private", "message", {}))
    assert taken not in _ALL_ORDERS


def _update(text: str, user: int, chat: str, kind: str, extra: dict[str, Any]) -> Update:
    command = text.split()[0]
    message: dict[str, Any] = {
        "message_id": 1,
        "date": 1,
        "from": {"id": user, "is_bot": False, "first_name": "Marta"},
        "chat": {"id": user if chat == "private" else -1, "type": chat, "first_name": "Marta"},
        "text": text,
        "entities": [{"type": "bot_command", "offset": 0, "length": len(command)}],
        **extra,
    }
    return Update.de_json({"update_id": 1, kind: message}, _BOT)


def _taken_by(update: Update) -> object:
    """The callback of the first handler that takes an update, as the application picks it."""
    for handler in _handlers(frozenset({ADMIN})):
        taken = handler.check_update(update)
        if taken is not None and taken is not False:
            return unwrap(handler.callback)
    return None
