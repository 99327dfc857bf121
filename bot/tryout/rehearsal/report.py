"""The report of a rehearsal: a text in Markdown."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from bot.broadcast.confirmation import price
from bot.petition.petition import Petition
from bot.settings import FREE_RATE, PAID_RATE
from bot.text.problems import Problem
from bot.text.translations import Words, mark
from bot.tryout.rehearsal.run import MeasuredScreen, Part, RehearsalResult

_EXAMPLES = (1_530, 100_000)
"""How many people stand in the table of how long telling takes, beside those of the rehearsal."""

_REPORT = mark("""\
# Ensayo de «{title}»

Personas que pasaron por la petición: {came}, en {simulated} de tiempo simulado. Se sortean con la
semilla {seed}; con «--seed {seed}» se repite el mismo ensayo.

{outcome}

## Pantallas que hay que desplazar

En un teléfono de 390 × 844 puntos, con texto de 17. El número dice cuántas alturas del teléfono
ocupa cada pantalla; las que caben enteras no están.

| Pantalla | {languages} |
| - | {columns} |
{screens}

## Lo que advierte check

Textos que faltan por escribir o traducir, y lo demás que conviene mirar.

{warnings}

## A quién no se le contó cómo terminó

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
    label, number = words.label, words.number
    return label(
        _REPORT,
        title=_plain(petition.texts_in(words.language).title),
        came=number(len(result.came)),
        simulated=words.duration(result.simulated),
        seed=seed,
        outcome=_outcome(words, result),
        languages=" | ".join(map(words.language_name, petition.languages)),
        columns=" | ".join("-:" for _ in petition.languages),
        screens=_rows(_screens(words, result.screens, petition.languages)),
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
    stuck = sum(each.is_stuck for each in result.came)
    counted = {
        mark("Mensajes o toques que el bot no pudo atender: {n}."): result.passed_over,
        mark("Personas a las que el bot dio las gracias sin guardar su firma, o al revés: {n}."): (
            abs(result.stored - result.thanked)
        ),
        mark("Personas que no recibieron el mensaje final aunque consta como entregado: {n}."): (
            max(0, result.untold)
        ),
        mark("Personas que se quedaron sin respuesta o sin un botón que tocar: {n}."): stuck,
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
        yield words.number(people), free, paid, words.number(price(people))
