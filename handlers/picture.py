"""The petition's picture, sent once to each chat, above the conversation message."""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING

import structlog
from telegram import Message
from telegram.constants import ParseMode
from telegram.error import TelegramError

from bot.petition.petition import Image
from bot.petition.stages import Stage
from bot.text.markup import Html, escape
from bot.transport.error_kinds import ErrorKind, error_kind

_log = structlog.stdlib.get_logger()

_MESSAGES = 2  # the picture, and the screen below it

if TYPE_CHECKING:
    from handlers.supporter_context import SupporterContext


async def show_picture(ctx: SupporterContext) -> int | None:
    """Sends the picture to a chat that has not had it; returns its message id, or None.

    It stands above the petition, so it is sent only when that is shown as a new message; and only
    while nobody waits for their turn, since it takes the time of another person's first screen.
    The bytes are uploaded only once; later sends use Telegram's file id.
    """
    image = ctx.view.petition.image_in(ctx.view.language)
    if image is None or ctx.conversation.picture_id is not None:
        return ctx.conversation.picture_id
    if ctx.view.place.stage is not Stage.HOME or not ctx.services.has_room(ctx.chat_id, _MESSAGES):
        return None
    try:
        sent = await _send(ctx, image)
    except OSError as error:
        # The folder has changed, and the bot goes on with the texts of before.
        _log.warning("picture_not_read", kind=type(error).__name__)
        return None
    except TelegramError as error:
        if error_kind(error) is not ErrorKind.CONTENT:
            raise
        # The screen is shown without the picture, which is tried again with the next one.
        _log.warning("picture_not_shown", error_kind=error_kind(error))
        return None
    # Stored at once, so that a failure after this does not send it twice.
    await ctx.services.storage.conversations.set_screen(
        ctx.supporter,
        message_id=ctx.conversation.message_id,
        screen_digest=ctx.conversation.screen_digest,
        picture_id=sent.message_id,
    )
    return sent.message_id


async def _send(ctx: SupporterContext, image: Image) -> Message:
    cache = ctx.services.storage.telegram_cache
    content = await asyncio.to_thread(image.file.read_bytes)
    digest = hashlib.sha256(content).digest()
    key = f"{ctx.bot.id}:picture:{image.file.name}"
    known = await cache.get(key)
    caption = escape(image.credit)
    if known is not None and known.digest == digest and known.telegram_id is not None:
        try:
            return await _photo(ctx, known.telegram_id, caption)
        except TelegramError as error:
            # Telegram no longer accepts the file id: upload the file again.
            if error_kind(error) is not ErrorKind.CONTENT:
                raise
    sent = await _photo(ctx, content, caption)
    await cache.put(key, digest, sent.photo[-1].file_id)
    return sent


async def _photo(ctx: SupporterContext, photo: str | bytes, caption: Html) -> Message:
    return await ctx.bot.send_photo(ctx.chat_id, photo, caption=caption, parse_mode=ParseMode.HTML)
