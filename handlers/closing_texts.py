"""/closing: the closing update and what followed it, written and published in the chat.

Everything that is under way is in the database: also for which text an admin was asked.
"""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from enum import StrEnum
from functools import partial

from bot.petition.outcome import (
    closing_update_by_language,
    missing_languages,
    surplus,
)
from bot.text.translations import Words, mark
from handlers.admin_context import AdminContext
from handlers.context import Services
from handlers.screens import closing_texts as screens
from handlers.screens.buttons import ClosingStep, ClosingTap
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
    closing_update_waits,
    decline_publication,
    discard_closing_texts,
    publication_id,
    publish_closing_texts,
    published_closing_texts,
)
from storage.conversations import Conversation
from storage.handovers import active_handover
from storage.petitions import closing_update_is_under_way, petition_state
from telegram_text.markup import Html

_NEW = "new"

# The kinds that a text can have of which no version is written yet.
_KINDS: Mapping[str, frozenset[ClosingTextKind]] = {
    CLOSING_UPDATE: frozenset({ClosingTextKind.CLOSING_UPDATE}),
    _NEW: frozenset(ClosingTextKind) - {ClosingTextKind.CLOSING_UPDATE},
}


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
    storage, petition = services.storage, services.petition
    if await storage.read(closing_update_waits):
        return Unready.WAITS
    if not petition.closing_is_draft:
        return None
    published = await storage.read(published_closing_texts)
    return None if closing_update_by_language(petition, published) else Unready.DRAFT


async def why_unready(ctx: AdminContext) -> Html | None:
    """Returns the same as a sentence for an admin."""
    why_not = await unready(ctx.services)
    return None if why_not is None else ctx.words.text(why_not)


def what_next(words: Words, why_not: Unready | None) -> Html:
    """Says what can be done once the petition is closed."""
    if why_not is not None:  # there is nothing to send yet, and /broadcast offers nothing
        undo = words.text("Para deshacer el cierre, escribe /reopen.")
        return paragraphs(words.text(why_not), undo)
    return words.text(
        "Para contarles cómo ha acabado a quienes firmaron, escribe /broadcast. "
        "Para deshacer el cierre, /reopen."
    )


async def view_for(services: Services, reader: int, language: str) -> ClosingTextsView:
    """Returns everything that the screens of /closing are drawn from, for one admin."""
    versions = await services.storage.read(all_closing_texts)
    made = [each.publication for each in versions if each.publication]
    people = [each.author for each in versions] + [
        person for each in made for person in (each.requested_by, each.approved_by)
    ]
    known = [person for person in people if person is not None]
    return ClosingTextsView(
        words=services.catalogs.words(language),
        petition=services.petition,
        versions=versions,
        names=await services.storage.read(names_of_admins, known),
        reader=reader,
    )


async def view_of(ctx: AdminContext) -> ClosingTextsView:
    """Returns the same for who sent this."""
    return await view_for(ctx.services, ctx.user.id, ctx.language)


async def closing(ctx: AdminContext) -> None:
    """Handles /closing: shows what late visitors read, and what can be done about it."""
    await ctx.say(screens.overview(await view_of(ctx)))


async def tapped(ctx: AdminContext, argument: str) -> None:
    """Carries out the tap on a button of /closing."""
    tap = ClosingTap.read(argument)
    if tap is None:
        await closing(ctx)
        return
    shown = await _STEPS[tap.step](ctx, await view_of(ctx), tap.value)
    if isinstance(shown, Html):
        await show_again(ctx, shown)
    elif shown is not None:
        await ctx.say(shown)


async def show_again(ctx: AdminContext, notice: Html) -> None:
    """Shows the overview as it is now, with a notice."""
    await ctx.say(screens.overview(await view_of(ctx)).with_notice(notice))


_Step = Callable[[AdminContext, ClosingTextsView, str], Awaitable[Screen | Html | None]]
"""Carries out a tap; returns what to show, or what to say above the overview.

None if it has shown what there is to be shown."""


def _shows(screen: Callable[[ClosingTextsView], Screen]) -> _Step:
    async def show(_ctx: AdminContext, view: ClosingTextsView, _value: str) -> Screen:
        return screen(view)

    return show


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
    question = screens.publish_question(view, await _when_read(ctx))
    await ctx.tell_once(partial(_show_read, ctx, [*view.published, *view.left], question))


async def _review(ctx: AdminContext, view: ClosingTextsView, _value: str) -> Screen | None:
    if view.request is None:
        return screens.overview(view)
    question = screens.approval_question(view, view.request)
    await ctx.tell_once(partial(_show_read, ctx, [*view.published, *view.waiting], question))
    return None


async def _show_read(ctx: AdminContext, versions: list[ClosingText], question: Screen) -> None:
    """Sends the late visitor's screen in every language, with the question below."""
    services, words = ctx.services, ctx.words
    state = await ctx.storage.read(petition_state)
    visitor = replace(
        ctx.view,
        petition_state=replace(state, closed_at=state.closed_at or ctx.now),
        conversation=Conversation(ctx.reference),
        signature=None,
        profile_name=None,
        by_admin=False,
        closing_texts=versions,
        handover=await ctx.storage.read(active_handover),
    )
    await ctx.answer()
    ctx = ctx.at_bottom()
    for language in services.petition.languages:
        seen = replace(visitor, words=services.catalogs.words(language), language=language)
        heading = words.text(
            "Así lo leerá quien entre, en {language}:", language=words.language_name(language)
        )
        await ctx.write(paragraphs(f"<i>{heading}</i>", home(seen).text))
    await ctx.write(question)


