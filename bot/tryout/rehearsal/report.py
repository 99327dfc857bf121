"""The report of a rehearsal: one text in Markdown, which a terminal and a page show alike."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from html import escape

from markdown_it import MarkdownIt

from bot.petition.petition import Petition
from bot.petition.stages import Stage
from bot.settings import FREE_RATE, PAID_RATE
from bot.text.problems import Problem
from bot.text.translations import Words, mark
from bot.tryout.rehearsal.run import MeasuredScreen, Part, RehearsalResult
from bot.tryout.visitors.visitor import Reason, Step, Visitor
from handlers.broadcasts.screens.draft_view import MESSAGES_A_STAR

_EXAMPLES = (1_530, 100_000)
"""How many people stand in the table of how long telling takes, beside those of the rehearsal."""

_REPORT = mark("""\
# Ensayo de «{title}»

Personas que pasaron por la petición: {came}, en {simulated} de tiempo simulado. Se sortean con la
semilla {seed}; con «--seed {seed}» se repite el mismo ensayo. Siguen reglas sencillas: dicen dónde
cuesta, no cuánta gente va a firmar.

{outcome}

## Hasta dónde llegaron

| Paso | Personas | Parte |
| - | -: | -: |
| Abrieron el bot | {OPENED} |
| Leyeron de qué trata | {READ} |
| Llegaron al nombre, o eligieron no darlo | {NAME} |
| Llegaron al consentimiento | {CONSENT} |
| Firmaron | {SIGNED} |

## Por qué se fueron sin firmar

Veces que se rechazó lo escrito como nombre, también a quien pudo seguir después: {refused}.

| Motivo | Pantalla | Personas |
| - | - | -: |
{reasons}

## Pantallas que hay que desplazar

En un teléfono de 390 × 844 puntos, con texto de 17. El número dice cuántas alturas del teléfono
ocupa cada pantalla; las que caben enteras no están.

| Pantalla | {languages} |
| - | {columns} |
{screens}

## Botones que un teléfono corta

Un teléfono los acorta con «…»: lo que no cabe no se lee. Lo que importe, dilo en el texto.

| Pantalla | Botón |
| - | - |
{buttons}

## Lo que advierte check

Textos que faltan por escribir o traducir, y lo demás que conviene mirar.

{warnings}

## A quién no se le contó cómo acabó

| Qué fue de quienes firmaron | Personas |
| - | -: |
| Lo recibieron | {delivered} |
| De ellas, por duplicado, pues se perdió la respuesta de Telegram | {told_twice} |
| Pidieron que no se les escribiera | {muted} |
| Bloquearon el bot o borraron su cuenta | {unreachable} |
| Retiraron su firma mientras se enviaba | {withdrawn} |
| Telegram no aceptó el mensaje | {rejected} |
| No se sabe: se perdió la respuesta de Telegram | {unconfirmed} |
| Quedaron sin enviar | {open} |

## Cuánto se tarda en contárselo a todo el mundo

Gratis, a {free} mensajes por segundo. Pagando, Telegram admite hasta 1.000 por segundo, a 0,1
estrellas por mensaje entregado; el bot envía entonces {paid}. Telegram pide además que el bot
tenga muchas estrellas: cuántas, lo dice @BotFather.

