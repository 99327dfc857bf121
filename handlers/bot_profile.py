"""What Telegram itself shows of the bot: its description, and the menu of commands.

Telegram keeps what it is given and limits how often it may change, so each piece is sent only
when it differs from what was sent before.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial

import structlog
from telegram import BotCommand, BotCommandScopeChat
from telegram.error import TelegramError, TimedOut

from bot.text.translations import Words
from bot.transport.error_kinds import error_kind

from .context import Bot, Services
from .delayed_replies import LONGEST_WAIT
from .screens.command_list import ADMIN_COMMANDS, SUPPORTER_COMMANDS

_log = structlog.stdlib.get_logger()

Send = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class _Piece:
    """One thing that Telegram keeps of us: the key it is remembered by, what it says, the call."""

    key: str
    says: str
    send: Send


async def publish_profile(bot: Bot, services: Services) -> None:
    """Gives Telegram the commands and descriptions in every language of the petition.

    The source language is also what people see whose language the petition lacks.
    """
    campaign = services.campaign
    for code in ("", *campaign.languages):
        texts = campaign.texts_in(code or campaign.source_language)
        words = services.catalogues.words(code or campaign.source_language)
        commands = _commands(words, SUPPORTER_COMMANDS)
        for piece in (
            _Piece(
                f"commands:{code}",
                repr(commands),
                partial(bot.set_my_commands, commands, language_code=code or None),
            ),
            _Piece(
                f"description:{code}",
                texts.description,
                partial(bot.set_my_description, texts.description, language_code=code or None),
            ),
            _Piece(
                f"short_description:{code}",
                texts.short_description,
                partial(
                    bot.set_my_short_description,
                    texts.short_description,
                    language_code=code or None,
                ),
            ),
        ):
            await _publish(bot, services, piece)


async def offer_menu(bot: Bot, services: Services, user_id: int, words: Words) -> None:
    """Shows an admin the admins' commands in their own chat, and takes them from a former one.

    Args:
        bot: of the chat.
        services: who the admins are.
        user_id: the person's, which is also their private chat's.
        words: in the language they read.
    """
    key = f"menu:{services.keyring.reference(services.campaign.slug, user_id).hex()}"
    scope = BotCommandScopeChat(user_id)
    if user_id in services.admins:
        commands = _commands(words, {**ADMIN_COMMANDS, **SUPPORTER_COMMANDS})
        send = partial(_in_time, partial(bot.set_my_commands, commands, scope=scope))
        await _publish(bot, services, _Piece(key, repr(commands), send))
        return
    if await services.storage.published.get(_key(bot, key)) is not None:
        send = partial(_in_time, partial(bot.delete_my_commands, scope=scope))
        await _publish(bot, services, _Piece(key, "", send))


async def _publish(bot: Bot, services: Services, piece: _Piece) -> None:
    digest = hashlib.sha256(piece.says.encode()).digest()
    published, key = services.storage.published, _key(bot, piece.key)
    known = await published.get(key)
    if known is not None and known.digest == digest:
        return
    try:
        await piece.send()
    except TelegramError as error:
        # A courtesy: people are answered without it, and the next start tries again.
        _log.warning("profile_piece_not_published", remedy=error_kind(error))
        return
    await published.put(key, digest)


async def _in_time(send: Send) -> None:
    """Makes a call that stands before what the person asked for, and which that does not need."""
    try:
        async with asyncio.timeout(LONGEST_WAIT):
            await send()
    except TimeoutError:
        raise TimedOut from None


def _key(bot: Bot, key: str) -> str:
    return f"{bot.id}:{key}"


def _commands(words: Words, described: Mapping[str, str]) -> list[BotCommand]:
    return [BotCommand(name, words.label(text)) for name, text in described.items()]
