"""Publishes the bot's descriptions and menus of commands to Telegram.

Telegram limits how often they may change, so each is sent only when it differs from what was
sent before.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

import structlog
from telegram import BotCommand, BotCommandScopeChat
from telegram.error import TelegramError

from bot.text.translations import Words
from bot.transport.errors import ErrorKind, error_kind
from handlers.context import Services
from handlers.delayed_replies import LONGEST_WAIT
from handlers.screens.help import ADMIN_COMMANDS, SUPPORTER_COMMANDS
from storage.telegram_cache import find_cached_item, put_cached_item

_log = structlog.stdlib.get_logger()

Send = Callable[[], Awaitable[object]]


async def publish_profile(services: Services) -> None:
    """Publishes commands and descriptions in every language of the petition.

    The source language is also the default for people whose language the petition lacks.
    """
    petition, bot = services.petition, services.bot
    for code in ("", *petition.languages):
        texts = petition.texts_in(code or petition.source_language)
        words = services.catalogs.words(code or petition.source_language)
        commands = _commands(words, SUPPORTER_COMMANDS)
        long, short = texts.description, texts.short_description
        for name, says, send in (
            ("commands", repr(commands), partial(bot.set_my_commands, commands)),
            ("description", long, partial(bot.set_my_description, long)),
            ("short_description", short, partial(bot.set_my_short_description, short)),
        ):
            in_language = partial(send, language_code=code or None)
            await _publish(services, f"{name}:{code}", says, in_language)


async def offer_menu(services: Services, user_id: int, words: Words) -> None:
    """Adds the admins' commands to an admin's menu, and removes them from a former admin's.

    A person's id is also that of their private chat.
    """
    bot, key = services.bot, f"menu:{services.reference(user_id).hex()}"
    scope = BotCommandScopeChat(user_id)
    if user_id in services.admins:
        commands = _commands(words, {**ADMIN_COMMANDS, **SUPPORTER_COMMANDS})
        send = partial(bot.set_my_commands, commands, scope=scope)
        await _publish(services, key, repr(commands), send, within=LONGEST_WAIT)
    elif await services.storage.read(find_cached_item, f"{bot.id}:{key}") is not None:
        send_nothing = partial(bot.delete_my_commands, scope=scope)
        await _publish(services, key, "", send_nothing, within=LONGEST_WAIT)


async def _publish(
    services: Services, name: str, says: str, send: Send, *, within: float | None = None
) -> None:
    """Makes a call that publishes an item of the profile, unless it says what it said before.

    The call has `within` seconds, where the person's own request waits for it.
    A rehearsal publishes nothing: the profile is the bot's, and the petition's database would not
    know what it says now.
    """
    if services.is_rehearsal:
        return
    digest = hashlib.sha256(says.encode()).digest()
    storage, key = services.storage, f"{services.bot.id}:{name}"
    known = await storage.read(find_cached_item, key)
    if known is not None and known.digest == digest:
        return
    try:
        async with asyncio.timeout(within):
            await send()
    except (TelegramError, TimeoutError) as error:
        # Not essential: the bot works without it, and the next attempt tries again.
        kind = error_kind(error) if isinstance(error, TelegramError) else ErrorKind.UNKNOWN
        _log.warning("profile_part_not_published", error_kind=kind)
        return
    await storage.write(put_cached_item, key, digest)


def _commands(words: Words, described: Mapping[str, str]) -> list[BotCommand]:
    return [BotCommand(name, words.label(text)) for name, text in described.items()]
