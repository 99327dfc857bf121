"""Dispatches taps on admins' buttons; each carries an action and what it was offered for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType

from telegram import Update

from handlers import closing, supporter_callbacks
from handlers.admin_context import AdminContext, AdminHandler, open_admin_context
from handlers.broadcasts import approval, confirm, controls, draft_taps, history, menu
from handlers.context import Context
from handlers.screens.buttons import AdminAction, AdminTap, read_tap
from handlers.update_filters import is_admin_tap

# Called on "no": each shows the outcome if its action was carried out meanwhile, else False.
_LEFT_BY: Mapping[AdminAction, Callable[[AdminContext, str], Awaitable[bool]]] = MappingProxyType(
    {
        AdminAction.CLOSE: closing.left,
        AdminAction.REOPEN: closing.left,
        AdminAction.SEND: confirm.leave,
    }
)


def is_order(data: object) -> bool:
    """Whether callback data belongs to an admin's button. `dispatch` checks who tapped it."""
    return isinstance(read_tap(data), AdminTap)


async def dispatch(update: Update, context: Context) -> None:
    """Carries out the action of an admin's tap; anyone else's is treated as a supporter's tap."""
    query = update.callback_query
    if not is_admin_tap(update, context.services.admins):
        await supporter_callbacks.tapped(update, context)
        return
    ctx, tap = await open_admin_context(update, context), read_tap(query.data if query else None)
    if isinstance(tap, AdminTap) and tap.action is not None:
        await _HANDLED_BY[tap.action](ctx, tap.argument)
    else:
        await _say_unchanged(ctx)


async def _dismiss(ctx: AdminContext, argument: str) -> None:
    """Says that nothing was changed, unless the action was carried out meanwhile."""
    what, _, rest = argument.partition(":")
    if what in _LEFT_BY and await _LEFT_BY[AdminAction(what)](ctx, rest):
        return
    await _say_unchanged(ctx)


async def _say_unchanged(ctx: AdminContext) -> None:
    await ctx.say(ctx.words.text("De acuerdo: todo queda como estaba."))


_HANDLED_BY: Mapping[AdminAction, AdminHandler] = MappingProxyType(
    {
        AdminAction.CLOSE: closing.confirmed_close,
        AdminAction.REOPEN: closing.confirmed_reopen,
        AdminAction.CLOSING_UPDATE: menu.final,
        AdminAction.COMPOSE: menu.compose,
        AdminAction.RESUME_DRAFT: menu.resume,
        AdminAction.DRAFT: draft_taps.tapped,
        AdminAction.SEND: confirm.send,
        AdminAction.WATCH: controls.watch,
        AdminAction.PAUSE: controls.pause,
        AdminAction.RESUME: controls.resume,
        AdminAction.REVIEW: approval.review,
        AdminAction.APPROVE: approval.approve,
        AdminAction.ASK_DECLINE: approval.ask_to_decline,
        AdminAction.DECLINE: approval.decline,
        AdminAction.ASK_CANCEL: controls.ask_to_cancel,
        AdminAction.CANCEL: controls.cancel,
        AdminAction.ASK_RECALL: controls.ask_to_recall,
        AdminAction.RECALL: controls.recall,
        AdminAction.HISTORY_PAGE: history.turn,
        AdminAction.REPORT: history.report,
        AdminAction.DISMISS: _dismiss,
    }
)
