"""Finds the handler of every update."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from telegram import CallbackQuery, Message, Update

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
from handlers.chat_context import open_context
from handlers.context import Services
from handlers.screens.buttons import NO_MORE, AdminTap, read_tap
from handlers.supporter_context import SupporterContext
from handlers.update_kinds import command_in, is_there, own_chat

Order = Callable[[AdminContext], Awaitable[None]]
ByAdmin = Order | Callable[[AdminContext], Awaitable[bool]]
"""An admin's handler; one that returns False leaves the update to the supporter's."""
BySupporter = Callable[[SupporterContext], Awaitable[None]]

ADMIN_HANDLERS: Mapping[str, Order] = {
    "close": closing.close,
    "reopen": closing.reopen,
    "closing": closing_texts.closing,
    "broadcast": menu.broadcast,
    "broadcasts": history.broadcasts,
    "stats": statistics.stats,
}

_REFUSED_UNDER_BROADCAST: Mapping[str, BySupporter] = {
    data: partial(opt_out.refused_under_broadcast, kind=kind) for kind, data in NO_MORE.items()
}


async def handle(services: Services, update: Update) -> None:
    """Handles an update; one that needs no reply is ignored."""
    here = own_chat(update)
    if here is None:
        await groups.handle(services, update)
    elif update.my_chat_member is not None:
        await opt_out.membership_changed(services, update.my_chat_member)
    else:
        is_admin = here[0].id in services.admins
        by_admin, by_supporter = handlers_of(update, services.bot.username, is_admin=is_admin)
        if by_admin is not None:
            admin = await (await open_context(AdminContext, services, update)).refreshed()
            if await by_admin(admin) is False and by_supporter is not None:
                await by_supporter(admin.opened_as(SupporterContext))
        elif by_supporter is not None:
            supporter = await open_context(SupporterContext, services, update)
            await by_supporter(await supporter.refreshed())


def handlers_of(
    update: Update, bot: str, *, is_admin: bool
) -> tuple[ByAdmin | None, BySupporter | None]:
    """Returns what handles an update from a person's own chat, as an admin's and as a supporter's.

    An admin may be a supporter too: what is not the first one's is the second one's.
    """
    if update.callback_query is not None:
        return _handlers_of_tap(update.callback_query, is_admin=is_admin)
    if update.edited_message is not None:
        return admin_input.edited if is_admin else None, supporter_updates.edited
    if update.message is None or _is_told_by_telegram(update.message):
        return None, None
    return _handlers_of_message(update.message, bot, is_admin=is_admin)


def _is_told_by_telegram(message: Message) -> bool:
    """Whether a message says what became of the chat; nobody wrote it."""
    written = (message.text, message.effective_attachment, message.checklist, message.giveaway)
    return not any(written) and message.giveaway_winners is None


def _handlers_of_tap(
    query: CallbackQuery, *, is_admin: bool
) -> tuple[ByAdmin | None, BySupporter | None]:
    # Under an inaccessible message it is never carried out: what that said is unknown.
    if is_admin and is_there(query) and isinstance(read_tap(query.data), AdminTap):
        return admin_input.tapped, None
    return None, _REFUSED_UNDER_BROADCAST.get(query.data or "", supporter_updates.tapped)


def _handlers_of_message(
    message: Message, bot: str, *, is_admin: bool
) -> tuple[ByAdmin | None, BySupporter | None]:
    name = command_in(message, bot)
    if name is None:
        by_supporter = supporter_updates.written if message.text else supporter_updates.sent_media
        # Also what an admin forwarded: it is content for a broadcast.
        return admin_input.sent if is_admin else None, by_supporter
    if is_admin and name in ADMIN_HANDLERS:
        return ADMIN_HANDLERS[name], None
    if name not in supporter_updates.COMMANDS:
        return None, supporter_updates.unknown_command
    may_be_for_draft = is_admin and name == "cancel"
    by_admin = admin_input.cancel if may_be_for_draft else None
    return by_admin, partial(supporter_updates.command, name=name)
