"""The screens about a draft's message: asking for it, what it is, and its link buttons."""

from collections.abc import Iterator

from handlers.broadcasts.draft import Version
from handlers.broadcasts.parse_links import MOST_BUTTONS, shortened
from handlers.broadcasts.screens.breach import must_say
from handlers.broadcasts.screens.draft_view import DraftView
from handlers.broadcasts.screens.labels import content_name, subject_name
from handlers.screens.buttons import Button, DraftStep
from handlers.screens.screen import Screen, lines, paragraphs
from storage.broadcast_types import Kind
from telegram_text.markup import Html

# Labels shown; a forwarded post may have more than fit into a message.
_NAMED = MOST_BUTTONS


def ask_message(draft_view: DraftView) -> Screen:
    """Asks for the message in the draft's current language."""
    words, draft = draft_view.words, draft_view.draft
    is_first = draft.language == draft.default_language
    heading = words.text(
        "<b>Envíame el mensaje</b>" if is_first else "<b>Envíame la versión en {language}</b>",
        language=words.language_name(draft.language),
    )
    may_have_others = is_first and len(draft_view.languages) > 1 and not draft.versions
    what = (
        _about_notice(draft_view, heading)
        if draft.kind is Kind.BREACH
        else _about_correction(draft_view)
        if draft.kind is Kind.CORRECTION
        else (
            heading,
            words.text(
                "Espero tu próximo mensaje en este chat: un texto, una foto, un vídeo, un álbum, "
                "un documento, un audio… Llegará tal como lo envíes, con su formato y sin tu "
                "nombre."
            ),
            may_have_others
            and words.text("Si quieres una versión en otro idioma, la añades después."),
        )
    )
    last = words.text("Nada sale hasta que veas la vista previa y lo confirmes.")
    return Screen(paragraphs(*what, last), draft_view.leaving(back=bool(draft.versions)))


def _about_notice(draft_view: DraftView, heading: Html) -> tuple[Html, ...]:
    """Says what the notice of a breach is and what it has to say."""
    words = draft_view.words
    return (
        words.text("⚠️ <b>Aviso de una brecha de seguridad</b>"),
        words.text(
            "Es solo para cuando los datos de quienes firmaron se han perdido, o los ha visto "
            "o se los ha llevado alguien que no debía. Para otra cosa, pulsa «{leave}».",
            leave=draft_view.leaving()[0].label,
        ),
        words.text(
            "Llega a todas las personas que firmaron, también a las que pidieron que no se "
            "les escribiera, y no sale sin que otra persona que administra la petición lo "
            "apruebe."
            if draft_view.most_alone is not None
            else "Llega a todas las personas que firmaron, también a las que pidieron que no se "
            "les escribiera."
        ),
        heading,
        must_say(words),
        words.text(
            "Encima, el bot pone que es un aviso sobre sus datos; debajo, por qué lo reciben."
        ),
    )


def _about_correction(draft_view: DraftView) -> tuple[object, ...]:
    """Says who gets a correction and what the bot adds to it."""
    words, draft = draft_view.words, draft_view.draft
    is_first = draft.language == draft.default_language
    return (
        words.text(
            "<b>Envíame la corrección</b>"
            if is_first
            else "<b>Envíame la corrección en {language}</b>",
            language=words.language_name(draft.language),
        ),
        words.text(
            "Escribe qué estaba mal y qué es lo correcto. Va en texto; encima, el bot pone que es "
            "una corrección, y debajo, de qué mensaje."
        ),
        words.text(
            "Llega a quienes recibieron el mensaje equivocado, salvo a quienes ya no quieren "
            "mensajes así."
        ),
        draft.corrects is Kind.UPDATE
        and words.text("No se suma a las novedades que eligieron: cuenta con el que corrige."),
    )


