"""The progress message of a broadcast: the one message in which an admin watches it."""

from __future__ import annotations

from functools import partial

import structlog
from telegram.error import TelegramError

from bot.text.markup import Html
from bot.text.translations import Words
from bot.transport.error_kinds import error_kind
from handlers.admin_context import AdminContext
from handlers.broadcasts.screens.broadcast_lines import BroadcastView
from handlers.broadcasts.screens.progress import standing
from handlers.context import Bot, Services
from handlers.conversation_message import edit_screen
from handlers.screens.buttons import read_id
from handlers.screens.screen import Screen
from storage import Broadcast, RecallTally, Tally

_log = structlog.stdlib.get_logger()

_OPEN, _SETTLED = b"open", b""


async def tell_progress(ctx: AdminContext, key: bytes) -> None:
    """Moves the progress to the admin's message, as soon as Telegram accepts it."""
    await ctx.tell(partial(move_progress_here, ctx, key))


async def tell_standing(ctx: AdminContext, shown: Broadcast) -> None:
    """Shows the broadcast's state in the admin's message, as soon as Telegram accepts it."""
    await ctx.tell(partial(show, ctx, shown))


async def move_progress_here(ctx: AdminContext, key: bytes) -> None:
    """Makes the admin's message the progress message; the former one points to it.

    Raises:
        LookupError: there is no such broadcast.
        TelegramError: the admin's message could not be written.
    """
    broadcasts = ctx.services.storage.broadcasts
    former = await broadcasts.get(key)
    if former is None:
        raise LookupError("A broadcast that was there is not there.")
    said = None
    if ctx.message_id is None:
        said = await page_of(ctx, former)
        ctx = ctx.at(await ctx.write(said))
    await broadcasts.set_progress(key, ctx.chat_id, ctx.message_id or 0)
    now = await show(ctx, await broadcasts.get(key) or former, said)
    chat, message_id = former.progress_chat, former.progress_message_id
    if chat is None or message_id is None:
        return
    if (chat, message_id) == (ctx.chat_id, ctx.message_id):
        return
    if now.is_over:
        # Without the report, the former message would still look unfinished.
        words = await words_for(ctx.services, chat)
        page = standing(await standing_of(ctx.services, words, now))
        await _write_over(ctx.bot, chat, message_id, page)
    else:
        await point_elsewhere(ctx.bot, ctx.services, chat, message_id)


async def show(ctx: AdminContext, shown: Broadcast, said: Screen | None = None) -> Broadcast:
    """Shows the broadcast's state, unless `said` equals it; returns the broadcast as last read.

    The worker writes into the same message. If the state changed meanwhile, this may have
    overwritten the worker's text, so the new state is shown again.
    """
    page = await page_of(ctx, shown)
    if page != said:
        ctx = ctx.at(await ctx.write(page))
    now = await ctx.services.storage.broadcasts.get(shown.id) or shown
    if now.state != shown.state:
        page = await page_of(ctx, now)
        await ctx.write(page)
    return now


async def page_of(ctx: AdminContext, broadcast: Broadcast) -> Screen:
    """Returns the screen of a broadcast for this admin."""
    reader = ctx.user.id
    return standing(await standing_of(ctx.services, ctx.words, broadcast, reader=reader))


async def standing_of(
    services: Services,
    words: Words,
    broadcast: Broadcast,
    *,
    tally: Tally | None = None,
    recall: RecallTally | None = None,
    reader: int | None = None,
) -> BroadcastView:
    """Returns a broadcast with all that its screen shows, reading what is not given.

    Args:
        services: give access to the database and the petition.
        words: the reader's language.
        broadcast: as it is now.
        tally: its deliveries by outcome.
        recall: its recall's deletions by outcome.
        reader: user id of the admin who reads it.
    """
    storage, petition = services.storage, services.petition
    if recall is None and broadcast.recall_started_at is not None:
        recall = await storage.recalls.tally(broadcast.id)
    return BroadcastView(
        words=words,
        broadcast=broadcast,
        tally=tally or await storage.broadcasts.tally(broadcast.id),
        now=services.clock(),
        zone=petition.time_zone,
        languages={code: petition.texts_in(code).language_name for code in petition.languages},
        recall=recall,
        reader=reader,
        is_asking=broadcast.state == "paused" and await _is_asking(services, broadcast.id),
    )


async def known_by(ctx: AdminContext, argument: str) -> Broadcast | None:
    """Returns the broadcast that a button names; if there is none, says so and returns None."""
    known = await ctx.services.storage.broadcasts.get(read_id(argument))
    if known is None:
        await ctx.say(ctx.words.text("Ese envío no existe. Escribe /broadcasts."))
    return known


async def refresh(bot: Bot, services: Services, broadcast: Broadcast) -> None:
    """Updates the progress message, if an admin watches it; logs a failure of Telegram."""
    chat, message_id = broadcast.progress_chat, broadcast.progress_message_id
    if chat is None or message_id is None or chat not in services.admins:
        return
    words = await words_for(services, chat)
    page = standing(await standing_of(services, words, broadcast, reader=chat))
    await _write_over(bot, chat, message_id, page)


async def request_cancel(services: Services, broadcast: bytes) -> None:
    """Stores that an admin is asked whether to cancel the broadcast, for every screen of it."""
    await services.storage.published.put(_question(broadcast), _OPEN)


async def clear_cancel_request(services: Services, broadcast: bytes) -> None:
    """Stores that no admin is being asked any more."""
    if await _is_asking(services, broadcast):
        await services.storage.published.put(_question(broadcast), _SETTLED)


async def words_for(services: Services, chat: int) -> Words:
    """Returns the words of the language that the person of this private chat reads."""
    supporter = services.keyring.reference(services.petition.slug, chat)
    known = await services.storage.conversations.get(supporter)
    petition = services.petition
    return services.catalogs.words(petition.language_for(known.language if known else None))


async def point_elsewhere(bot: Bot, services: Services, chat: int, message_id: int) -> None:
    """Replaces a former progress message by a line that says the progress is elsewhere."""
    await _write_over(bot, chat, message_id, Screen(elsewhere(await words_for(services, chat))))


async def _write_over(bot: Bot, chat: int, message_id: int, page: Screen) -> None:
    try:
        await edit_screen(bot, chat, message_id, page)
    except TelegramError as error:
        _log.info("old_progress_message_left", error_kind=error_kind(error))


def elsewhere(words: Words) -> Html:
    """Returns the line that replaces a former progress message."""
    return words.text("El progreso sigue en otro mensaje.")


async def _is_asking(services: Services, broadcast: bytes) -> bool:
    known = await services.storage.published.get(_question(broadcast))
    return known is not None and known.digest == _OPEN


def _question(broadcast: bytes) -> str:
    return f"cancel?:{broadcast.hex()}"
