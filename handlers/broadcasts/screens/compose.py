"""The screens about a draft's message and its audience."""

from collections.abc import Iterator

from bot.text.translations import capitalised
from handlers.broadcasts.draft import Version
from handlers.broadcasts.screens.draft_view import DraftView, left_out
from handlers.broadcasts.screens.labels import MUST_SAY, content_name, subject_name
from handlers.screens.buttons import Button, DraftStep
from handlers.screens.screen import Screen, lines
from storage.broadcast_types import Kind
from telegram_text.markup import Html


def ask_message(view: DraftView) -> Screen:
    """Asks for the message in the draft's current language.

    For a notice of a breach and a correction it says who gets it, what it has to say and what the
    bot adds to it.
    """
    words, draft = view.words, view.draft
    is_first, is_notice = draft.language == draft.default_language, draft.kind is Kind.BREACH
    return Screen.of(
        is_notice
        and words.text(
            "⚠️ <b>Aviso de una brecha de seguridad</b>\n\n"
            "Es solo para cuando los datos de quienes firmaron se han perdido, o los ha visto o "
            "se los ha llevado alguien que no debía. Para otra cosa, pulsa «{leave}».",
            leave=view.discard.label,
        ),
        is_notice
        and words.text(
            "Llega a todas las personas que firmaron, también a las que pidieron que no se "
            "les escribiera, y no sale sin que otra persona que administra la petición lo "
            "apruebe."
            if view.most_alone is not None
            else "Llega a todas las personas que firmaron, también a las que pidieron que no se "
            "les escribiera."
        ),
        words.text(
            "<b>Envíame el mensaje</b>" if is_first else "<b>Envíame la versión en {language}</b>",
            language=words.language_name(draft.language),
        ),
        words.text(MUST_SAY)
        if is_notice
        else words.text(
            "Espero tu próximo mensaje en este chat: un texto, una foto, un vídeo, un álbum, "
            "un documento, un audio… Llegará tal como lo envíes, con su formato y sin tu "
            "nombre."
            if draft.is_copied
            else "Escribe qué estaba mal y qué es lo correcto. Va en texto; encima, el bot pone "
            "que es una corrección, y debajo, de qué mensaje.\n\n"
            "Llega a quienes recibieron el mensaje equivocado, salvo a quienes ya no quieren "
            "mensajes así."
        ),
        is_notice
        and words.text(
            "Encima, el bot pone que es un aviso sobre sus datos; debajo, por qué lo reciben."
        ),
        draft.corrects is Kind.UPDATE
        and words.text(
            "No se suma a las novedades que eligieron: cuenta como uno solo con el mensaje que "
            "corrige."
        ),
        draft.is_copied
        and is_first
        and len(view.languages) > 1
        and not draft.versions
        and words.text("Si quieres una versión en otro idioma, la añades después."),
        words.text("Nada sale hasta que veas la vista previa y lo confirmes."),
    )


def message_ready(view: DraftView) -> Screen:
    """Describes the message and offers what can be done with it."""
    words, draft = view.words, view.draft
    look = view.button("👁 Ver la vista previa", DraftStep.PREVIEW)
    if draft.kind is Kind.CLOSING:
        return Screen(words.text("El mensaje final no se ha enviado."), [look])
    chosen = draft.audience_chosen
    return Screen.of(
        words.text("<b>Tu mensaje</b>"),
        lines(*(_described(view, code) for code in draft.versions)),
        chosen
        and words.text(
            "{subject}, para {audience}.",
            subject=subject_name(words, draft.kind),
            audience=view.audience,
        ),
        words.text(
            "Hasta la vista previa puedes editar tu mensaje en el chat: se usará tal como "
            "esté entonces. Todavía no se ha enviado nada."
        ),
        buttons=[
            look if chosen else view.button("Continuar", DraftStep.NEXT),
            *_versions(view),
            # With a topic the audience is fixed: those whom an earlier broadcast did not reach.
            chosen
            and draft.topic is None
            and draft.kind is not Kind.BREACH
            and view.button("Cambiar a quién se envía", DraftStep.ASK_SUBJECT),
        ],
    )


