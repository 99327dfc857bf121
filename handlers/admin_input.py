"""What an admin taps and sends: which button does what, and what a message or /cancel is for.

A message is for what they were asked for last: a name at the signing form, or what they prepare, a
text of /closing or the draft of a broadcast. The question for a closing date is answered with
buttons alone.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from operator import itemgetter
from typing import Protocol

from telegram import Message

from bot.petition.names import NameRefused, clean_name
from bot.petition.stages import expects_name
from handlers import closing, closing_texts, operator_notices
from handlers.admin_context import AdminContext, AdminHandler
from handlers.broadcasts import confirm, controls, draft_input, history, menu
from handlers.screens.buttons import AdminAction, AdminTap, read_tap


class _Prepared(Protocol):
    """What admins prepare in the chat: when it asked for a message, and what takes it."""

    async def asked_at(self, ctx: AdminContext, /) -> datetime | None: ...

    async def take(self, ctx: AdminContext, /) -> None: ...

    async def cancel(self, ctx: AdminContext, /) -> bool: ...


_PREPARED: tuple[_Prepared, ...] = (closing_texts, draft_input)


async def sent(ctx: AdminContext) -> bool:
    """Takes an admin's message; returns False if it is a supporter's, as an admin may be one."""
    if ctx.message is None:
        return False
    if await closing_texts.was_taken(ctx) or await draft_input.belongs_to_album(ctx):
        return True
    asked, is_for_form = await _asked_last(ctx, may_be_a_name=_may_be_a_name(ctx.message))
    if asked is not None:
        await asked.take(ctx)
        return True
    if is_for_form:
        return False
    is_at_form = _form_asked_at(ctx) is not None
    late = not is_at_form and await closing_texts.came_late(ctx)
    return late or await draft_input.turned_down(ctx, is_at_form=is_at_form)


async def edited(ctx: AdminContext) -> bool:
    """Takes an edit of a text or of a draft's message; returns False for any other."""
    return await closing_texts.edited(ctx) or await draft_input.edited(ctx)


async def cancel(ctx: AdminContext) -> bool:
    """Leaves what an admin was asked for last, or what waits for nothing or has waited too long.

    Returns False if that is the signing form, or nothing.
    """
    asked, is_for_form = await _asked_last(ctx, may_be_a_name=True)
    if is_for_form:
        return False
    if asked is not None:
        return await asked.cancel(ctx)
    return await draft_input.cancel(ctx) or await closing_texts.cancel(ctx)


async def _asked_last(ctx: AdminContext, *, may_be_a_name: bool) -> tuple[_Prepared | None, bool]:
    """Returns what asked last for a message and still waits, and whether that was the form."""
    form = _form_asked_at(ctx) if may_be_a_name else None
    asked = [(at, each) for each in _PREPARED if (at := await each.asked_at(ctx)) is not None]
    if not asked:
        return None, form is not None
    at, last = max(asked, key=itemgetter(0))
    is_for_form = form is not None and form >= at
    return None if is_for_form else last, is_for_form


def _form_asked_at(ctx: AdminContext) -> datetime | None:
    """Returns when the signing form, or /mydata, asked for a name that has not come."""
    return ctx.conversation.updated_at if expects_name(ctx.view.place) else None


def _may_be_a_name(message: Message) -> bool:
    """Whether it could be one; what cannot may have been written for everybody, and stays."""
    try:
        clean_name(message.text)
    except NameRefused:
        return False
    return True


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
    AdminAction.RELEASE: operator_notices.release,
    AdminAction.DISMISS: _dismiss,
}
