"""The report of a rehearsal: one text in Markdown, which a terminal and a page show alike."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from html import escape

from markdown_it import MarkdownIt

from bot.petition.petition import Petition
from bot.petition.stages import Stage
from bot.settings import FREE_RATE, PAID_RATE
from bot.text.translations import Words, is_spoken, mark
from bot.tryout.rehearsal.reading import MeasuredScreen, Part
from bot.tryout.rehearsal.run import RehearsalResult
from bot.tryout.visitors.journeys import Reason, Step
from handlers.broadcasts.screens.draft_view import MESSAGES_A_STAR

_EXAMPLES = (1_530, 100_000)
"""So many people stand in the table of how long telling takes, beside those of the rehearsal."""

_STEPS = {
    Step.OPENED: mark("Abrieron el bot"),
    Step.READ: mark("Leyeron de qué trata"),
    Step.NAME: mark("Llegaron al nombre"),
    Step.CONSENT: mark("Llegaron al consentimiento"),
    Step.SIGNED: mark("Firmaron"),
}
_STAGES = {
    Stage.HOME: Part.WELCOME,
    Stage.LANGUAGE: Part.LANGUAGE,
    Stage.APPEAL: Part.APPEAL,
    Stage.NAME: Part.NAME,
    Stage.CONSENT: Part.CONSENT,
}
# What Markdown would take for more than a letter.
_SIGNS = re.compile(r"([\\`*_\[\]<>#|~&])")
_STYLE = """
:root { color-scheme: light dark; --line: #8884; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --bad: #ffb4ab; } }
body { max-width: 46rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; font: 1rem/1.5 system-ui; }
h1 { font-size: 1.6rem; line-height: 1.25; } h2 { margin-top: 2.2rem; font-size: 1.2rem; }
strong { color: var(--bad); }
table { width: 100%; border-collapse: collapse; overflow-wrap: anywhere; }
th, td { padding: .35rem .6rem; border-bottom: 1px solid var(--line); text-align: start; }
th { font-size: .9rem; } td { font-variant-numeric: tabular-nums; }
"""


def page(words: Words, report: str) -> str:
    """Returns a report as a page: one file, which loads nothing and runs no script."""
    title = escape(re.sub(r"\\(.)", r"\1", report.partition("\n")[0].removeprefix("# ")))
    shown = MarkdownIt("commonmark", {"html": False}).enable("table").render(report)
    return (
        f'<!doctype html>\n<html lang="{escape(words.language)}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{title}</title><style>{_STYLE}</style></head>"
        f"<body><main>{shown}</main></body></html>\n"
    )


def write_report(words: Words, result: RehearsalResult, petition: Petition, seed: int) -> str:
    """Returns the report of a rehearsal, also of one that was interrupted.

    It is in the language of `words`; by the seed, the rehearsal can be repeated.
    """
    label, wrong = words.label, list(faults(words, result))
    title = label("Ensayo de «{title}»", title=petition.texts_in(words.language).title)
    failed = [f"## {label('Lo que falló')}", "\n".join(f"- {_alarm(each)}" for each in wrong)]
    parts = [
        f"# {_plain(title)}",
        *map(_plain, _summary(words, result, seed)),
        *(failed if wrong else [label("No falló nada.")] if result.is_over else []),
        *_way(words, result),
        *_reasons(words, result),
        *_answers(words, result),
        *_screens(words, result.screens, petition),
        *_missing(words, petition),
        *_told(words, result, petition),
        *_telling(words, result),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def faults(words: Words, result: RehearsalResult) -> Iterator[str]:
    """Yields what went wrong that no person of the rehearsal did, in sentences."""
    if result.broken:
        yield words.label(result.broken)
    if result.passed_over:
        yield words.plural_label(
            "El bot no pudo atender {n} mensaje o toque.",
            "El bot no pudo atender {n} mensajes o toques.",
            result.passed_over,
        )
    refused = result.verdict.refused if result.verdict else ()
    for call, times in sorted(Counter(f"{c.method}: {c.error}" for c in refused).items()):
        yield words.plural_label(
            "Telegram rechazaría {n} vez «{call}».",
            "Telegram rechazaría {n} veces «{call}».",
            times,
            call=call,
        )
    if result.stored != result.thanked:
        yield words.label(
            "El bot dio las gracias a {thanked} personas y guardó {stored} firmas.",
            thanked=words.number(result.thanked),
            stored=words.number(result.stored),
        )
    if result.untold > 0:
        yield words.plural_label(
            "{n} persona no recibió el mensaje final aunque consta como entregado.",
            "{n} personas no recibieron el mensaje final aunque consta como entregado.",
            result.untold,
        )
    if stuck := sum(each.journey.left_for is Reason.BUG for each in result.came):
        yield words.plural_label(
            "{n} persona se quedó sin un botón que tocar.",
            "{n} personas se quedaron sin un botón que tocar.",
            stuck,
        )


def _plain(text: str) -> str:
    """Returns a text as Markdown that says just this."""
    return _SIGNS.sub(r"\\\1", text.replace("\n", " "))


def _alarm(text: str) -> str:
    return f"**{_plain(text)}**"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], first_number: int = 1) -> str:
    """Returns a table, of which the columns from this one on have numbers; none without rows."""
    lines = [f"| {' | '.join(map(_plain, row))} |" for row in (head, *rows)]
    kinds = ("-:" if place >= first_number else "-" for place in range(len(head)))
    return "\n".join([lines[0], f"| {' | '.join(kinds)} |", *lines[1:]]) if lines[1:] else ""


def _summary(words: Words, result: RehearsalResult, seed: int) -> Iterator[str]:
    yield words.plural_label(
        "{n} persona pasó por la petición: {simulated} de tiempo simulado, en {real}.",
        "{n} personas pasaron por la petición: {simulated} de tiempo simulado, en {real}.",
        len(result.came),
        simulated=words.duration(result.simulated),
        real=words.duration(result.real),
    )
    yield words.label(
        "Las personas se sortean con la semilla {seed}; con «--seed {seed}» se repite el "
        "mismo ensayo. Siguen reglas sencillas: dicen dónde cuesta, no cuánta gente va a "
        "firmar.",
        seed=seed,
    )
    if not result.is_over:
        yield words.label("El ensayo no llegó al final: aquí está lo que se vio hasta entonces.")


def _way(words: Words, result: RehearsalResult) -> Iterator[str]:
    label, everybody = words.label, len(result.came) or 1
    yield f"## {label('Hasta dónde llegaron')}"
    reached = {
        name: sum(each.journey.furthest >= step for each in result.came)
        for step, name in _STEPS.items()
    }
    yield _table(
        (label("Paso"), label("Personas"), label("Parte")),
        [(label(k), words.number(n), words.percent(n / everybody)) for k, n in reached.items()],
    )


def _reasons(words: Words, result: RehearsalResult) -> Iterator[str]:
    label, journeys = words.label, [each.journey for each in result.came]
    yield f"## {label('Por qué se fueron sin firmar')}"
    if refused := sum(journey.refused for journey in journeys):
        yield words.plural_label(
            "{n} vez se rechazó lo escrito como nombre; quien lo intentó otra vez pudo seguir.",
            "{n} veces se rechazó lo escrito como nombre; quien lo intentó otra vez pudo seguir.",
            refused,
        )
    left = Counter((each.left_for, each.left_at) for each in journeys if each.left_for)
    if not left:
        yield label("Nadie se fue sin firmar.")
    yield _table(
        (label("Motivo"), label("Pantalla"), label("Personas")),
        [
            (
                label(reason.value),
                label(_STAGES[stage].value) if stage in _STAGES else "",
                words.number(number),
            )
            for (reason, stage), number in left.most_common()
        ],
        first_number=2,
    )


def _answers(words: Words, result: RehearsalResult) -> Iterator[str]:
    yield f"## {words.label('Qué rápido se respondía')}"
    if waits := sorted(wait for each in result.came for wait in each.journey.waits):
        yield words.label(
            "La mitad de las respuestas tardó menos de {half} s, y 99 de cada 100 menos de "
            "{most} s.",
            half=words.speed(waits[len(waits) // 2]),
            most=words.speed(waits[len(waits) * 99 // 100]),
        )
    if result.verdict is not None:
        yield words.label(
            "Llamadas a Telegram: {calls}; con un fallo simulado, {failed}; por encima de su "
            "límite (429), {many}. El bot repitió las que fallaron.",
            calls=words.number(result.verdict.calls),
            failed=words.number(result.verdict.failed),
            many=words.number(result.verdict.too_many),
        )


def _screens(words: Words, screens: Sequence[MeasuredScreen], petition: Petition) -> Iterator[str]:
    label = words.label
    yield f"## {label('Pantallas que hay que desplazar')}"
    yield label(
        "En un teléfono de 390 × 844 puntos, con texto de 17. El número dice cuántas alturas "
        "del teléfono ocupa cada pantalla; las que caben enteras no están."
    )
    high = {(each.part, each.page, each.language): each.screenfuls for each in screens}
    parts, rows = list(Part), []
    for part, page_number in sorted(
        {key[:2] for key in high}, key=lambda each: (parts.index(each[0]), each[1])
    ):
        found = [high.get((part, page_number, language)) for language in petition.languages]
        # The model is not exact to a twentieth of a phone.
        if any(round(each or 0.0, 1) > 1 for each in found):
            name = label(part.value)
            if page_number:
                name = label("{screen}, página {page}", screen=name, page=page_number)
            rows.append((name, *("" if n is None else words.speed(n) for n in found)))
    if not rows:
        yield label("Todas las pantallas caben sin desplazarlas.")
    yield _table((label("Pantalla"), *map(words.language_name, petition.languages)), rows)
    if cut := dict.fromkeys((each.part, button) for each in screens for button in each.cut):
        yield f"## {label('Botones que un teléfono corta')}"
        yield label(
            "Un teléfono acorta estos botones con «…»: lo que no cabe no se lee. Lo que importe, "
            "dilo en el texto."
        )
        shown = [(label(part.value), button) for part, button in cut]
        yield _table((label("Pantalla"), label("Botón")), shown, first_number=2)


def missing_texts(petition: Petition, language: str) -> list[str]:
    """Returns the keys of the texts that a language lacks, or has as in the source language."""
    source, texts = petition.texts[petition.source_language], petition.texts[language]
    found = []
    for key in type(texts).model_fields:
        theirs, mine = getattr(source, key), getattr(texts, key)
        is_short = isinstance(mine, tuple | list) and len(mine) < len(theirs)
        if (theirs and not mine) or (theirs and mine == theirs) or is_short:
            found.append(key)
    return found


def _missing(words: Words, petition: Petition) -> Iterator[str]:
    yield f"## {words.label('Textos que faltan')}"
    found = []
    for language in petition.languages:
        name = words.language_name(language)
        if not is_spoken(language):
            found.append(
                words.label(
                    "{language}: los botones y las respuestas del bot están en español.",
                    language=name,
                )
            )
        if language != petition.source_language:
            found += [
                words.label(
                    "{language}: falta «{key}», o está como en el idioma de origen.",
                    language=name,
                    key=key,
                )
                for key in missing_texts(petition, language)
            ]
    yield from map(_alarm, found) if found else [words.label("No falta ninguno.")]


def _told(words: Words, result: RehearsalResult, petition: Petition) -> Iterator[str]:
    label, tally = words.label, result.told
    yield f"## {label('A quién no se le contó cómo acabó')}"
    if petition.closing_is_draft:
        yield _alarm(
            label(
                "El mensaje final todavía es un borrador; se ensayó tal como está. Mientras lo "
                "sea, no se envía a nadie."
            )
        )
    if tally is None:
        yield _alarm(label("El mensaje final no llegó a enviarse."))
        return
    if result.told_twice:
        yield words.plural_label(
            "{n} persona lo recibió por duplicado: se perdió la respuesta de Telegram, y es "
            "mejor que no recibirlo.",
            "{n} personas lo recibieron por duplicado: se perdió la respuesta de Telegram, y "
            "es mejor que no recibirlo.",
            result.told_twice,
        )
    rows = (
        (label("Lo recibieron"), tally.delivered),
        (label("Pidieron que no se les escribiera"), result.muted),
        (label("Bloquearon el bot o borraron su cuenta"), tally.unreachable),
        (label("Retiraron su firma mientras se enviaba"), tally.withdrawn),
        (label("Telegram no aceptó el mensaje"), tally.rejected),
        (label("No se sabe: se perdió la respuesta de Telegram"), tally.unconfirmed),
        (label("Quedaron sin enviar"), tally.open),
    )
    yield _table(
        (label("Qué fue de quienes firmaron"), label("Personas")),
        [(name, words.number(n)) for name, n in rows if n],
    )


def _telling(words: Words, result: RehearsalResult) -> Iterator[str]:
    label = words.label
    yield f"## {label('Cuánto se tarda en contárselo a todo el mundo')}"
    yield label(
        "Gratis, a {free} mensajes por segundo. Pagando, Telegram admite hasta 1.000 por "
        "segundo, a 0,1 estrellas por mensaje entregado; el bot envía entonces {paid}. "
        "Telegram pide además que el bot tenga muchas estrellas: cuántas, lo dice "
        "@BotFather.",
        free=words.speed(FREE_RATE),
        paid=words.speed(PAID_RATE),
    )
    yield _table(
        (label("Personas"), label("Gratis"), label("Pagando"), label("Estrellas, como mucho")),
        [
            (
                words.number(n),
                words.duration(n / FREE_RATE),
                words.duration(n / PAID_RATE),
                words.number(-(-n // MESSAGES_A_STAR)),
            )
            for n in (result.stored, *_EXAMPLES)
            if n
        ],
    )
