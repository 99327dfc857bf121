"""What an admin taps and sends: which button does what, and what a message or /cancel is for.

A message is for what they were asked for last: a name at the signing form, or what they prepare, a
text of /closing or the draft of a broadcast. The question for a closing date is answered with
buttons alone.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Protocol

from telegram import Message

from bot.petition.names import NameRefused, clean_name
from bot.petition.stages import expects_name
from bot.text.translations import mark
from handlers import closing, closing_texts, restored_backup
from handlers.admin_context import AdminContext, AdminHandler, Offered
from handlers.broadcasts import confirm, controls, draft_input, history, menu
from handlers.screens.buttons import AdminAction, AdminTap, read_tap
from telegram_text.markup import Html

WAITS_FOR = timedelta(hours=1)
"""How long a message is waited for; what is sent later may be meant for something else."""
REMEMBERED_FOR = timedelta(days=1)
"""How long a late message is still likely to be meant for what is prepared."""
TOO_LATE = mark(
    "No he guardado ese mensaje: llevaba más de una hora esperándolo y podía ser para otra cosa. "
    "Si era este, envíamelo otra vez."
)
"""What is said of a message that comes after that hour."""


class _Prepared(Protocol):
    """What admins prepare in the chat: when it asked for a message, and what becomes of one."""

    async def asked_at(self, ctx: AdminContext, /) -> datetime | None: ...

    async def take(self, ctx: AdminContext, /) -> None: ...

    async def ask_again(self, ctx: AdminContext, why: Html, /) -> None: ...

    async def cancel(self, ctx: AdminContext, /) -> bool: ...


_PREPARED: tuple[_Prepared, ...] = (closing_texts, draft_input)


async def sent(ctx: AdminContext) -> Offered:
    """Takes an admin's message, unless it is a supporter's."""
    message, form = ctx.message, _form_asked_at(ctx)
    if message is None:
        return Offered.NOT_MINE
    if ctx.is_of_refused_album or await closing_texts.was_taken(ctx):
        return Offered.TAKEN
    if await draft_input.belongs_to_album(ctx):
        return Offered.TAKEN
    asked = await _asked(ctx, REMEMBERED_FOR)
    if form is not None and _may_be_a_name(message):
        asked = [(at, each) for at, each in asked if at > form and ctx.now - at <= WAITS_FOR]
        if not asked:
            return Offered.NOT_MINE
    if not asked:
        # At the form a message would be deleted as an attempt at a name, also one for everybody.
        within = WAITS_FOR if form is None else REMEMBERED_FOR
        return Offered(await draft_input.turned_down(ctx, within))
    at, last = max(asked, key=itemgetter(0))
    if ctx.now - at <= WAITS_FOR:
        await last.take(ctx)
    else:
        await last.ask_again(ctx, ctx.words.text(TOO_LATE))
    return Offered.TAKEN


async def edited(ctx: AdminContext) -> Offered:
    """Takes an edit of a text or of a draft's message, or of a text that was refused."""
    if await closing_texts.edited(ctx) or await draft_input.edited(ctx):
        return Offered.TAKEN
    asked, form, message = await _asked(ctx, WAITS_FOR), _form_asked_at(ctx), ctx.message
    if not asked or message is None or not message.text or message.text.startswith("/"):
        return Offered.NOT_MINE
    at, last = max(asked, key=itemgetter(0))
    # What was sent since then and was not taken was refused. Telegram's times have no fraction.
    if (form is not None and form >= at) or message.date < at.replace(microsecond=0):
        return Offered.NOT_MINE
    await last.take(ctx)
    return Offered.TAKEN


async def cancel(ctx: AdminContext) -> Offered:
    """Leaves what an admin was asked for last, or what waits for nothing or has waited too long.

    Unless that is the signing form, or nothing.
    """
    asked, form = await _asked(ctx, WAITS_FOR), _form_asked_at(ctx)
    if form is not None and all(form >= at for at, _ in asked):
        return Offered.NOT_MINE
    if asked:
        return Offered(await max(asked, key=itemgetter(0))[1].cancel(ctx))
    return Offered(await draft_input.cancel(ctx) or await closing_texts.cancel(ctx))


async def _asked(ctx: AdminContext, within: timedelta) -> list[tuple[datetime, _Prepared]]:
    """Returns what asked for a message within this time and waits for it, and when it did."""
    asked = [(await each.asked_at(ctx), each) for each in _PREPARED]
    return [(at, each) for at, each in asked if at is not None and ctx.now - at <= within]


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
    AdminAction.RELEASE: restored_backup.release,
    AdminAction.DISMISS: _dismiss,
}
