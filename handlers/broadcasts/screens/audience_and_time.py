"""The screens that ask for a draft's subject, its audience and its time."""

from handlers.broadcasts.parse_time import suggested_moments
from handlers.broadcasts.screens.draft_view import DraftView, left_out_by_choice
from handlers.broadcasts.screens.labels import moment_name
from handlers.screens.buttons import Button, DraftStep
from handlers.screens.screen import Screen, lines, paragraphs
from storage.broadcast_types import Kind
from telegram_text.markup import Html


def ask_subject(draft_view: DraftView) -> Screen:
    """Asks whether the message is about the petition or about something else."""
    words = draft_view.words
    return Screen(
        paragraphs(
            words.text("<b>¿De qué trata el mensaje?</b>"),
            words.text(
                "Sobre esta petición, solo a quienes eligieron recibir novedades, y nunca más de "
                "las que eligieron. El mensaje final va aparte: es para todas las personas que "
                "firmaron, salvo las que pidieron que no se les escriba."
            ),
            words.text("Sobre otra cosa, solo a quienes aceptaron recibir otras noticias."),
            words.text("Es lo que se les prometió al firmar."),
        ),
        [
            draft_view.button(words.label("Sobre esta petición"), DraftStep.SUBJECT, Kind.UPDATE),
            draft_view.button(words.label("Sobre otra cosa"), DraftStep.SUBJECT, Kind.NEWS),
            *draft_view.leaving(back=True),
        ],
    )


def ask_audience(draft_view: DraftView) -> Screen:
    """Asks for the audience: each choice with its number, and why others reach nobody."""
    words = draft_view.words
    rows = [*_groups(draft_view), *_by_language(draft_view)]
    return Screen(
        paragraphs(
            words.text("<b>¿A quién?</b>"),
            words.text(
                "Elige y te enseñaré la vista previa. Todavía no se envía nada."
                if rows
                else "No hay a quién enviarlo."
            ),
            lines(*_empty(draft_view), *left_out_by_choice(draft_view)),
        ),
        [*rows, *draft_view.leaving(back=True)],
    )


def _groups(draft_view: DraftView) -> list[Button]:
    words, total = draft_view.words, sum(draft_view.numbers.everyone.values())
    is_news = draft_view.draft.kind is Kind.NEWS
    label = words.label(
        "A quienes aceptaron otras noticias: {n}"
        if is_news
        else "A quienes eligieron novedades: {n}",
        n=words.number(total),
    )
    everyone = draft_view.button(label, DraftStep.AUDIENCE, "news" if is_news else "all")
    return [everyone] if total else []


def _by_language(draft_view: DraftView) -> list[Button]:
    everyone = draft_view.numbers.everyone
    total = sum(everyone.values())
    # A language that all of them read would be the same choice as everyone.
    numbers = {code: everyone.get(code, 0) for code in draft_view.languages}
    return [_only_in(draft_view, code, n) for code, n in numbers.items() if 0 < n < total]


def _empty(draft_view: DraftView) -> list[Html]:
    """Says which choices reach nobody."""
    words, everyone = draft_view.words, draft_view.numbers.everyone
    if not everyone:
        nobody = words.text(
            "Nadie espera otras noticias, o a quienes las esperan no se les puede escribir."
            if draft_view.draft.kind is Kind.NEWS
            else "Nadie espera novedades, o a quienes las esperan no se les puede escribir."
        )
        return [nobody]
    return [
        words.text("No hay a quién escribir en {language}.", language=words.language_name(code))
        for code in draft_view.languages
        if len(draft_view.languages) > 1 and not everyone.get(code)
    ]


def _only_in(draft_view: DraftView, code: str, number: int) -> Button:
    words, draft = draft_view.words, draft_view.draft
    label = words.label(
        "Solo a quienes leen en {language}: {n}",
        language=words.language_name(code),
        n=words.number(number),
    )
    news = draft.kind is Kind.NEWS
    return draft_view.button(label, DraftStep.AUDIENCE, f"news.{code}" if news else code)


def ask_time(draft_view: DraftView) -> Screen:
    """Asks for the time to send at, and offers some."""
    words = draft_view.words
    moments = [
        draft_view.button(
            words.label(label, time=words.clock(at)), DraftStep.SCHEDULE, str(int(at.timestamp()))
        )
        for at, label in suggested_moments(draft_view.now, words.zone)
    ]
    return Screen(
        paragraphs(
            words.text("<b>¿Cuándo?</b>"),
            words.text("Ahora es {moment}.", moment=moment_name(words, draft_view.now)),
            words.text("Elige o escríbeme el día y la hora, como «mañana 18:30» o «26/11 18:30»."),
        ),
        [*moments, *draft_view.leaving(back=True)],
    )
