"""/closing: the closing update and what followed it, written and published in the chat.

Everything that is under way is in the database: also for which text an admin was asked.
"""

import hashlib
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from itertools import chain

from telegram import Message

from bot.petition.outcome import TextFault, missing_languages, surplus, text_fault
from bot.text.problems import Refused
from bot.text.translations import Words, mark
from handlers.chat_context import AdminContext, AwaitedMessage
from handlers.context import Services
from handlers.screens import closing_texts as screens
from handlers.screens.buttons import ClosingStep, read_id
from handlers.screens.closing_texts import ClosingTextsView
from handlers.screens.petition_text import home
from handlers.screens.screen import Screen, paragraphs, sentences
from storage.admins import names_of_admins
from storage.closing_texts import (
    CLOSING_UPDATE,
    AwaitedText,
    ClosingText,
    ClosingTextKind,
    all_closing_texts,
    approve_publication,
    await_closing_text,
    awaited_closing_text,
    decline_publication,
    discard_closing_texts,
    forget_awaited_text,
    publication_id,
    publish_closing_texts,
    write_closing_text,
)
from storage.conversations import Conversation
from storage.handovers import active_handover
from storage.petitions import PetitionState, closing_update_is_under_way, petition_state
from telegram_text.markup import Html

_NEW = "new"
_PUBLISHED = mark("✅ Publicado.")
_WAITS = mark(
    "⏳ Todavía no se lee: hace falta que lo apruebe otra de las personas que administran la "
    "petición."
)
_CHANGED = mark("⚠️ No se ha publicado nada: algo ha cambiado mientras tanto. Míralo otra vez.")
_DAY = re.compile(r"\s*(\d{1,2})[/.-](\d{1,2})[/.-](\d{4}|\d{2})\s*\n")

# The kinds that a text can have of which no version is written yet.
_KINDS: Mapping[str, frozenset[ClosingTextKind]] = {
    CLOSING_UPDATE: frozenset({ClosingTextKind.CLOSING_UPDATE}),
    _NEW: frozenset(ClosingTextKind) - {ClosingTextKind.CLOSING_UPDATE},
}


async def view_for(services: Services, reader: int, language: str) -> ClosingTextsView:
    """Returns everything that the screens of /closing are drawn from, for one admin."""
    versions = await services.storage.read(all_closing_texts)
    people = {each.author for each in versions}
    for made in filter(None, chain.from_iterable((v.publication, v.declined) for v in versions)):
        people |= {made.requested_by, made.approved_by}
    names = await services.storage.read(names_of_admins, people)
    words = services.catalogs.words(language)
    return ClosingTextsView(words, services.petition, versions, names, reader)


async def view_of(ctx: AdminContext) -> ClosingTextsView:
    """Returns what the screens of /closing are drawn from for the admin of this update."""
    return await view_for(ctx.services, ctx.user.id, ctx.view.language)


async def closing(ctx: AdminContext) -> None:
    """Handles /closing: shows what late visitors read, and what can be done about it."""
    await ctx.say(screens.overview(await view_of(ctx)))


async def tapped(ctx: AdminContext, argument: str) -> None:
    """Carries out the tap on a button of /closing."""
    (step, _, value), view = argument.partition(":"), await view_of(ctx)
    does, screen = _DONE_BY.get(step), _SCREENS.get(step, screens.overview)
    shown = screen(view) if does is None else await does(ctx, view, value)
    if isinstance(shown, Html):
        await _show_again(ctx, shown)
    elif shown is not None:
        await ctx.say(shown)


async def _show_again(ctx: AdminContext, notice: Html) -> None:
    """Shows the overview as it is now, with a notice."""
    await ctx.say(screens.overview(await view_of(ctx)).with_notice(notice))


_Step = Callable[[AdminContext, ClosingTextsView, str], Awaitable[Screen | Html | None]]
"""Carries out a tap; returns what to show, or what to say above the overview.

None if it has shown what there is to be shown."""


