"""Whose an update is and who handles it: orders, opt-outs, and what buttons carry."""

from functools import partial
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import Update

from bot.petition.stages import Action
from handlers import admin_input, supporter_updates
from handlers.admin_input import _HANDLED_BY
from handlers.conversation_message import keyboard
from handlers.read_update import is_opt_out, own_chat
from handlers.screens.buttons import AdminAction, AdminTap, Button, SupporterTap, read_tap
from handlers.screens.help import ADMIN_COMMANDS, SUPPORTER_COMMANDS
from handlers.screens.screen import Screen
from handlers.update_handler import ADMIN_HANDLERS, handlers_of
from telegram_text.markup import Html

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


ACTIONS = st.sampled_from(list(Action))
PIECES = st.sampled_from([":", "0", "7", "٣", "²", "-1", " ", "\n", *Action, "adm", "é"])


@given(st.one_of(st.none(), st.text(), st.lists(PIECES).map("".join)))
def test_any_text_is_a_valid_tap_or_none(data: str | None) -> None:
    tap = read_tap(data)
    if isinstance(tap, SupporterTap):
        assert tap.page >= 0
        assert read_tap(Button("", tap.action, tap.argument).callback_data(tap.version)) == tap
    elif isinstance(tap, AdminTap) and tap.action is not None:
        assert read_tap(Button("", tap.action, tap.argument).callback_data(0)) == tap


@given(st.integers(0, 10**9), ACTIONS, st.text(alphabet="abcxyz0123456789-", max_size=20))
def test_what_a_button_carries_is_read_again(version: int, action: Action, argument: str) -> None:
    drawn = keyboard(Screen(Html("Hola"), [Button("Pulsa", action, argument)]), version)
    assert drawn is not None
    data = drawn["inline_keyboard"][0][0]["callback_data"]
    assert isinstance(data, str)
    assert read_tap(data) == SupporterTap(version, action, argument)


@pytest.mark.parametrize(
    "data",
    [
        *(None, "", ":", "::", "home", "1", "1:", "1:nothing:", ":home:", "-1:home:", "+1:home:"),
        *(" 1:home:", "1.0:home:", "٣:home:", "²:home:", "1:HOME:"),
        *("9" * 65_536 + ":home:", "1:read:" + "9" * 58),
    ],
)
def test_what_no_button_of_ours_carries_is_none(data: str | None) -> None:
    assert read_tap(data) is None


def test_a_button_of_the_greatest_length_is_read() -> None:
    assert read_tap("1:read:" + "9" * 57) == SupporterTap(1, Action.READ, "9" * 57)


@pytest.mark.parametrize(
    ("argument", "page"),
    [("", 0), ("0", 0), ("3", 3), ("-3", 0), ("٣", 0), ("x", 0), ("1:2", 0), ("9" * 57, 0)],
)
def test_an_argument_that_is_no_page_means_the_first(argument: str, page: int) -> None:
    assert SupporterTap(1, Action.READ, argument).page == page


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
