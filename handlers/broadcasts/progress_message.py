"""How an admin's tap is shown: in the progress message, or in the message that was tapped."""

from functools import partial

import structlog
from telegram.error import TelegramError

from bot.transport.error_kinds import error_kind
from handlers.admin_context import AdminContext
from handlers.broadcasts.progress_publisher import (
    MakeScreen,
    ProgressPublisher,
    progress_place,
    view_of,
)
from handlers.broadcasts.screens.progress import state_screen
from handlers.screens.buttons import read_id
from handlers.screens.screen import Screen
from storage.broadcast_types import Broadcast
from storage.broadcasts import broadcast_with

_log = structlog.stdlib.get_logger()


async def tell_progress(ctx: AdminContext, key: bytes) -> None:
    """Moves the progress to the admin's message, as soon as Telegram accepts it."""
    await ctx.tell(partial(move_progress_here, ctx, key))


async def tell_state(
    ctx: AdminContext, shown: Broadcast, screen: MakeScreen = state_screen
) -> None:
    """Shows the broadcast's state in the admin's message, as soon as Telegram accepts it."""
    await ctx.tell(partial(show, ctx, shown, screen))


async def move_progress_here(ctx: AdminContext, key: bytes) -> None:
    """Makes the admin's message the progress message; the former one points to it.

    Raises:
        LookupError: there is no such broadcast.
        TelegramError: the admin's message could not be written.
    """
    broadcast = await ctx.services.storage.read(broadcast_with, key)
    if broadcast is None:
        raise LookupError("A broadcast that was there is not there.")
    publisher, former = _publisher(ctx), progress_place(broadcast)
    await ctx.answer()
    now = await publisher.move(broadcast, ctx.chat_id, ctx.message_id)
    if former is None or former == progress_place(now):
        return
    if now.is_over:
        await publisher.show_end(former, now)
    else:
        await publisher.point_elsewhere(former)


async def show(ctx: AdminContext, shown: Broadcast, screen: MakeScreen = state_screen) -> None:
    """Shows a broadcast in the admin's message; its state, if that has changed since `shown`."""
    now = await ctx.services.storage.read(broadcast_with, shown.id) or shown
    if progress_place(now) == (ctx.chat_id, ctx.message_id):
        await ctx.answer_while(_publisher(ctx).draw(shown, screen=screen, again=True))
    else:
        drawn = await screen_of(ctx, now, screen if now.state == shown.state else state_screen)
        await ctx.write(drawn)


async def screen_of(
    ctx: AdminContext, broadcast: Broadcast, screen: MakeScreen = state_screen
) -> Screen:
    """Returns the screen of a broadcast for this admin."""
    return screen(await view_of(ctx.services, ctx.words, broadcast, reader=ctx.user.id))


async def find_broadcast(ctx: AdminContext, argument: str) -> Broadcast | None:
    """Returns the broadcast that a button names; if there is none, says so and returns None."""
    known = await ctx.services.storage.read(broadcast_with, read_id(argument))
    if known is None:
        await ctx.say(ctx.words.text("Ese envío no existe. Escribe /broadcasts."))
    return known


async def refresh(ctx: AdminContext, broadcast: Broadcast) -> None:
    """Updates the progress message, perhaps another admin's; logs a failure of Telegram."""
    try:
        await _publisher(ctx).draw(broadcast, again=True)
    except TelegramError as error:
        _log.info("progress_not_updated", error_kind=error_kind(error))


def _publisher(ctx: AdminContext) -> ProgressPublisher:
    return ProgressPublisher(ctx.bot, ctx.services)