async def _write(ctx: AdminContext, view: ClosingTextsView, value: str) -> Screen:
    entry, _, rest = value.partition(":")
    kind, _, language = rest.partition(":")
    last = next((each for each in reversed(view.versions) if each.entry == entry), None)
    kinds = _KINDS.get(entry, frozenset()) if last is None else {last.kind}
    if kind not in kinds or language not in view.petition.languages:
        return screens.overview(view)
    day = None
    if entry != CLOSING_UPDATE:
        day = (last.day if last else None) or ctx.services.today
    awaited = AwaitedText(
        entry=secrets.token_hex(4) if entry == _NEW else entry,
        kind=ClosingTextKind(kind),
        language=language,
        asked_at=ctx.now,
        day=day,
    )
    await ctx.storage.write(await_closing_text, ctx.reference, awaited)
    return screens.ask_text(view, awaited)


async def _preview(ctx: AdminContext, view: ClosingTextsView, _value: str) -> None:
    question = screens.publish_question(view, _when_read(ctx, ctx.view.petition_state))
    await ctx.tell_once(partial(_show_read, ctx, [*view.published, *view.left], question))


async def _review(ctx: AdminContext, view: ClosingTextsView, _value: str) -> Screen | None:
    if view.request is None:
        return screens.overview(view)
    question = screens.approval_question(view, view.request)
    asked = [each for each in view.waiting if each.publication == view.request]
    await ctx.tell_once(partial(_show_read, ctx, [*view.published, *asked], question))
    return None


async def _show_read(ctx: AdminContext, versions: list[ClosingText], question: Screen) -> None:
    """Sends the late visitor's screen in every language, with the question below."""
    services, words, state = ctx.services, ctx.words, ctx.view.petition_state
    visitor = replace(
        ctx.view,
        petition_state=replace(state, closed_at=state.closed_at or ctx.now),
        conversation=Conversation(ctx.reference),
        signature=None,
        full_name="",
        by_admin=False,
        closing_texts=versions,
        handover=await ctx.storage.read(active_handover),
    )
    ctx = ctx.at(None)
    for language in services.petition.languages:
        seen = replace(visitor, words=services.catalogs.words(language), language=language)
        name = words.language_name(language)
        heading = words.text("<i>Así lo leerá quien entre, en {language}:</i>", language=name)
        await ctx.write(paragraphs(heading, home(seen).text))
    await ctx.write(question)


async def _publish(ctx: AdminContext, view: ClosingTextsView, value: str) -> Html:
    words, left = ctx.words, view.left
    if not left or publication_id(left).hex() != value:
        return _published_before(view, value)
    if (why_not := _cannot_be_read(view)) is not None:
        return why_not
    made = await ctx.storage.write(
        publish_closing_texts, left, *ctx.by, ctx.services.approval_above
    )
    if made is None:
        return await _why_not(ctx)
    if made.published_at is None:
        return words.text(_WAITS)
    state = await ctx.storage.read(petition_state)  # its date may have come meanwhile
    if not state.is_closed:
        return sentences(words.text(_PUBLISHED), _when_read(ctx, state))
    return words.text(
        "✅ Publicado. Quien entre ya lo lee."
        if all(each.entry != CLOSING_UPDATE for each in left)
        else "✅ Publicado. Quien entre ya lo lee. A quienes hayan recibido el mensaje final no "
        "les llega este cambio."
    )


def _cannot_be_read(view: ClosingTextsView) -> Html | None:
    """Returns why what is left cannot be read as it is; None if it can."""
    words, petition, shown = view.words, view.petition, [*view.published, *view.left]
    entries = {each.entry for each in view.left}
    missing = missing_languages(petition, [each for each in shown if each.entry in entries])
    if missing:
        return words.text(
            "⚠️ No se ha publicado nada: falta escribirlo en {languages}.",
            languages=", ".join(words.language_name(language) for language in missing),
        )
    over = max(surplus(petition, shown, language) for language in petition.languages)
    return _too_long(words, over) if over else None


