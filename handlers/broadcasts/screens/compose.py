"""The screens about a draft's message: asking for it, what it is, and its link buttons."""

from bot.text.markup import Html
from handlers.broadcasts.draft import Version
from handlers.broadcasts.parse_links import LONGEST_TEXT, MOST_BUTTONS
from handlers.broadcasts.screens.breach import must_say
from handlers.broadcasts.screens.draft_view import DraftView
from handlers.broadcasts.screens.labels import content_name, subject_name
from handlers.screens.buttons import Button, DraftStep
from handlers.screens.screen import Screen, paragraphs
from storage import Kind

# Labels shown; a forwarded post may have more than fit into a message.
_NAMED = MOST_BUTTONS


def ask_message(draft_view: DraftView) -> Screen:
    """Asks for the message in the draft's current language."""
    words, draft = draft_view.words, draft_view.draft
    many = len(draft_view.languages) > 1
    first = draft.language == draft.default_language
    heading = (
        words.text("<b>Envíame el mensaje</b>")
        if first
        else words.text(
            "<b>Envíame la versión en {language}</b>",
            language=draft_view.words.language_name(draft.language),
        )
    )
    if draft.kind is Kind.BREACH:
        return _ask_notice(draft_view, heading)
    return Screen(
        paragraphs(
            heading,
            words.text(
                "Espero tu próximo mensaje en este chat: un texto, una foto, un vídeo, un álbum, "
                "un documento, un audio… Llegará tal como lo envíes, con su formato y sin tu "
                "nombre."
            ),
            words.text("Si quieres una versión en otro idioma, la añades después.")
            if first and many and not draft.versions
            else None,
            words.text("Nada sale hasta que veas la vista previa y lo confirmes."),
        ),
        draft_view.leaving(back=bool(draft.versions)),
    )


def _ask_notice(draft_view: DraftView, heading: Html) -> Screen:
    """Asks for the notice of a breach, and says what it is and what it has to say."""
    words, draft = draft_view.words, draft_view.draft
    return Screen(
        paragraphs(
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
            ),
            heading,
            must_say(words),
            words.text(
                "Encima, el bot pone que es un aviso sobre sus datos; debajo, por qué lo reciben."
            ),
            words.text("Nada sale hasta que veas la vista previa y lo confirmes."),
        ),
        draft_view.leaving(back=bool(draft.versions)),
    )


def message_ready(draft_view: DraftView) -> Screen:
    """Describes the message and offers what can be done with it."""
    words, draft = draft_view.words, draft_view.draft
    if draft.kind is Kind.CLOSING:
        look = draft_view.button(words.label("👁 Ver la vista previa"), DraftStep.PREVIEW)
        nothing = words.text("El mensaje final no se ha enviado.")
        return Screen(nothing, [look, *draft_view.leaving()])
    chosen = draft.kind_chosen and draft.audience_chosen
    onward = (
        draft_view.button(words.label("👁 Ver la vista previa"), DraftStep.PREVIEW)
        if chosen
        else draft_view.button(words.label("Continuar"), DraftStep.NEXT)
    )
    to_others = draft_view.button(words.label("Cambiar a quién se envía"), DraftStep.ASK_SUBJECT)
    # With a topic the audience is fixed: those whom an earlier broadcast did not reach.
    may_change = chosen and draft.topic is None and draft.kind is not Kind.BREACH
    rows = [
        onward,
        *_versions(draft_view),
        *([to_others] if may_change else ()),
        *draft_view.leaving(),
    ]
    return Screen(
        paragraphs(
            words.text("<b>Tu mensaje</b>"),
            Html("\n".join(_described(draft_view, code) for code in draft.versions)),
            _lost(draft_view),
            _decided(draft_view) if chosen else None,
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
    there = draft.versions[draft.language].links
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
            _buttons(draft_view, draft.versions[draft.language]),
        ),
        [*([bare] if there else ()), *draft_view.leaving(back=True)],
    )


def _described(draft_view: DraftView, code: str) -> Html:
    words, version = draft_view.words, draft_view.draft.versions[code]
    what, buttons = content_name(words, version), _buttons(draft_view, version)
    if len(draft_view.languages) == 1:
        line = words.text("Es {content}.", content=what)
    elif code == draft_view.draft.default_language and len(draft_view.draft.versions) == 1:
        line = words.text("Es {content}, igual para todos los idiomas.", content=what)
    elif code == draft_view.draft.default_language:
        line = words.text(
            "{language}: {content}. También para quien lea en un idioma sin versión.",
            language=draft_view.language_name(code),
            content=what,
        )
    else:
        line = words.text(
            "{language}: {content}.", language=draft_view.language_name(code), content=what
        )
    return Html(f"{line}\n{buttons}") if buttons else line


def _buttons(draft_view: DraftView, version: Version) -> Html | None:
    """Lists the labels of the buttons, at most `_NAMED` of them."""
    ask_links = [link for row in version.links for link in row]
    labels = ", ".join(f"«{_short(link.text)}»" for link in ask_links[:_NAMED])
    if len(ask_links) > _NAMED:
        more = draft_view.words.number(len(ask_links) - _NAMED)
        return draft_view.words.text("Botones: {labels} y {n} más", labels=labels, n=more)
    return draft_view.words.text("Botones: {labels}", labels=labels) if labels else None


def _short(label: str) -> str:
    return label if len(label) <= LONGEST_TEXT else f"{label[:LONGEST_TEXT]}…"


def _lost(draft_view: DraftView) -> Html | None:
    if not any(version.lost_buttons for version in draft_view.draft.versions.values()):
        return None
    return draft_view.words.text(
        "El mensaje traía otros botones que en manos de este bot no harían nada. Solo se "
        "conservan los que abren una dirección."
    )


def _decided(draft_view: DraftView) -> Html:
    words, draft = draft_view.words, draft_view.draft
    return words.text(
        "{subject}, para {audience}.",
        subject=subject_name(words, draft.kind),
        audience=draft_view.audience,
    )


def _versions(draft_view: DraftView) -> list[Button]:
    """Returns the buttons for the version of each language."""
    words, draft = draft_view.words, draft_view.draft
    several = len(draft.versions) > 1
    rows: list[Button] = []
    for code, version in draft.versions.items():
        name = draft_view.words.language_name(code)
        again, buttons = (
            (
                words.label("Cambiar la versión en {language}", language=name),
                words.label("Botones de la versión en {language}", language=name),
            )
            if several
            else (words.label("Cambiar el mensaje"), words.label("Botones con enlace"))
        )
        rows.append(draft_view.button(again, DraftStep.WRITE, code))
        if draft.is_copied and not version.is_album:
            rows.append(draft_view.button(buttons, DraftStep.LINKS, code))
        if code != draft.default_language:
            label = words.label("Quitar la versión en {language}", language=name)
            rows.append(draft_view.button(label, DraftStep.REMOVE_VERSION, code))
    for code in draft_view.languages:
        if code not in draft.versions:
            label = words.label(
                "Añadir versión en {language}", language=draft_view.words.language_name(code)
            )
            rows.append(draft_view.button(label, DraftStep.WRITE, code))
    return rows