async def _publish(ctx: AdminContext, view: ClosingTextsView, value: str) -> Html:
    words, services, petition, left = ctx.words, ctx.services, view.petition, view.left
    if not left or publication_id(left).hex() != value:
        return _published_before(view, value) or _changed(words)
    entries, shown = {each.entry for each in left}, [*view.published, *left]
    missing = missing_languages(petition, [each for each in shown if each.entry in entries])
    if missing:
        return words.text(
            "⚠️ No se ha publicado nada: falta escribirlo en {languages}.",
            languages=", ".join(words.language_name(language) for language in missing),
        )
    over = max(surplus(petition, shown, language) for language in petition.languages)
    if over:
        return too_long(words, over)
    made = await services.storage.write(
        publish_closing_texts,
        left,
        actor=ctx.user.id,
        at=services.clock(),
        approval_above=services.approval_above,
    )
    if made is None:
        return await _why_not(ctx)
    if made.published_at is None:
        return sentences(
            words.text(
                "⏳ Todavía no se lee: hace falta que lo apruebe otra de las personas que "
                "administran la petición."
            ),
            words.text(
                "Las avisamos ahora."
                if len(services.admins) > 1
                else "Ahora solo la administras tú: hay que añadir a alguien en la configuración "
                "del bot."
            ),
        )
    if not (await services.storage.read(petition_state)).is_closed:
        return sentences(words.text("✅ Publicado."), await _when_read(ctx))
    return words.text(
        "✅ Publicado. Quien entre ya lo lee."
        if CLOSING_UPDATE not in entries
        else "✅ Publicado. Quien entre ya lo lee. A quienes hayan recibido el mensaje final no "
        "les llega este cambio."
    )


async def _approve(ctx: AdminContext, view: ClosingTextsView, value: str) -> Html | None:
    storage, words, request = ctx.storage, ctx.words, view.request
    if request is None or request.id.hex() != value:
        return _published_before(view, value) or _changed(words)
    if request.requested_by == ctx.user.id:
        await ctx.alert(words.label("Esto lo tiene que decidir otra persona."))
        return None
    actor, at = ctx.by
    if await storage.write(approve_publication, request.id, actor=actor, at=at):
        return words.text("✅ Aprobado y publicado.")
    return await _why_not(ctx)


async def _decline(ctx: AdminContext, view: ClosingTextsView, value: str) -> Html:
    request, (actor, at) = view.request, ctx.by
    if request is None or request.id.hex() != value:
        return _changed(ctx.words)
    await ctx.storage.write(decline_publication, request.id, actor=actor, at=at)
    return ctx.words.text("De acuerdo: ese cambio no se publica.")


async def _discard(ctx: AdminContext, view: ClosingTextsView, value: str) -> Html:
    left, (actor, at) = view.left, ctx.by
    if left and publication_id(left).hex() != value:
        return _changed(ctx.words)
    await ctx.storage.write(discard_closing_texts, actor=actor, at=at)
    return ctx.words.text("Descartado. Quien entre lee lo mismo que antes.")


async def _why_not(ctx: AdminContext) -> Html:
    """Returns why nothing could be published."""
    words = ctx.words
    if await ctx.storage.read(closing_update_is_under_way):
        return words.text(
            "⚠️ No se ha publicado nada: el mensaje final está programado, o se está enviando, con "
            "el texto que se confirmó. Para cambiarlo, cancela antes ese envío con /broadcast."
        )
    if (await view_of(ctx)).request is not None:
        return words.text(
            "⚠️ No se ha publicado nada: otro cambio espera aprobación. Cuando se apruebe o se "
            "retire podrás publicar este."
        )
    return _changed(words)


async def _when_read(ctx: AdminContext) -> Html:
    """Says from when on late visitors will read what is published now."""
    words, most = ctx.words, ctx.services.approval_above
    state = await ctx.storage.read(petition_state)
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


def _published_before(view: ClosingTextsView, key: str) -> Html | None:
    """Returns what a repeated tap is told; None if nothing was published by the first."""
    if any(each.publication and each.publication.id.hex() == key for each in view.published):
        return view.words.text("✅ Publicado.")
    return None


def _changed(words: Words) -> Html:
    return words.text(
        "⚠️ No se ha publicado nada: algo ha cambiado mientras tanto. Míralo otra vez."
    )


def too_long(words: Words, over: int) -> Html:
    """Says by how many characters a text is too long to be shown."""
    return words.plural(
        "⚠️ Así no cabe en un mensaje, junto con lo demás que lee quien entra: sobra {n} carácter. "
        "Acórtalo y envíamelo otra vez.",
        "⚠️ Así no cabe en un mensaje, junto con lo demás que lee quien entra: sobran {n} "
        "caracteres. Acórtalo y envíamelo otra vez.",
        over,
    )


_STEPS: Mapping[ClosingStep, _Step] = {
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
