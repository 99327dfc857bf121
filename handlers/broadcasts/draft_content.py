"""The content that a draft would send now, and the terms that its confirmation is bound to."""

from collections.abc import Mapping

from bot.broadcast.confirmation import ConfirmationTerms, content_sha256
from bot.petition.outcome import closing_update_by_language
from bot.text.translations import Words
from handlers.broadcasts.draft import Draft, Version
from handlers.closing_texts import unready
from handlers.context import Services
from handlers.screens.buttons import NO_MORE
from handlers.screens.screen import paragraphs
from storage.broadcast_types import Kind
from storage.closing_texts import published_closing_texts
from storage.petitions import PetitionState
from telegram_text.markup import Html, fill

Messages = Mapping[str, tuple[int, ...]]


async def current_content(
    services: Services, draft: Draft, state: PetitionState
) -> dict[str, object]:
    """Returns what recipients get, by language: texts, or copies of the preview.

    Empty while the closing update cannot be sent.
    """
    if draft.kind is Kind.CLOSING:
        if await unready(services) is not None:
            return {}
        published = await services.storage.read(published_closing_texts)
        texts = closing_update_by_language(services.petition, published)
        count = state.told_signatures
        return {
            language: fill(text, count=words.number(count), people=words.people(count))
            for language, text in texts.items()
            for words in (services.catalogs.words(language),)
        }
    if not draft.is_copied:
        return {
            language: _framed(services.catalogs.words(language), draft, version.html)
            for language, version in draft.versions.items()
        }
    return content_of_copies(services, draft, draft.copies or {})


def content_of_copies(services: Services, draft: Draft, messages: Messages) -> dict[str, object]:
    """Returns the draft's versions as copies of these messages, with the buttons under them."""
    return {
        language: _reference(services, draft, language, version, messages[language])
        for language, version in draft.versions.items()
        if language in messages
    }


def _framed(words: Words, draft: Draft, html: str) -> Html:
    """Returns an admin's own text with what the bot says above it and below it."""
    if draft.kind is Kind.BREACH:
        return paragraphs(
            words.text("<b>Aviso importante sobre tus datos personales</b>"),
            Html(html),
            words.text(
                "<i>Recibes este aviso porque guardamos tus datos, aunque hayas pedido que no te "
                "escribamos. Puedes verlos con /mydata y retirar tu firma con /withdraw.</i>"
            ),
        )
    return paragraphs(
        words.text("<b>Corrección de un mensaje anterior</b>"),
        Html(html),
        words.text(
            "<i>Corrige el mensaje en el que te contamos cómo ha acabado la petición.</i>"
            if draft.corrects is Kind.CLOSING
            else "<i>Corrige un mensaje que te enviamos sobre esta petición, y no cuenta como "
            "otro. Para no recibir más novedades: /mydata</i>"
            if draft.corrects is Kind.UPDATE
            else "<i>Corrige un mensaje que te enviamos. Para no recibir más noticias de otras "
            "acciones: /mydata</i>"
        ),
    )


def terms_of(
    draft: Draft,
    content: Mapping[str, object],
    state: PetitionState,
    *,
    paid: bool,
) -> ConfirmationTerms:
    """Returns what an admin sees before confirming, except for the number of recipients."""
    return ConfirmationTerms(
        content_sha256=content_sha256(content),
        kind=draft.kind,
        language=draft.audience_language,
        revision=state.revision,
        starts_at=draft.starts_at,
        paid=paid,
        topic=draft.topic,
        last_signature_number=draft.last_signature_number,
    )


def _reference(
    services: Services, draft: Draft, language: str, version: Version, messages: tuple[int, ...]
) -> dict[str, object]:
    rows = [[link.model_dump() for link in row] for row in version.links]
    # Telegram shows no buttons under an album; its recipients have /mydata instead.
    if draft.kind in NO_MORE and not version.is_album:
        words = services.catalogs.words(language)
        label = words.label(
            "No recibir más noticias" if draft.kind is Kind.NEWS else "No recibir más novedades"
        )
        rows.append([{"text": label, "callback_data": NO_MORE[draft.kind]}])
    beginning = draft.copied_words.get(language)
    return {
        "messages": list(messages),
        **({"keyboard": rows} if rows else {}),
        **({"words": beginning} if beginning else {}),
    }