def message_ready(draft_view: DraftView) -> Screen:
    """Describes the message and offers what can be done with it."""
    words, draft = draft_view.words, draft_view.draft
    look = draft_view.button(words.label("👁 Ver la vista previa"), DraftStep.PREVIEW)
    if draft.kind is Kind.CLOSING:
        nothing = words.text("El mensaje final no se ha enviado.")
        return Screen(nothing, [look, *draft_view.leaving()])
    chosen = draft.kind_chosen and draft.audience_chosen
    onward = draft_view.button(words.label("Continuar"), DraftStep.NEXT)
    to_others = draft_view.button(words.label("Cambiar a quién se envía"), DraftStep.ASK_SUBJECT)
    # With a topic the audience is fixed: those whom an earlier broadcast did not reach.
    may_change = chosen and draft.topic is None and draft.kind is not Kind.BREACH
    rows = [
        look if chosen else onward,
        *_versions(draft_view),
        to_others if may_change else None,
        *draft_view.leaving(),
    ]
    return Screen(
        paragraphs(
            words.text("<b>Tu mensaje</b>"),
            lines(*(_described(draft_view, code) for code in draft.versions)),
            any(version.lost_buttons for version in draft.versions.values())
            and words.text(
                "El mensaje traía otros botones que en manos de este bot no harían nada. Solo se "
                "conservan los que abren una dirección."
            ),
            chosen
            and words.text(
                "{subject}, para {audience}.",
                subject=subject_name(words, draft.kind),
                audience=draft_view.audience,
            ),
            words.text(
                "Hasta la vista previa puedes editar tu mensaje en el chat: se usará tal como "
                "esté entonces. Todavía no se ha enviado nada."
            ),
        ),
        rows,
    )


def ask_links(draft_view: DraftView) -> Screen:
    """Asks for link buttons, one per line."""
    words, draft = draft_view.words, draft_view.draft
    version = draft.versions[draft.language]
    bare = draft_view.button(
        words.label("Quitar los botones"), DraftStep.REMOVE_LINKS, draft.language
    )
    return Screen(
        paragraphs(
            words.text("<b>Botones con enlace</b>"),
            words.text(
                "Escríbeme una línea por botón: el texto, un guion y la dirección. Por ejemplo:"
            ),
            words.text("<code>Leer más - https://ejemplo.org</code>"),
            _buttons(draft_view, version),
        ),
        [bare if version.links else None, *draft_view.leaving(back=True)],
    )


def _described(draft_view: DraftView, code: str) -> Html:
    words, draft = draft_view.words, draft_view.draft
    version, is_default = draft.versions[code], code == draft.default_language
    what = words.text(
        "Es {content}."
        if len(draft_view.languages) == 1
        else "Es {content}, igual para todos los idiomas."
        if is_default and len(draft.versions) == 1
        else "{language}: {content}. También para quien lea en un idioma sin versión."
        if is_default
        else "{language}: {content}.",
        language=draft_view.language_name(code),
        content=content_name(words, version),
    )
    return lines(what, _buttons(draft_view, version))


def _buttons(draft_view: DraftView, version: Version) -> Html | None:
    """Lists the labels of the buttons, at most `_NAMED` of them."""
    links = [link for row in version.links for link in row]
    if not links:
        return None
    return draft_view.words.text(
        "Botones: {labels} y {n} más" if len(links) > _NAMED else "Botones: {labels}",
        labels=", ".join(f"«{shortened(link.text)}»" for link in links[:_NAMED]),
        n=draft_view.words.number(len(links) - _NAMED),
    )


def _versions(draft_view: DraftView) -> Iterator[Button]:
    """Returns the buttons for the version of each language."""
    words, draft, button = draft_view.words, draft_view.draft, draft_view.button
    several = len(draft.versions) > 1
    for code, version in draft.versions.items():
        name = words.language_name(code)
        again = words.label(
            "Cambiar la versión en {language}" if several else "Cambiar el mensaje", language=name
        )
        yield button(again, DraftStep.WRITE, code)
        if draft.is_copied and not version.is_album:
            links = words.label(
                "Botones de la versión en {language}" if several else "Botones con enlace",
                language=name,
            )
            yield button(links, DraftStep.LINKS, code)
        if code != draft.default_language:
            remove = words.label("Quitar la versión en {language}", language=name)
            yield button(remove, DraftStep.REMOVE_VERSION, code)
    for code in draft_view.languages:
        if code not in draft.versions:
            name = words.language_name(code)
            add = words.label("Añadir versión en {language}", language=name)
            yield button(add, DraftStep.WRITE, code)
