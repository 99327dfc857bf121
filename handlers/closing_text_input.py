"""Takes what an admin sends as the text that /closing asked them for."""

import hashlib
import re
from dataclasses import replace
from datetime import date, datetime

from telegram import Message

from bot.petition.outcome import TextFault, surplus, text_fault
from handlers.admin_context import AdminContext
from handlers.broadcasts.draft import REMEMBERED_FOR, WAITS_FOR
from handlers.closing_texts import show_again, too_long, view_of
from storage.closing_texts import (
    AwaitedText,
    ClosingText,
    all_closing_texts,
    await_closing_text,
    awaited_closing_text,
    forget_awaited_text,
    write_closing_text,
)
from telegram_text.markup import Html

_DAY = re.compile(r"\s*(\d{1,2})[/.-](\d{1,2})[/.-](\d{4}|\d{2})\s*\n")


async def asked_at(ctx: AdminContext) -> datetime | None:
    """Returns when an admin was asked for a text that the bot still waits for."""
    awaited = await ctx.storage.read(awaited_closing_text, ctx.reference)
    if awaited is None or ctx.now - awaited.asked_at > WAITS_FOR:
        return None
    return awaited.asked_at


async def take(ctx: AdminContext) -> None:
    """Takes an admin's message as the text that they were asked for."""
    awaited = await ctx.storage.read(awaited_closing_text, ctx.reference)
    if awaited is not None and ctx.message is not None:
        await _take(ctx, awaited, ctx.message, is_edit=False)


async def came_late(ctx: AdminContext) -> bool:
    """Asks again for a text that was awaited too long ago; returns False if none was."""
    storage, now = ctx.storage, ctx.now
    awaited = await storage.read(awaited_closing_text, ctx.reference)
    if awaited is None or now - awaited.asked_at > REMEMBERED_FOR:
        return False
    await storage.write(await_closing_text, ctx.reference, replace(awaited, asked_at=now))
    late = ctx.words.text(
        "No he guardado ese mensaje: llevaba más de una hora esperándolo y podía ser para otra "
        "cosa. Si era este, envíamelo otra vez."
    )
    await ctx.at_bottom().say(late)
    return True


async def edited(ctx: AdminContext) -> bool:
    """Takes an edit of a text as its next version; returns False for any other message."""
    message, now = ctx.message, ctx.now
    known = None if message is None else await _version_of(ctx, message)
    if message is None or known is None:
        return False
    former = AwaitedText(known.entry, known.kind, known.language, now, known.day)
    await _take(ctx, former, message, is_edit=True)
    return True


async def cancel(ctx: AdminContext) -> bool:
    """Stops waiting for a text."""
    await ctx.storage.write(forget_awaited_text, ctx.reference)
    await ctx.say(ctx.words.text("De acuerdo: todo queda como estaba."))
    return True


async def was_taken(ctx: AdminContext) -> bool:
    """Answers for a message that was stored before the bot stopped; False for any other."""
    awaited = await ctx.storage.read(awaited_closing_text, ctx.reference)
    if ctx.message is None or awaited is not None or not await _version_of(ctx, ctx.message):
        return False
    await _show_saved(ctx)
    return True


async def _version_of(ctx: AdminContext, message: Message) -> ClosingText | None:
    """Returns the version that a message became; None if it became none."""
    versions = await ctx.storage.read(all_closing_texts)
    return next((each for each in versions if each.id == _key(ctx, message)), None)


async def _take(
    ctx: AdminContext, awaited: AwaitedText, message: Message, *, is_edit: bool
) -> None:
    """Writes a message as a version of the text that it is for, or says what is wrong with it."""
    read, storage, at = _read(ctx, awaited, message), ctx.storage, ctx.now
    if isinstance(read, Html):
        await ctx.at_bottom().say(read)
        return
    awaited, text = read
    view, petition = await view_of(ctx), ctx.services.petition
    candidate = ClosingText(
        id=b"",
        entry=awaited.entry,
        kind=awaited.kind,
        day=awaited.day,
        language=awaited.language,
        number=len(view.versions) + 1,
        text=text,
        author=ctx.user.id,
        written_at=awaited.asked_at,
        discarded_at=None,
        publication=None,
    )
    shown = [*view.published, *view.waiting, *view.left, candidate]
    if over := surplus(petition, shown, awaited.language):
        await ctx.at_bottom().say(too_long(ctx.words, over))
        return
    key = _key(ctx, message, edit=message.edit_date if is_edit else None)
    asked = None if is_edit else ctx.reference
    await storage.write(write_closing_text, key, asked, awaited, text, actor=ctx.user.id, at=at)
    await _show_saved(ctx)


def _read(
    ctx: AdminContext, awaited: AwaitedText, message: Message
) -> tuple[AwaitedText, str] | Html:
    """Returns the text of a message as Telegram HTML, with its day if the first line is one.

    Of a text that is not taken it returns why.
    """
    words = ctx.words
    if message.text is None:
        return words.text(TextFault.NOT_TEXT)
    html = message.text_html.strip()
    written = _DAY.match(html) if awaited.day is not None else None
    if written is not None:
        try:
            year = int(written[3]) + (2000 if len(written[3]) == 2 else 0)
            day = date(year, int(written[2]), int(written[1]))
        except ValueError:
            return words.text("⚠️ No lo he guardado: la fecha de la primera línea no existe.")
        if day > ctx.services.today:
            return words.text("⚠️ No lo he guardado: la fecha de la primera línea no ha llegado.")
        awaited, html = replace(awaited, day=day), html[written.end() :].strip()
    fault = text_fault(html)
    return (awaited, html) if fault is None else words.text(fault)


async def _show_saved(ctx: AdminContext) -> None:
    saved = ctx.words.text(
        "✅ Guardado. Todavía no lo lee nadie: míralo y, si está bien, publícalo."
    )
    await show_again(ctx.at_bottom(), saved)


def _key(ctx: AdminContext, message: Message, *, edit: datetime | None = None) -> bytes:
    """Returns the id of the version that a message becomes, however often it is handled."""
    place = f"{message.message_id}/{edit}" if edit else f"{message.message_id}"
    return hashlib.sha256(b"closing text\x00" + ctx.reference + place.encode()).digest()[:16]