async def _approve(ctx: AdminContext, view: ClosingTextsView, value: str) -> Html | None:
    request = view.request
    if request is None or request.id.hex() != value:
        return _published_before(view, value)
    if request.requested_by is None:
        return ctx.words.text(screens.UNKNOWN_AUTHOR)
    if await ctx.leaves_to_another(request.requested_by):
        return None
    if await ctx.storage.write(approve_publication, request.id, *ctx.by):
        return ctx.words.text("✅ Aprobado y publicado.")
    return await _why_not(ctx)


async def _decline(ctx: AdminContext, _view: ClosingTextsView, value: str) -> Html:
    if await ctx.storage.write(decline_publication, read_id(value), *ctx.by):
        return ctx.words.text("De acuerdo: ese cambio no se publica.")
    return _published_before(await view_of(ctx), value)


async def _discard(ctx: AdminContext, view: ClosingTextsView, value: str) -> Html:
    if await ctx.storage.write(discard_closing_texts, read_id(value), *ctx.by):
        return ctx.words.text("Descartado. Quien entre lee lo mismo que antes.")
    return ctx.words.text(
        "⚠️ No se ha descartado nada: algo ha cambiado mientras tanto. Míralo otra vez."
        if view.left
        else "No queda nada que descartar."  # it may have been published meanwhile
    )


async def _why_not(ctx: AdminContext) -> Html:
    """Returns why nothing could be published."""
    words = ctx.words
    if await ctx.storage.read(closing_update_is_under_way):
        return words.text(
            "⚠️ No se ha publicado nada: el mensaje final está programado, o se está enviando, con "
            "el texto que se confirmó. Para cambiarlo, cancela antes ese envío con /broadcasts."
        )
    if (await view_of(ctx)).request is not None:
        return words.text(
            "⚠️ No se ha publicado nada: otro cambio espera aprobación. Cuando se apruebe o se "
            "retire podrás publicar este."
        )
    return words.text(_CHANGED)


def _when_read(ctx: AdminContext, state: PetitionState) -> Html:
    """Says from when on late visitors will read what is published now."""
    words = ctx.words
    return sentences(
        words.text(
            "La petición está cerrada: quien entre lo leerá desde ese momento."
            if state.is_closed
            else "Se leerá cuando la petición se cierre."
        ),
        not state.one_may_publish(ctx.services.approval_above)
        and words.text("Antes tiene que aprobarlo otra de las personas que la administran."),
    )


def _published_before(view: ClosingTextsView, key: str) -> Html:
    """Returns what a repeated tap is told: what became of the first one, if that was theirs."""
    made = view.made(key)
    if made is not None and made.published_at is not None:
        return view.words.text(_PUBLISHED)
    is_theirs = made is not None and made.requested_by == view.reader
    return view.words.text(_WAITS if is_theirs else _CHANGED)


def _too_long(words: Words, over: int) -> Html:
    return words.plural(
        "⚠️ Así no cabe en un mensaje, junto con lo demás que lee quien entra: sobra {n} carácter. "
        "Acórtalo y envíamelo otra vez.",
        "⚠️ Así no cabe en un mensaje, junto con lo demás que lee quien entra: sobran {n} "
        "caracteres. Acórtalo y envíamelo otra vez.",
        over,
    )


_SCREENS: Mapping[str, Callable[[ClosingTextsView], Screen]] = {
    ClosingStep.ADD: screens.ask_kind,
    ClosingStep.ENTRIES: screens.ask_entry,
    ClosingStep.HISTORY: screens.history,
}
_DONE_BY: Mapping[str, _Step] = {
    ClosingStep.WRITE: _write,
    ClosingStep.PREVIEW: _preview,
    ClosingStep.PUBLISH: _publish,
    ClosingStep.DISCARD: _discard,
    ClosingStep.REVIEW: _review,
    ClosingStep.APPROVE: _approve,
    ClosingStep.DECLINE: _decline,
}


