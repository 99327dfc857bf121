"""The bot's own name, descriptions, commands and menu button."""

from collections.abc import Mapping
from typing import Any

from bot.simulator.api import Api
from bot.simulator.bot_profile import Scope, checked_commands, checked_language, checked_scope
from bot.simulator.chats import Shape
from bot.simulator.errors import bad_request
from bot.simulator.parameters import Params
from bot.text.markup import length

_LONGEST = {"name": 64, "description": 512, "short_description": 120}


def get_me(api: Api, params: Params) -> Shape:
    """Serves getMe."""
    return api.world.bot.shape() | {
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


def set_commands(api: Api, params: Params) -> bool:
    """Serves setMyCommands; an empty list deletes the commands."""
    key = _key(api, params)
    commands = checked_commands(params["commands"])
    if not commands:
        return delete_commands(api, params)
    api.world.profile.commands[key] = commands
    return True


def get_commands(api: Api, params: Params) -> list[dict[str, str]]:
    """Serves getMyCommands for exactly this scope and language; nothing is inherited."""
    return api.world.profile.commands.get(_key(api, params), [])


def delete_commands(api: Api, params: Params) -> bool:
    """Serves deleteMyCommands."""
    api.world.profile.commands.pop(_key(api, params), None)
    return True


def set_description(api: Api, params: Params) -> bool:
    """Serves setMyDescription."""
    return _set_text(api, params, "description")


def get_description(api: Api, params: Params) -> Shape:
    """Serves getMyDescription."""
    return _text(api, params, "description")


def set_short_description(api: Api, params: Params) -> bool:
    """Serves setMyShortDescription."""
    return _set_text(api, params, "short_description")


def get_short_description(api: Api, params: Params) -> Shape:
    """Serves getMyShortDescription."""
    return _text(api, params, "short_description")


def set_name(api: Api, params: Params) -> bool:
    """Serves setMyName."""
    return _set_text(api, params, "name")


def get_name(api: Api, params: Params) -> Shape:
    """Serves getMyName."""
    found = _text(api, params, "name")
    return found if found["name"] else {"name": api.world.bot.first_name}


def set_menu_button(api: Api, params: Params) -> bool:
    """Serves setChatMenuButton."""
    button = params.get("menu_button") or {"type": "default"}
    if button.get("type") not in ("default", "commands", "web_app"):
        raise bad_request("can't parse MenuButton: unsupported type specified")
    if button["type"] == "web_app" and not {"text", "web_app"} <= set(button):
        raise bad_request("can't parse MenuButton: text and web_app are required")
    api.world.profile.menu[_menu_chat(api, params)] = button
    return True


def get_menu_button(api: Api, params: Params) -> Mapping[str, Any]:
    """Serves getChatMenuButton."""
    menu = api.world.profile.menu
    return menu.get(_menu_chat(api, params)) or menu.get(0) or {"type": "commands"}


def _menu_chat(api: Api, params: Params) -> int:
    return api.chat(params["chat_id"]).id if params.get("chat_id") else 0


def _key(api: Api, params: Params) -> tuple[Scope, str]:
    kind, chat_id, user_id = checked_scope(params.get("scope"))
    language = checked_language(params.get("language_code"))
    if kind in ("chat", "chat_administrators", "chat_member"):
        chat = api.chat(chat_id)
        if kind != "chat" and chat.is_private:
            raise bad_request("chat must be a group or a supergroup")
    return ((kind, chat_id, user_id), language)


def _set_text(api: Api, params: Params, kind: str) -> bool:
    language = checked_language(params.get("language_code"))
    text = params.get(kind, "").strip()
    if length(text) > _LONGEST[kind]:
        raise bad_request(f"{kind.replace('_', ' ')} is too long")
    api.world.profile.texts[kind, language] = text
    return True


def _text(api: Api, params: Params, kind: str) -> Shape:
    language = checked_language(params.get("language_code"))
    return {kind: api.world.profile.text(kind, language)}
