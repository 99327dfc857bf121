"""The petition's picture, sent once to each chat, above the conversation message."""

import asyncio
import hashlib
from contextlib import suppress
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import structlog
from telegram.constants import ParseMode
from telegram.error import TelegramError

from bot.petition.petition import Image
from bot.petition.stages import Stage
from bot.transport.errors import ErrorKind, error_kind
from bot.transport.session import Upload
from handlers.chat_context import ChatContext
from storage.conversations import store_picture
from storage.telegram_cache import find_cached_item, put_cached_item
from telegram_text.markup import escape

_log = structlog.stdlib.get_logger()

_PICTURE = "picture"  # its reply is beside the screen's
_LONGEST_WAIT = 2.0  # seconds that the screen waits for the picture
_MOST_AT_ONCE = 20  # that are being sent; if they hang, they take no more connections than that


async def show_picture(ctx: ChatContext) -> None:
    """Sends the picture to a chat that has not had it; the screen waits a moment for it.

    It stands above the petition, so it is sent only when that is shown as a new message; and only
    while nobody waits for their turn, since it takes the time of another person's first screen.
    The bytes are uploaded only once; later sends use Telegram's file id. Where that takes long the
    picture goes on by itself, and comes below the screen.
    """
    image = ctx.view.petition.image_in(ctx.view.language)
    if image is None or ctx.conversation.picture_id is not None:
        return
    replies = ctx.services.delayed_replies
    under_way = replies.chats_owed(_PICTURE)
    if ctx.chat_id in under_way or len(under_way) >= _MOST_AT_ONCE:
        return
    if ctx.view.place.stage is not Stage.HOME or not ctx.services.gate.has_room(ctx.chat_id):
        return
    # A try whose answer was lost is not followed by another: the picture would come twice.
    may_have_come = partial(ctx.storage.write, store_picture, ctx.reference, 0)
    with suppress(TimeoutError):
        async with asyncio.timeout(_LONGEST_WAIT):
            await ctx.tell(partial(_send_once, ctx, image), may_have_come, beside=_PICTURE)


async def _send_once(ctx: ChatContext, image: Image) -> None:
    try:
        sent = await _send(ctx, image)
    except OSError as error:
        # The folder has changed, and the bot goes on with the texts of before.
        _log.warning("picture_not_read", kind=type(error).__name__)
        return
    except TelegramError as error:
        kind = error_kind(error)
        _log.warning("picture_not_shown", error_kind=kind)
        if kind is ErrorKind.UNKNOWN:
            raise
        return  # it is tried again with the next screen that is new
    await ctx.storage.write(store_picture, ctx.reference, sent["message_id"])


async def _send(ctx: ChatContext, image: Image) -> Any:
    storage = ctx.storage
    digest = _digest_of(image.file, image.file.stat().st_mtime_ns)
    key = f"{ctx.bot.id}:picture:{image.file.name}"
    known = await storage.read(find_cached_item, key)
    send = partial(
        ctx.bot.call,
        "sendPhoto",
        chat_id=ctx.chat_id,
        caption=escape(image.credit),
        parse_mode=ParseMode.HTML,
    )
    if known is not None and known.digest == digest and known.telegram_id is not None:
        try:
            return await send(photo=known.telegram_id)
        except TelegramError as error:
            # Telegram no longer accepts the file id: upload the file again.
            if error_kind(error) is not ErrorKind.CONTENT:
                raise
    content = await asyncio.to_thread(image.file.read_bytes)
    sent = await send(photo=Upload(image.file.name, content))
    if sent.get("photo"):  # else there is nothing to send again by its name
        await storage.write(put_cached_item, key, digest, sent["photo"][-1]["file_id"])
    return sent


@lru_cache(maxsize=8)
def _digest_of(file: Path, _changed_at: int) -> bytes:
    """Returns a picture's digest; it is read again only when it has changed."""
    return hashlib.sha256(file.read_bytes()).digest()