async def asked(ctx: AdminContext) -> AwaitedMessage | None:
    """Returns that an admin was asked for a text that the bot waits for; None if for none."""
    awaited = await ctx.storage.read(awaited_closing_text, ctx.reference)
    if awaited is None:
        return None
    return AwaitedMessage(awaited.asked_at, partial(_take, ctx, awaited), partial(_leave, ctx))


async def edited(ctx: AdminContext) -> bool:
    """Takes an edit of a text as its next version; returns False for any other message."""
    message, now = ctx.message, ctx.now
    known = None if message is None else await _version_of(ctx, message)
    if message is None or known is None:
        return False
    former = AwaitedText(known.entry, known.kind, known.language, now, known.day)
    other = await ctx.storage.read(awaited_closing_text, ctx.reference)
    if other is None:  # what is refused may be sent again as a message
        await ctx.storage.write(await_closing_text, ctx.reference, former)
    await _take(ctx, former, message, edited_at=message.edit_date, other=other)
    return True


async def _leave(ctx: AdminContext) -> None:
    """Stops waiting for a text."""
    await ctx.storage.write(forget_awaited_text, ctx.reference)
    await ctx.say(ctx.words.text("De acuerdo: no he cambiado nada."))


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
    ctx: AdminContext,
    awaited: AwaitedText,
    message: Message,
    *,
    edited_at: datetime | None = None,
    other: AwaitedText | None = None,
) -> None:
    """Writes a message as a version of the text that it is for, or says what is wrong with it.

    `other`: what is awaited beside it, and stays awaited.
    """
    awaited, text = _read(ctx, awaited, message)
    key = _key(ctx, message, edit=edited_at)
    version, view = awaited.written(key, text, *ctx.by), await view_of(ctx)
    shown = [*view.published, *view.waiting, *view.left, version]
    if over := surplus(view.petition, shown, awaited.language):
        await ctx.say(_too_long(ctx.words, over))
        return
    await ctx.storage.write(write_closing_text, version, ctx.reference if other is None else None)
    await _show_saved(ctx)


def _read(ctx: AdminContext, awaited: AwaitedText, message: Message) -> tuple[AwaitedText, str]:
    """Returns the text of a message as Telegram HTML, with its day if the first line is one.

    Raises:
        Refused: it is not taken.
    """
    if message.text is None:
        raise Refused(TextFault.NOT_TEXT)
    html = message.text_html.strip()
    written = _DAY.match(html) if awaited.day is not None else None
    if written is not None:
        try:
            year = int(written[3]) + (2000 if len(written[3]) == 2 else 0)
            day = date(year, int(written[2]), int(written[1]))
        except ValueError:
            raise Refused("⚠️ No lo he guardado: la fecha de la primera línea no existe.") from None
        if day > ctx.services.today:
            raise Refused("⚠️ No lo he guardado: la fecha de la primera línea no ha llegado.")
        awaited, html = replace(awaited, day=day), html[written.end() :].strip()
    if fault := text_fault(html):
        raise Refused(fault)
    return awaited, html


async def _show_saved(ctx: AdminContext) -> None:
    saved = ctx.words.text(
        "✅ Guardado. Todavía no lo lee nadie: míralo y, si está bien, publícalo."
    )
    await _show_again(ctx, saved)


def _key(ctx: AdminContext, message: Message, *, edit: datetime | None = None) -> bytes:
    """Returns the id of a message's version; two edits may have the same time, in seconds."""
    place = f"{message.message_id}" + (f"/{edit}/{message.text_html}" if edit else "")
    return hashlib.sha256(b"closing text\x00" + ctx.reference + place.encode()).digest()[:16]
