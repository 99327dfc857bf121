"""The bot's own descriptions, commands and balance of Stars."""

from collections.abc import Callable

from simulator.bot_profile import Scope, checked_commands, checked_language, checked_scope
from simulator.chats import Shape
from simulator.errors import bad_request
from simulator.parameters import Params
from simulator.world import World
from telegram_text.markup import length

_LONGEST = {"description": 512, "short_description": 120}


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
    key = _key(world, params)
    commands = checked_commands(params["commands"])
    if not commands:
        return delete_commands(world, params)
    world.profile.commands[key] = commands
    return True


def delete_commands(world: World, params: Params) -> bool:
    """Serves deleteMyCommands."""
    world.profile.commands.pop(_key(world, params), None)
    return True


def text_setter(kind: str) -> Callable[[World, Params], bool]:
    """Returns the function that serves setMyDescription or setMyShortDescription."""

    def set_text(world: World, params: Params) -> bool:
        language = checked_language(params.get("language_code"))
        text = params.get(kind, "").strip()
        if length(text) > _LONGEST[kind]:
            raise bad_request(f"{kind.replace('_', ' ')} is too long")
        world.profile.texts[kind, language] = text
        return True

    return set_text


def get_star_balance(world: World, params: Params) -> Shape:
    """Serves getMyStarBalance."""
    return world.stars.shape()


def _key(world: World, params: Params) -> tuple[Scope, str]:
    kind, chat_id = checked_scope(params.get("scope"))
    if kind == "chat":
        world.known_chat(chat_id)
    return ((kind, chat_id), checked_language(params.get("language_code")))
