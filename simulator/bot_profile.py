"""The bot's public profile: descriptions and commands."""

import re
from collections.abc import Mapping
from typing import Any

from simulator.errors import bad_request

_LANGUAGE = re.compile("[a-z]{2}")
_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
_SCOPES = {"default": {"type"}, "all_private_chats": {"type"}, "chat": {"type", "chat_id"}}

Scope = tuple[str, int]
"""Kind of scope and chat; zero where the kind has none."""


class Profile:
    """What people can see of a bot without writing to it, by language."""

    def __init__(self) -> None:
        self.texts: dict[tuple[str, str], str] = {}
        """By kind ("description", "short_description") and language."""
        self.commands: dict[tuple[Scope, str], list[dict[str, str]]] = {}

    def text(self, kind: str, language: str | None) -> str:
        """Returns the text shown to somebody with this language, or the default one."""
        own = self.texts.get((kind, _letters(language)))
        return own or self.texts.get((kind, ""), "")

    def commands_in(self, chat_id: int, language: str | None) -> list[dict[str, str]]:
        """Returns the commands offered in a private chat: those of the narrowest scope with any.

        A scope's commands for this language come before its default ones.
        """
        for scope in (("chat", chat_id), ("all_private_chats", 0), ("default", 0)):
            for code in (_letters(language), ""):
                if found := self.commands.get((scope, code)):
                    return found
        return []


def _letters(language: str | None) -> str:
    """Returns the two letters of a client's language, such as "pt" of "pt-br"."""
    return (language or "").lower().partition("-")[0]


def checked_language(code: str | None) -> str:
    """Returns a language code of the profile, two letters or nothing; refuses anything else."""
    if code and not _LANGUAGE.fullmatch(code):
        raise bad_request("invalid language code specified")
    return code or ""


def checked_scope(shape: Mapping[str, Any] | None) -> Scope:
    """Returns a command scope, or refuses it; the caller checks that its chat exists."""
    shape = shape or {"type": "default"}
    kind = shape.get("type")
    if kind not in _SCOPES:
        raise bad_request("can't parse BotCommandScope: Unsupported type specified")
    if unknown := set(shape) - _SCOPES[kind]:
        raise bad_request(f'unknown field "{min(unknown)}" in BotCommandScope')
    chat = shape.get("chat_id", 0)
    if kind == "chat" and not (isinstance(chat, int) and chat):
        raise bad_request("can't parse BotCommandScope: chat_id must be an Integer")
    return (kind, chat)


def checked_commands(shapes: list[Any]) -> list[dict[str, str]]:
    """Returns the commands, without leading slashes; refuses those that Telegram would."""
    if len(shapes) > 100:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    return [_checked_command(shape) for shape in shapes]


def _checked_command(shape: Any) -> dict[str, str]:
    if not isinstance(shape, dict) or set(shape) != {"command", "description"}:
        raise bad_request("can't parse BotCommand: command and description are required")
    command, description = shape["command"], shape["description"]
    if not isinstance(command, str) or not _COMMAND.fullmatch(command.removeprefix("/")):
        raise bad_request("BOT_COMMAND_INVALID")
    if not isinstance(description, str) or not 1 <= len(description.strip()) <= 256:
        raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    return {"command": command.removeprefix("/"), "description": description.strip()}
