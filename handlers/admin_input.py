"""Decides what an admin's message or /cancel is for: what they were asked for last.

That is a name at the signing form, a text of /closing, or the draft of a broadcast. The question
for a closing date is answered with buttons alone.
"""

from datetime import datetime
from enum import Enum, auto

from telegram import Message

from bot.petition.names import NameRefused, clean_name
from bot.petition.stages import expects_name
from handlers import closing_text_input
from handlers.admin_context import AdminContext
from handlers.broadcasts import draft_input


class _Asked(Enum):
    FORM = auto()
    CLOSING_TEXT = auto()
    DRAFT = auto()


async def sent(ctx: AdminContext) -> bool:
    """Takes an admin's message; returns False if it is a supporter's, as an admin may be one."""
    if ctx.message is None:
        return False
    if await closing_text_input.was_taken(ctx) or await draft_input.belongs_to_album(ctx):
        return True
    asked = await _asked_last(ctx, may_be_a_name=_may_be_a_name(ctx.message))
    if asked is _Asked.CLOSING_TEXT:
        await closing_text_input.take(ctx)
    elif asked is _Asked.DRAFT:
        await draft_input.take(ctx)
    elif asked is None:
        is_at_form = _form_asked_at(ctx) is not None
        late = not is_at_form and await closing_text_input.came_late(ctx)
        return late or await draft_input.turned_down(ctx, is_at_form=is_at_form)
    return asked is not _Asked.FORM


async def edited(ctx: AdminContext) -> bool:
    """Takes an edit of a text or of a draft's message; returns False for any other."""
    return await closing_text_input.edited(ctx) or await draft_input.edited(ctx)


async def cancel(ctx: AdminContext) -> bool:
    """Leaves what an admin was asked for last, or a draft that waits for nothing.

    Returns False if that is the signing form, or nothing.
    """
    asked = await _asked_last(ctx, may_be_a_name=True)
    if asked is _Asked.CLOSING_TEXT:
        await closing_text_input.cancel(ctx)
        return True
    return asked is not _Asked.FORM and await draft_input.cancel(ctx)


async def _asked_last(ctx: AdminContext, *, may_be_a_name: bool) -> _Asked | None:
    """Returns what they were asked for last, of what still waits; None if nothing does."""
    waiting = {
        _Asked.FORM: _form_asked_at(ctx) if may_be_a_name else None,
        _Asked.CLOSING_TEXT: await closing_text_input.asked_at(ctx),
        _Asked.DRAFT: await draft_input.asked_at(ctx),
    }
    times = {asked: at for asked, at in waiting.items() if at is not None}
    return max(times, key=times.__getitem__, default=None)


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
