"""Handles taps on admins' buttons; each carries an action and what it was offered for."""

from collections.abc import Awaitable, Callable, Mapping

from handlers import closing, closing_texts, restored_backup
from handlers.admin_context import AdminContext, AdminHandler
from handlers.broadcasts import confirm, controls, draft_input, history, menu
from handlers.screens.buttons import AdminAction, AdminTap, read_tap

_Dismiss = Callable[[AdminContext, str], Awaitable[bool]]

# Called on "no": each shows the outcome if its action was carried out meanwhile, else False.
_DISMISSED_BY: Mapping[AdminAction, _Dismiss] = {
    AdminAction.CLOSE: closing.dismiss,
    AdminAction.REOPEN: closing.dismiss,
    AdminAction.SEND: confirm.dismiss,
}


async def tapped(ctx: AdminContext) -> None:
    """Carries out the action of an admin's tap."""
    tap = read_tap(ctx.query.data if ctx.query else None)
    if isinstance(tap, AdminTap) and tap.action is not None:
        await _HANDLED_BY[tap.action](ctx, tap.argument)
    else:
        await _say_unchanged(ctx)


async def _dismiss(ctx: AdminContext, argument: str) -> None:
    """Says that nothing was changed, unless the action was carried out meanwhile."""
    what, _, rest = argument.partition(":")
    if what in _DISMISSED_BY and await _DISMISSED_BY[AdminAction(what)](ctx, rest):
        return
    await _say_unchanged(ctx)


async def _say_unchanged(ctx: AdminContext) -> None:
    await ctx.say(ctx.words.text("De acuerdo: todo queda como estaba."))


_HANDLED_BY: Mapping[AdminAction, AdminHandler] = {
    AdminAction.CLOSE: closing.confirm_close,
    AdminAction.CLOSE_ON: closing.confirm_date,
    AdminAction.NO_CLOSING_DATE: closing.remove_date,
    AdminAction.REOPEN: closing.confirm_reopen,
    AdminAction.CLOSING_UPDATE: menu.compose_closing,
    AdminAction.CLOSING_TEXT: closing_texts.tapped,
    AdminAction.COMPOSE: menu.compose,
    AdminAction.COMPOSE_BREACH: menu.compose_breach,
    AdminAction.CORRECT: menu.compose_correction,
    AdminAction.RESUME_DRAFT: menu.resume,
    AdminAction.DRAFT: draft_input.tapped,
    AdminAction.SEND: confirm.send,
    **controls.CONTROLS,
    AdminAction.HISTORY_PAGE: history.turn_page,
    AdminAction.REPORT: history.report,
    AdminAction.RELEASE: restored_backup.release,
    AdminAction.DISMISS: _dismiss,
}
