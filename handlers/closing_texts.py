"""/closing: the closing update and what followed it, written and published in the chat.

Everything that is under way is in the database: also for which text an admin was asked.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import StrEnum
from functools import partial

from bot.petition.outcome import closing_update_by_language, missing_languages, surplus
from bot.text.translations import Words, mark
from handlers.admin_context import AdminContext, AdminHandler
from handlers.context import Services
from handlers.screens import closing_texts as screens
from handlers.screens.buttons import ClosingStep, ClosingTap
from handlers.screens.closing_texts import ClosingTextsView
from handlers.screens.petition_text import home
from handlers.screens.screen import Screen, paragraphs, sentences
from handlers.screens.supporter_view import View
from storage.admins import names_of_admins
from storage.closing_texts import (
    CLOSING_UPDATE,
    AwaitedText,
    ClosingText,
    ClosingTextKind,
    all_closing_texts,
    approve_publication,
    await_closing_text,
    closing_update_waits,
    decline_publication,
    discard_closing_texts,
    publication_id,
    publish_closing_texts,
    published_closing_texts,
)
from storage.conversations import Conversation
from storage.handovers import active_handover
from storage.petitions import PetitionState, closing_update_is_under_way, petition_state
from telegram_text.markup import Html

_NEW = "new"

# The kinds that a text can have of which no version is written yet.
_KINDS: Mapping[str, frozenset[ClosingTextKind]] = {
    CLOSING_UPDATE: frozenset({ClosingTextKind.CLOSING_UPDATE}),
    _NEW: frozenset(ClosingTextKind) - {ClosingTextKind.CLOSING_UPDATE},
}


async def closing(ctx: AdminContext) -> None:
    """Handles /closing: shows what late visitors read, and what can be done about it."""
    await ctx.say(screens.overview(await view_of(ctx)))


async def tapped(ctx: AdminContext, argument: str) -> None:
    """Carries out the tap on a button of /closing."""
    tap = ClosingTap.read(argument)
    if tap is None:
        await closing(ctx)
        return
    await _HANDLED_BY[tap.step](ctx, tap.value)


class Unready(StrEnum):
    """Why the closing update cannot be sent, as a source sentence for translation."""

    DRAFT = mark(
        "⚠️ <b>El mensaje final todavía es un borrador.</b> Mientras lo sea, quien entre con la "
        "petición cerrada leerá solo el agradecimiento por su interés, y a quienes firmaron no se "
        "les puede contar cómo ha acabado. Escríbelo con /closing."
    )
    WAITS = mark(
        "⏳ <b>El mensaje final espera la aprobación de otra persona.</b> Mientras tanto no se "
        "puede enviar, ni lo lee quien entre con la petición cerrada. Míralo con /closing."
    )


async def unready(services: Services) -> Unready | None:
    """Returns why the closing update cannot be sent; None if it can be.

    Nobody has published the one that the folder marks as a draft, or another text waits.
    """
    storage = services.storage
    if await storage.read(closing_update_waits):
        return Unready.WAITS
    if not services.petition.closing_is_draft:
        return None
    told = closing_update_by_language(
        services.petition, await storage.read(published_closing_texts)
    )
    return None if told else Unready.DRAFT


def what_next(words: Words, why_not: Unready | None) -> Html:
    """Says what can be done once the petition is closed."""
    if why_not is not None:  # there is nothing to send yet, and /broadcast offers nothing
        undo = words.text("Para deshacer el cierre, escribe /reopen.")
        return paragraphs(words.text(why_not), undo)
    return words.text(
        "Para contarles cómo ha acabado a quienes firmaron, escribe /broadcast. "
        "Para deshacer el cierre, /reopen."
    )


async def _write(ctx: AdminContext, value: str) -> None:
    view, petition = await view_of(ctx), ctx.services.petition
    entry, _, rest = value.partition(":")
    kind, _, language = rest.partition(":")
    known = [each for each in view.versions if each.entry == entry]
    kinds = {known[-1].kind} if known else _KINDS.get(entry, frozenset())
    if kind not in kinds or language not in petition.languages:
        await closing(ctx)
        return
    day = None
    if entry != CLOSING_UPDATE:
        day = (known[-1].day if known else None) or ctx.services.today
    awaited = AwaitedText(
        entry=secrets.token_hex(4) if entry == _NEW else entry,
        kind=ClosingTextKind(kind),
        language=language,
        asked_at=ctx.services.clock(),
        day=day,
    )
    await ctx.services.storage.write(await_closing_text, ctx.reference, awaited)
    await ctx.say(screens.ask_text(view, awaited))


def _shows(drawn: Callable[[ClosingTextsView], Screen]) -> AdminHandler:
    async def show(ctx: AdminContext, _value: str) -> None:
        await ctx.say(drawn(await view_of(ctx)))

    return show


async def _preview(ctx: AdminContext, _value: str) -> None:
    view, state = await view_of(ctx), await ctx.services.storage.read(petition_state)
    question = screens.publish_question(view, _when_read(ctx, state))
    await ctx.tell_once(partial(_show, ctx, [*view.published, *view.left], question))


async def _review(ctx: AdminContext, _value: str) -> None:
    view = await view_of(ctx)
    if view.request is None:
        await closing(ctx)
        return
    question = screens.approval_question(view, view.request)
    await ctx.tell_once(partial(_show, ctx, [*view.published, *view.waiting], question))


async def _show(ctx: AdminContext, versions: list[ClosingText], question: Screen) -> None:
    """Sends the late visitor's screen in every language, with the question below."""
    await ctx.answer()
    ctx = ctx.at_bottom()
    for language in ctx.services.petition.languages:
        heading = ctx.words.text(
            "Así lo leerá quien entre, en {language}:", language=ctx.words.language_name(language)
        )
        seen = await _late_visitor(ctx, versions, language)
        await ctx.write(paragraphs(f"<i>{heading}</i>", seen))
    await ctx.write(question)


