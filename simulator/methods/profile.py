"""The bot's own descriptions, commands and balance of Stars."""

import re
from collections.abc import Callable
from typing import Any

from simulator.bot_profile import Scope
from simulator.chats import Shape
from simulator.errors import bad_request
from simulator.parameters import Params
from simulator.world import World
from telegram_text.markup import length

_LONGEST = {"description": 512, "short_description": 120}
_MOST_COMMANDS = 100
_LANGUAGE = re.compile("[a-z]{2}")
_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
_SCOPES = {"default": {"type"}, "all_private_chats": {"type"}, "chat": {"type", "chat_id"}}


def get_me(world: World, params: Params) -> Shape:
    """Serves getMe."""
    return world.bot.shape() | {
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


def set_commands(world: World, params: Params) -> bool:
    """Serves setMyCommands; an empty list deletes the commands."""
    key, shapes = _key(world, params), params["commands"]
    if len(shapes) > _MOST_COMMANDS:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    if not shapes:
        return delete_commands(world, params)
    world.profile.commands[key] = [_checked_command(shape) for shape in shapes]
    return True


def delete_commands(world: World, params: Params) -> bool:
    """Serves deleteMyCommands."""
    world.profile.commands.pop(_key(world, params), None)
    return True


def text_setter(kind: str) -> Callable[[World, Params], bool]:
    """Returns the function that serves setMyDescription or setMyShortDescription."""

    def set_text(world: World, params: Params) -> bool:
        language = _language(params)
        text = params.get(kind, "").strip()
        if length(text) > _LONGEST[kind]:
            raise bad_request(f"{kind.replace('_', ' ')} is too long")
        world.profile.texts[kind, language] = text
        return True

    return set_text


def get_star_balance(world: World, params: Params) -> Shape:
    """Serves getMyStarBalance."""
    return world.stars.shape()


def _language(params: Params) -> str:
    code: str = params.get("language_code") or ""
    if code and not _LANGUAGE.fullmatch(code):
        raise bad_request("invalid language code specified")
    return code


def _key(world: World, params: Params) -> tuple[Scope, str]:
    shape = params.get("scope") or {"type": "default"}
    kind, chat_id = shape.get("type"), shape.get("chat_id", 0)
    if kind not in _SCOPES:
        raise bad_request("can't parse BotCommandScope: Unsupported type specified")
    if unknown := set(shape) - _SCOPES[kind]:
        raise bad_request(f'unknown field "{min(unknown)}" in BotCommandScope')
    if kind == "chat":
        if not (isinstance(chat_id, int) and chat_id):
            raise bad_request("can't parse BotCommandScope: chat_id must be an Integer")
        world.known_chat(chat_id)
    return (kind, chat_id), _language(params)


def _checked_command(shape: Any) -> dict[str, str]:
    if not isinstance(shape, dict) or set(shape) != {"command", "description"}:
        raise bad_request("can't parse BotCommand: command and description are required")
    command, description = shape["command"], shape["description"]
    if not isinstance(command, str) or not _COMMAND.fullmatch(command.removeprefix("/")):
        raise bad_request("BOT_COMMAND_INVALID")
    if not isinstance(description, str) or not 1 <= len(description.strip()) <= 256:
        raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    return {"command": command.removeprefix("/"), "description": description.strip()}