| Personas | Gratis | Pagando | Estrellas, como mucho |
| -: | -: | -: | -: |
{durations}
""")
_OUTCOMES = ("delivered", "withdrawn", "rejected", "unconfirmed", "open")
# What Markdown would take for more than a letter.
_SIGNS = re.compile(r"([\\`*_\[\]<>#|~&])")
_STYLE = """
:root { color-scheme: light dark; --line: #8884; }
body { max-width: 46rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; font: 1rem/1.5 system-ui; }
h1 { font-size: 1.6rem; line-height: 1.25; } h2 { margin-top: 2.2rem; font-size: 1.2rem; }
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


def write_report(
    words: Words,
    result: RehearsalResult,
    petition: Petition,
    warnings: Iterable[Problem],
    *,
    seed: int,
) -> str:
    """Returns the report of a rehearsal, also of one that was interrupted.

    It is in the language of `words`. `warnings` are those of the petition's check.
    """
    came = result.came
    left = Counter((each.left_for, _left_at(each)) for each in came if each.left_for)
    cut = dict.fromkeys((each.part, button) for each in result.screens for button in each.cut)
    label, number = words.label, words.number
    return label(
        _REPORT,
        title=_plain(petition.texts_in(words.language).title),
        came=number(len(came)),
        simulated=words.duration(result.simulated),
        seed=seed,
        outcome=_outcome(words, result),
        **{step.name: _reached(words, step, came) for step in Step},
        refused=number(sum(each.refused for each in came)),
        reasons=_rows(
            (label(reason.value), label(part.value) if part else "", number(n))
            for (reason, part), n in left.most_common()
        ),
        languages=" | ".join(map(words.language_name, petition.languages)),
        columns=" | ".join("-:" for _ in petition.languages),
        screens=_rows(_screens(words, result.screens, petition.languages)),
        buttons=_rows((label(part.value), button) for part, button in cut),
        warnings=_list(each.said(words) for each in warnings),
        **{name: number(getattr(result.told, name)) for name in _OUTCOMES},
        told_twice=number(result.told_twice),
        muted=number(result.muted),
        unreachable=number(result.gone + result.told.unreachable),
        free=words.speed(FREE_RATE),
        paid=words.speed(PAID_RATE),
        durations=_rows(_durations(words, [result.stored, *_EXAMPLES])),
    )


def faults(words: Words, result: RehearsalResult) -> Iterator[str]:
    """Yields what went wrong that no person of the rehearsal did, in sentences."""
    if result.broken:
        yield words.label(result.broken)
    stuck = sum(each.left_for is Reason.BUG for each in result.came)
    counted = {
        mark("Mensajes o toques que el bot no pudo atender: {n}."): result.passed_over,
        mark("Personas a las que el bot dio las gracias sin guardar su firma, o al revés: {n}."): (
            abs(result.stored - result.thanked)
        ),
        mark("Personas que no recibieron el mensaje final aunque consta como entregado: {n}."): (
            max(0, result.untold)
        ),
        mark("Personas que se quedaron sin un botón que tocar: {n}."): stuck,
    }
    yield from (words.label(said, n=words.number(n)) for said, n in counted.items() if n)
    refused = Counter(f"{call.method}: {call.error}" for call in result.refused)
    for call, n in sorted(refused.items()):
        yield words.label("Telegram rechazaría «{call}»: {n}.", call=call, n=words.number(n))


def _outcome(words: Words, result: RehearsalResult) -> str:
    early = words.label("El ensayo no llegó al final: aquí está lo que se vio hasta entonces.")
    if wrong := [*faults(words, result)]:
        failed = f"## {words.label('Lo que falló')}\n\n{_list(wrong)}"
        return failed if result.is_over else f"{early}\n\n{failed}"
    return words.label("No falló nada.") if result.is_over else early


def _left_at(visitor: Visitor) -> Part | None:
    if visitor.left_at is Stage.CONSENT and not visitor.gives_name:
        return Part.UNNAMED_CONSENT
    return Part.__members__.get(visitor.left_at.name) if visitor.left_at else None


def _reached(words: Words, step: Step, came: Sequence[Visitor]) -> str:
    reached = sum(each.furthest >= step for each in came)
    return f"{words.number(reached)} | {words.percent(reached / (len(came) or 1))}"


def _plain(text: str) -> str:
    """Returns a text as Markdown that says just this."""
    return _SIGNS.sub(r"\\\1", text.replace("\n", " "))


def _list(sentences: Iterable[str]) -> str:
    return "\n".join(f"- {_plain(each)}" for each in sentences) or "–"


def _rows(rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(map(_plain, row))} |" for row in rows) or "| – |"


def _screens(
    words: Words, screens: Sequence[MeasuredScreen], languages: Sequence[str]
) -> Iterator[list[str]]:
    heights: defaultdict[tuple[Part, int], dict[str, float]] = defaultdict(dict)
    for each in sorted(screens, key=lambda each: ([*Part].index(each.part), each.page)):
        heights[each.part, each.page][each.language] = each.screenfuls
    for (part, place), high in heights.items():
        # The model is not exact to a twentieth of a phone.
        if any(round(each, 1) > 1 for each in high.values()):
            name = words.label(part.value)
            if place:
                name = words.label("{screen}, página {page}", screen=name, page=place)
            yield [name, *(words.speed(high[each]) if each in high else "" for each in languages)]


def _durations(words: Words, counts: Iterable[int]) -> Iterator[tuple[str, str, str, str]]:
    for people in filter(None, counts):
        free, paid = words.duration(people / FREE_RATE), words.duration(people / PAID_RATE)
        yield words.number(people), free, paid, words.number(-(-people // MESSAGES_A_STAR))
