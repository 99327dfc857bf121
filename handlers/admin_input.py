"""What an admin taps and sends: which button does what, and what a message or /cancel is for.

A message is for what they were asked for last: a name at the signing form, or what they prepare, a
text of /closing or the draft of a broadcast. The question for a closing date is answered with
buttons alone.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from operator import attrgetter

from telegram import Message

from bot.petition.names import NameRefused, clean_name
from bot.petition.stages import expects_name
from handlers import closing, closing_texts, restored_backup
from handlers.broadcasts import confirm, controls, draft_input, history, menu
from handlers.broadcasts.draft_editor import DraftEditor, open_draft
from handlers.chat_context import WAITS_FOR, AdminContext, AdminHandler, AwaitedMessage
from handlers.screens.buttons import AdminAction, AdminTap, read_tap


async def sent(ctx: AdminContext) -> bool:
    """Takes an admin's message, unless it is a supporter's."""
    message, form, editor = ctx.message, _form_asked_at(ctx), await open_draft(ctx)
    if message is None:
        return False
    if await closing_texts.was_taken(ctx):
        return True
    if editor is not None and await draft_input.belongs_to_album(editor, message):
        return True
    asked = _lately(ctx, await _waiting(ctx, editor))
    # At the form a message is deleted as an attempt at a name, which one for everybody is not.
    if form is not None and _may_be_a_name(message):
        asked = [each for each in asked if each.at > form]
        if not asked:
            return False
    if not asked:
        return editor is not None and await draft_input.turned_down(editor, message)
    await max(asked, key=attrgetter("at")).take(message)
    return True


async def edited(ctx: AdminContext) -> bool:
    """Takes an edit of a text of /closing or of a draft's message."""
    return await closing_texts.edited(ctx) or await draft_input.edited(ctx)


async def cancel(ctx: AdminContext) -> bool:
    """Leaves what an admin was asked for last, or what waits for nothing or has waited too long.

    Unless that is the signing form, or nothing.
    """
    form, editor = _form_asked_at(ctx), await open_draft(ctx)
    waiting = await _waiting(ctx, editor)
    asked = _lately(ctx, waiting)
    if form is not None and all(form >= each.at for each in asked):
        return False
    if not asked and editor is not None:
        await confirm.discard_draft(editor)
        return True
    if asked := asked or waiting:
        await max(asked, key=attrgetter("at")).leave()
    return bool(asked)


async def _waiting(ctx: AdminContext, editor: DraftEditor | None) -> list[AwaitedMessage]:
    """Returns what waits for a message, however long it has waited."""
    draft = None if editor is None else draft_input.asked(editor)
    asked = (await closing_texts.asked(ctx), draft)
    return [each for each in asked if each is not None]


def _lately(ctx: AdminContext, waiting: list[AwaitedMessage]) -> list[AwaitedMessage]:
    """Returns of what waits for a message what did not ask for it too long ago."""
    return [each for each in waiting if ctx.now - each.at <= WAITS_FOR]


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


async def tapped(ctx: AdminContext) -> None:
    """Carries out the action of an admin's tap."""
    tap = read_tap(ctx.query.data if ctx.query else None)
    if isinstance(tap, AdminTap) and tap.action is not None:
        await _HANDLED_BY[tap.action](ctx, tap.argument)
    else:
        await _say_unchanged(ctx)


async def _dismiss(ctx: AdminContext, argument: str) -> None:
    """Discards the draft that is not to be sent, or shows the petition or menu as it is.

    Of anything else it says that nothing is done.
    """
    what, _, rest = argument.partition(":")
    if what == AdminAction.SEND:
        await confirm.dismiss(ctx, rest)
    elif what == AdminAction.COMPOSE_BREACH:
        await menu.broadcast(ctx)
    elif what in (AdminAction.CLOSE, AdminAction.CLOSE_ON, AdminAction.REOPEN):
        await closing.show_state(ctx)
    else:
        await _say_unchanged(ctx)


async def _say_unchanged(ctx: AdminContext) -> None:
    await ctx.say(ctx.words.text("De acuerdo: no he cambiado nada."))


_HANDLED_BY: Mapping[AdminAction, AdminHandler] = {
    AdminAction.CLOSE: closing.confirm_close,
    AdminAction.CLOSE_ON: closing.confirm_date,
    AdminAction.NO_CLOSING_DATE: partial(closing.choose_date, moment=None),
    AdminAction.REOPEN: closing.confirm_reopen,
    AdminAction.CLOSING_UPDATE: menu.compose_closing,
    AdminAction.CLOSING_TEXT: closing_texts.tapped,
    AdminAction.COMPOSE: menu.compose,
    AdminAction.COMPOSE_BREACH: menu.compose_breach,
    AdminAction.RESUME_DRAFT: menu.resume,
    AdminAction.DRAFT: draft_input.tapped,
    AdminAction.SEND: confirm.send,
    **controls.CONTROLS,
    AdminAction.HISTORY_PAGE: history.turn_page,
    AdminAction.RELEASE: restored_backup.release,
    AdminAction.DISMISS: _dismiss,
}
