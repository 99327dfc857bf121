"""The screens that ask for a draft's subject, its audience and its time."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from bot.text.markup import Html
from bot.text.translations import Words
from storage import Kind

from ...admin_context import Choice, Page
from ...screens.screen import paragraphs
from ..parse_time import Offered, offered
from ..steps import Step, choice
from .draft_view import DraftView, ways_out
from .labels import moment_name


def subject(sheet: DraftView) -> Page:
    """Asks whether the message is about the petition or about something else."""
    words, draft = sheet.words, sheet.draft
    return Page(
        paragraphs(
            words.text("<b>¿De qué trata el mensaje?</b>"),
            words.text("Sobre esta petición puedes escribir a todas las personas que firmaron."),
            words.text(
                "Sobre otra cosa, solo a quienes aceptaron recibir otras noticias: es lo que se "
                "les prometió al firmar."
            ),
        ),
        [
            choice(words.label("Sobre esta petición"), draft, Step.ABOUT, Kind.UPDATE),
            choice(words.label("Sobre otra cosa"), draft, Step.ABOUT, Kind.NEWS),
            *ways_out(sheet, back=True),
        ],
    )


def audience(sheet: DraftView) -> Page:
    """Asks for the audience: each choice with its number, and why others reach nobody."""
    words = sheet.words
    rows = [*_groups(sheet), *_by_language(sheet)]
    return Page(
        paragraphs(
            words.text("<b>¿A quién?</b>"),
            words.text("Elige y te enseñaré la vista previa. Todavía no se envía nada.")
            if rows
            else words.text("No hay a quién enviarlo."),
            Html("\n".join(_empty(sheet))),
        ),
        [*rows, *ways_out(sheet, back=True)],
    )


def _everyone(sheet: DraftView) -> Mapping[str, int]:
    """Returns the largest possible audience: for news, only those who accepted them."""
    return sheet.numbers.news if sheet.draft.kind is Kind.NEWS else sheet.numbers.signed


def _groups(sheet: DraftView) -> list[Choice]:
    words, draft = sheet.words, sheet.draft
    total, agreed = sum(_everyone(sheet).values()), sum(sheet.numbers.news.values())
    rows: list[Choice] = []
    if total and draft.kind is not Kind.NEWS:
        label = words.label("A quienes firmaron: {n}", n=words.number(total))
        rows.append(choice(label, draft, Step.AUDIENCE, "all"))
    if agreed:
        label = words.label("A quienes aceptaron otras noticias: {n}", n=words.number(agreed))
        rows.append(choice(label, draft, Step.AUDIENCE, "news"))
    return rows


def _by_language(sheet: DraftView) -> list[Choice]:
    everyone = _everyone(sheet)
    total = sum(everyone.values())
    # A language that all of them read would be the same choice as everyone.
    numbers = {code: everyone.get(code, 0) for code in sheet.languages}
    return [_only_in(sheet, code, n) for code, n in numbers.items() if 0 < n < total]


def _empty(sheet: DraftView) -> list[Html]:
    """Says which choices reach nobody."""
    words, everyone = sheet.words, _everyone(sheet)
    lines: list[Html] = []
    if not sheet.numbers.news:
        lines.append(words.text("Nadie a quien se pueda escribir ha aceptado otras noticias."))
    if everyone and len(sheet.languages) > 1:
        lines += [
            words.text("Nadie lee en {language}.", language=sheet.tongue(code))
            for code in sheet.languages
            if not everyone.get(code)
        ]
    return lines


def _only_in(sheet: DraftView, code: str, number: int) -> Choice:
    words, draft = sheet.words, sheet.draft
    label = words.label(
        "Solo a quienes leen en {language}: {n}",
        language=sheet.tongue(code),
        n=words.number(number),
    )
    news = draft.kind is Kind.NEWS
    return choice(label, draft, Step.AUDIENCE, f"news.{code}" if news else code)


def time(sheet: DraftView) -> Page:
    """Asks for the time to send at, and offers some."""
    words, draft = sheet.words, sheet.draft
    moments = [
        choice(_offer(words, each), draft, Step.SCHEDULE, str(int(each.at.timestamp())))
        for each in offered(sheet.now, ZoneInfo(sheet.zone))
    ]
    return Page(
        paragraphs(
            words.text("<b>¿Cuándo?</b>"),
            words.text("Ahora es {moment}.", moment=moment_name(words, sheet.now, sheet.zone)),
            words.text("Elige o escríbeme el día y la hora, como «mañana 18:30» o «26/11 18:30»."),
        ),
        [*moments, *ways_out(sheet, back=True)],
    )


def _offer(words: Words, moment: Offered) -> str:
    clock = words.clock(moment.at)
    if moment.kind == "hour":
        return words.label("Dentro de una hora ({time})", time=clock)
    if moment.kind == "tonight":
        return words.label("Hoy, {time}", time=clock)
    return words.label("Mañana, {time}", time=clock)