def ask_links(view: DraftView) -> Screen:
    """Asks for link buttons, one per line."""
    words, language = view.words, view.draft.language
    version = view.draft.versions[language]
    bare = view.button("Quitar los botones", DraftStep.REMOVE_LINKS, language)
    return Screen.of(
        words.text(
            "<b>Botones con enlace</b>\n\nEscríbeme una línea por botón: el texto, un guion y "
            "la dirección. Por ejemplo:\n\n<code>Leer más - https://ejemplo.org</code>"
        ),
        _buttons(view, version),
        buttons=[bare if version.links else None],
    )


def ask_subject(view: DraftView) -> Screen:
    """Asks whether the message is about the petition or about something else."""
    return Screen(
        view.words.text(
            "<b>¿De qué trata el mensaje?</b>\n\n"
            "Sobre esta petición, solo a quienes eligieron recibir novedades, y nunca más de las "
            "que eligieron. El mensaje final va aparte: es para todas las personas que firmaron, "
            "salvo las que pidieron que no se les escriba.\n\n"
            "Sobre otra cosa, solo a quienes aceptaron recibir otras noticias.\n\n"
            "Es lo que se les prometió al firmar."
        ),
        [
            view.button("Sobre esta petición", DraftStep.SUBJECT, Kind.UPDATE),
            view.button("Sobre otra cosa", DraftStep.SUBJECT, Kind.NEWS),
        ],
    )


def ask_audience(view: DraftView) -> Screen:
    """Asks for the audience: each choice with its number, and who gets it in none."""
    words, people = view.words, view.numbers.people
    total, is_news = sum(people.values()), view.draft.kind is Kind.NEWS
    everyone = view.button(
        "A quienes aceptaron otras noticias: {n}"
        if is_news
        else "A quienes eligieron novedades: {n}",
        DraftStep.AUDIENCE,
        "news" if is_news else "all",
        n=words.number(total),
    )
    rows = [everyone]
    for code in view.languages:
        # A language that all of them read would be the same choice as everyone.
        if 0 < people.get(code, 0) < total:
            only = view.button(
                "Solo a quienes leen en {language}: {n}",
                DraftStep.AUDIENCE,
                f"news.{code}" if is_news else code,
                language=words.language_name(code),
                n=words.number(people[code]),
            )
            rows.append(only)
    return Screen.of(
        words.text(
            "<b>¿A quién?</b>\n\nElige y te enseñaré la vista previa. Todavía no se envía nada."
            if total
            else "<b>¿A quién?</b>\n\nNo hay a quién enviarlo."
        ),
        left_out(view),
        buttons=rows if total else [],
    )


def _described(view: DraftView, code: str) -> Html:
    words, draft = view.words, view.draft
    version = draft.versions[code]
    what = words.text(
        "Es {content}."
        if len(view.languages) == 1
        else "Es {content}, igual para todos los idiomas."
        if len(draft.versions) == 1
        else "{language}: {content}."
        if code != draft.default_language
        else "{language}: {content}. También para quien lea en un idioma sin versión.",
        language=capitalised(words.language_name(code)),
        content=content_name(words, version),
    )
    return lines(what, _buttons(view, version))


def _buttons(view: DraftView, version: Version) -> Html | None:
    words, links = view.words, [link for row in version.links for link in row]
    labels = ", ".join(words.label("«{text}»", text=link.text) for link in links)
    return words.text("Botones: {labels}", labels=labels) if labels else None


def _versions(view: DraftView) -> Iterator[Button]:
    """Returns the buttons for the version of each language."""
    words, draft = view.words, view.draft
    several = len(draft.versions) > 1
    for code, version in draft.versions.items():
        name = words.language_name(code)
        yield view.button(
            "Cambiar la versión en {language}" if several else "Cambiar el mensaje",
            DraftStep.WRITE,
            code,
            language=name,
        )
        if draft.is_copied and not version.is_album:
            yield view.button(
                "Botones de la versión en {language}" if several else "Botones con enlace",
                DraftStep.LINKS,
                code,
                language=name,
            )
        if code != draft.default_language:
            yield view.button(
                "Quitar la versión en {language}", DraftStep.REMOVE_VERSION, code, language=name
            )
    for code in view.languages:
        if code not in draft.versions:
            name = words.language_name(code)
            yield view.button("Añadir versión en {language}", DraftStep.WRITE, code, language=name)