async def _late_visitor(ctx: AdminContext, versions: list[ClosingText], language: str) -> Html:
    services = ctx.services
    state = await services.storage.read(petition_state)
    view = View(
        petition=services.petition,
        words=services.catalogs.words(language),
        words_in=services.catalogs.words,
        language=language,
        petition_state=replace(state, closed_at=state.closed_at or services.clock()),
        conversation=Conversation(ctx.reference),
        signature=None,
        profile_name=None,
        bot_username=ctx.bot.username,
        closing_texts=versions,
        handover=await services.storage.read(active_handover),
    )
    return home(view).text


async def _publish(ctx: AdminContext, value: str) -> None:
    view, services = await view_of(ctx), ctx.services
    left = view.left
    if not left or publication_id(left).hex() != value:
        await _say_again(ctx, _published_before(ctx, view, value) or _changed(ctx))
        return
    if (objection := _objection(ctx, view)) is not None:
        await _say_again(ctx, objection)
        return
    made = await services.storage.write(
        publish_closing_texts,
        left,
        actor=ctx.user.id,
        at=services.clock(),
        approval_above=services.approval_above,
    )
    if made is None:
        await _say_again(ctx, await _why_not(ctx))
    elif made.published_at is None:
        await _say_again(ctx, _waits(ctx))
    else:
        await _say_again(ctx, await _published(ctx, left))


async def _approve(ctx: AdminContext, value: str) -> None:
    storage, words, view = ctx.services.storage, ctx.words, await view_of(ctx)
    request = view.request
    if request is None or request.id.hex() != value:
        await _say_again(ctx, _published_before(ctx, view, value) or _changed(ctx))
        return
    if request.requested_by == ctx.user.id:
        await ctx.alert(words.label("Esto lo tiene que decidir otra persona."))
        return
    is_published = await storage.write(
        approve_publication, request.id, actor=ctx.user.id, at=ctx.services.clock()
    )
    said = words.text("✅ Aprobado y publicado.") if is_published else await _why_not(ctx)
    await _say_again(ctx, said)


async def _decline(ctx: AdminContext, value: str) -> None:
    request = (await view_of(ctx)).request
    said = _changed(ctx)
    if request is not None and request.id.hex() == value:
        storage = ctx.services.storage
        await storage.write(
            decline_publication, request.id, actor=ctx.user.id, at=ctx.services.clock()
        )
        said = ctx.words.text("De acuerdo: ese cambio no se publica.")
    await _say_again(ctx, said)


async def _discard(ctx: AdminContext, value: str) -> None:
    left, said = (await view_of(ctx)).left, _changed(ctx)
    if not left or publication_id(left).hex() == value:
        storage = ctx.services.storage
        await storage.write(discard_closing_texts, actor=ctx.user.id, at=ctx.services.clock())
        said = ctx.words.text("Descartado. Quien entre lee lo mismo que antes.")
    await _say_again(ctx, said)


def _objection(ctx: AdminContext, view: ClosingTextsView) -> Html | None:
    """Returns why what is left must not be published; None if it may be."""
    words, petition = ctx.words, ctx.services.petition
    shown = [*view.published, *view.left]
    entries = {each.entry for each in view.left}
    missing = missing_languages(petition, [each for each in shown if each.entry in entries])
    if missing:
        return words.text(
            "⚠️ No se ha publicado nada: falta escribirlo en {languages}.",
            languages=", ".join(words.language_name(language) for language in missing),
        )
    over = max(surplus(petition, shown, language) for language in petition.languages)
    return too_long(ctx, over) if over else None


