"""The handlers of all updates, registered in one list."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from functools import partial, wraps
from typing import TypeVar

from telegram import Update
from telegram.ext import (
    BaseHandler,
    CallbackQueryHandler,
    ChatMemberHandler,
    CommandHandler,
    MessageHandler,
    filters,
)

from handlers import (
    admin_input,
    closing,
    closing_texts,
    groups,
    opt_out,
    statistics,
    supporter_updates,
)
from handlers.admin_context import AdminContext
from handlers.broadcasts import history, menu
from handlers.chat_context import ChatContext, open_context
from handlers.context import Context, PetitionApplication
from handlers.screens.buttons import NO_MORE
from handlers.screens.help import ADMIN_COMMANDS, SUPPORTER_COMMANDS
from handlers.supporter_context import SupporterContext
from handlers.update_filters import (
    GROUP_MESSAGE,
    PRIVATE_EDIT,
    PRIVATE_MESSAGE,
    TYPED,
    AdminTapHandler,
    HandlerCallback,
    TapElsewhere,
)

Handler = BaseHandler[Update, Context, None]
_Opened = TypeVar("_Opened", bound=ChatContext)

_ADMIN_COMMANDS: Mapping[str, Callable[[AdminContext], Awaitable[None]]] = {
    "close": closing.close,
    "reopen": closing.reopen,
    "closing": closing_texts.closing,
    "broadcast": menu.broadcast,
    "broadcasts": history.broadcasts,
    "stats": statistics.stats,
}


def register(application: PetitionApplication) -> None:
    """Adds every handler; PTB calls the first one that matches, so the order matters."""
    application.add_handlers(list(_handlers(application.services.admins)))


def _handlers(admins: frozenset[int]) -> Iterator[Handler]:
    by_admin = PRIVATE_MESSAGE & filters.User(admins) & TYPED
    # Also what an admin forwarded: it is content for a broadcast.
    sent_by_admin = PRIVATE_MESSAGE & filters.User(admins) & ~filters.StatusUpdate.ALL
    edited_by_admin = PRIVATE_EDIT & filters.User(admins)
    supporter, admin = partial(_opened, SupporterContext), partial(_opened, AdminContext)
    written = supporter(supporter_updates.written)
    sent_media = supporter(supporter_updates.sent_media)
    edited = supporter(supporter_updates.edited)
    commands = {
        name: supporter(partial(supporter_updates.command, name=name))
        for name in SUPPORTER_COMMANDS
    }

    # First among the tap handlers: the others expect a tap in a person's own chat.
    yield TapElsewhere(groups.answer_tap_elsewhere)
    for name in ADMIN_COMMANDS:
        yield CommandHandler(name, admin(_ADMIN_COMMANDS[name]), by_admin)
    cancel = _prepared_first(admin_input.cancel, commands["cancel"])
    yield CommandHandler("cancel", cancel, by_admin)
    for name, callback in commands.items():
        yield CommandHandler(name, callback, PRIVATE_MESSAGE)
    unknown = supporter(supporter_updates.unknown_command)
    yield MessageHandler(PRIVATE_MESSAGE & filters.COMMAND, unknown)
    yield MessageHandler(sent_by_admin & filters.TEXT, _prepared_first(admin_input.sent, written))
    yield MessageHandler(sent_by_admin, _prepared_first(admin_input.sent, sent_media))
    yield MessageHandler(PRIVATE_MESSAGE & filters.TEXT, written)
    yield MessageHandler(PRIVATE_MESSAGE & ~filters.StatusUpdate.ALL, sent_media)
    yield MessageHandler(edited_by_admin, _prepared_first(admin_input.edited, edited))
    yield MessageHandler(PRIVATE_EDIT, edited)
    yield CommandHandler(groups.COMMANDS, groups.invite_to_private_chat, GROUP_MESSAGE)
    yield AdminTapHandler(admins, admin(admin_input.tapped))
    for kind, data in NO_MORE.items():
        refused = partial(opt_out.refused_under_broadcast, kind=kind)
        yield CallbackQueryHandler(supporter(refused), f"^{data}$")
    yield CallbackQueryHandler(supporter(supporter_updates.tapped))
    yield ChatMemberHandler(opt_out.membership_changed, ChatMemberHandler.MY_CHAT_MEMBER)


def _opened(
    kind: type[_Opened], handle: Callable[[_Opened], Awaitable[object]]
) -> HandlerCallback:
    """Returns the callback for an update from a person's own chat, opened as this kind."""

    @wraps(handle)
    async def callback(update: Update, context: Context) -> None:
        ctx = await open_context(kind, update, context)
        await ctx.refresh()
        await handle(ctx)

    return callback


def _prepared_first(
    take: Callable[[AdminContext], Awaitable[bool]], as_supporter: HandlerCallback
) -> HandlerCallback:
    """Returns the callback for what an admin sent: for what they prepare, else as a supporter."""

    @wraps(as_supporter)
    async def callback(update: Update, context: Context) -> None:
        ctx = await open_context(AdminContext, update, context)
        await ctx.refresh()
        if not await take(ctx):
            await as_supporter(update, context)

    return callback