async def _why_not(ctx: AdminContext) -> Html:
    """Returns why nothing could be published."""
    words = ctx.words
    if await ctx.services.storage.read(closing_update_is_under_way):
        return words.text(
            "⚠️ No se ha publicado nada: el mensaje final está programado, o se está enviando, con "
            "el texto que se confirmó. Para cambiarlo, cancela antes ese envío con /broadcast."
        )
    if (await view_of(ctx)).request is not None:
        return words.text(
            "⚠️ No se ha publicado nada: otro cambio espera aprobación. Cuando se apruebe o se "
            "retire podrás publicar este."
        )
    return _changed(ctx)


def _waits(ctx: AdminContext) -> Html:
    words = ctx.words
    why = words.text(
        "⏳ Todavía no se lee: hace falta que lo apruebe otra de las personas que administran la "
        "petición."
    )
    who = words.text(
        "Las avisamos ahora."
        if len(ctx.services.admins) > 1
        else "Ahora solo la administras tú: hay que añadir a alguien en la configuración del bot."
    )
    return sentences(why, who)


def _when_read(ctx: AdminContext, state: PetitionState) -> Html:
    """Says from when on late visitors will read what is published now."""
    words, most = ctx.words, ctx.services.approval_above
    if not state.is_closed:
        return words.text(
            "Se leerá cuando la petición se cierre."
            if most is None
            else "Se leerá cuando la petición se cierre, si antes lo aprueba otra de las personas "
            "que la administran."
        )
    return words.text(
        "La petición está cerrada: quien entre lo leerá desde ese momento."
        if most is None or state.signers <= most
        else "La petición está cerrada: quien entre lo leerá cuando lo apruebe otra de las "
        "personas que la administran."
    )


async def _published(ctx: AdminContext, versions: list[ClosingText]) -> Html:
    words, state = ctx.words, await ctx.services.storage.read(petition_state)
    if not state.is_closed:
        return sentences(words.text("✅ Publicado."), _when_read(ctx, state))
    return words.text(
        "✅ Publicado. Quien entre ya lo lee."
        if all(each.entry != CLOSING_UPDATE for each in versions)
        else "✅ Publicado. Quien entre ya lo lee. A quienes hayan recibido el mensaje final no "
        "les llega este cambio."
    )


def _published_before(ctx: AdminContext, view: ClosingTextsView, key: str) -> Html | None:
    """Returns what a repeated tap is told; None if nothing was published by the first."""
    if any(each.publication and each.publication.id.hex() == key for each in view.published):
        return ctx.words.text("✅ Publicado.")
    return None


def _changed(ctx: AdminContext) -> Html:
    return ctx.words.text(
        "⚠️ No se ha publicado nada: algo ha cambiado mientras tanto. Míralo otra vez."
    )


def too_long(ctx: AdminContext, over: int) -> Html:
    """Says by how many characters a text is too long to be shown."""
    return ctx.words.plural(
        "⚠️ Así no cabe en un mensaje, junto con lo demás que lee quien entra: sobra {n} carácter. "
        "Acórtalo y envíamelo otra vez.",
        "⚠️ Así no cabe en un mensaje, junto con lo demás que lee quien entra: sobran {n} "
        "caracteres. Acórtalo y envíamelo otra vez.",
        over,
    )


async def _say_again(ctx: AdminContext, notice: Html) -> None:
    await ctx.say(screens.overview(await view_of(ctx)).with_notice(notice))


async def view_of(ctx: AdminContext) -> ClosingTextsView:
    """Returns everything that the screens of /closing are drawn from, for who sent this."""
    return await view_for(ctx.services, ctx.user.id, ctx.language)


async def view_for(services: Services, reader: int, language: str) -> ClosingTextsView:
    """Returns everything that the screens of /closing are drawn from, for one admin."""
    versions = await services.storage.read(all_closing_texts)
    made = {each.publication for each in versions if each.publication}
    people = {each.author for each in versions}.union(
        *((each.requested_by, each.approved_by) for each in made)
    )
    return ClosingTextsView(
        words=services.catalogs.words(language),
        petition=services.petition,
        versions=versions,
        names=await services.storage.read(
            names_of_admins, [each for each in people if each is not None]
        ),
        reader=reader,
    )


_HANDLED_BY: Mapping[ClosingStep, AdminHandler] = {
    ClosingStep.OVERVIEW: _shows(screens.overview),
    ClosingStep.WRITE: _write,
    ClosingStep.ADD: _shows(screens.ask_kind),
    ClosingStep.ENTRIES: _shows(screens.ask_entry),
    ClosingStep.PREVIEW: _preview,
    ClosingStep.PUBLISH: _publish,
    ClosingStep.DISCARD: _discard,
    ClosingStep.HISTORY: _shows(screens.history),
    ClosingStep.REVIEW: _review,
    ClosingStep.APPROVE: _approve,
    ClosingStep.DECLINE: _decline,
}
