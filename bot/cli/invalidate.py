"""`petition-bot invalidate`: takes a wave of false signatures out of the count, and back."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import partial
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from bot.cli.context import CliContext, run_with_context
from bot.console import CannotDo, in_sentences, out, say
from bot.petition.fewest import FEWEST
from bot.petition.signing_rate import median_form_seconds
from bot.text.terminal_language import label
from bot.text.translations import Words
from storage import Invalidation, Matches, SignatureCondition

_HOURS_SHOWN, _EXAMPLES, _BAR_WIDTH = 48, 10, 40
_ID_SHOWN = 8

_From = Annotated[
    str | None,
    typer.Option(
        "--from", metavar="CUÁNDO", help="Firmada entonces o después, como 2026-11-24 13:05."
    ),
]
_To = Annotated[
    str | None,
    typer.Option("--to", metavar="CUÁNDO", help="Firmada antes; un día solo se entiende entero."),
]
_Source = Annotated[
    str | None, typer.Option(metavar="ENLACE", help="Llegó por el enlace que lleva esta palabra.")
]
_Names = Annotated[
    str | None,
    typer.Option(
        metavar="PATRÓN", help="El nombre es así: * vale por cualquier letra o letras, ? por una."
    ),
]
_Seconds = Annotated[
    int | None,
    typer.Option(
        min=1, max=10**6, metavar="N", help="El formulario se rellenó en menos de N segundos."
    ),
]
_Reason = Annotated[str | None, typer.Option(help="Por qué; se guarda cifrado.")]
_DryRun = Annotated[bool, typer.Option("--dry-run", help="Solo las cuenta y las muestra.")]
_Count = Annotated[
    int | None,
    typer.Option(min=1, help="No pregunta: lo hace si son exactamente tantas firmas."),
]
_Undo = Annotated[
    str | None, typer.Option(metavar="ID", help="Vuelve a contar las de una anulación.")
]
_List = Annotated[bool, typer.Option("--list", help="Muestra lo que se ha anulado.")]


@in_sentences
def invalidate(
    signed_from: _From = None,
    signed_to: _To = None,
    source: _Source = None,
    name_pattern: _Names = None,
    form_seconds_under: _Seconds = None,
    reason: _Reason = None,
    dry_run: _DryRun = False,
    count: _Count = None,
    undo: _Undo = None,
    list_: _List = False,
) -> None:
    """Takes a wave of false signatures out of the count, or counts them again.

    Give at least one condition; of several, all have to apply. The signatures are counted and
    shown first, and it can be undone.
    """
    if list_:
        run_with_context(_show_list)
        return
    if undo is not None:
        _undo(undo, count)
        return

    async def look(context: CliContext) -> tuple[str, Matches]:
        moment = partial(parse_moment, zone=context.words.zone)
        condition = SignatureCondition(
            signed_from=None if signed_from is None else moment(signed_from),
            signed_before=None if signed_to is None else moment(signed_to, is_end=True),
            source=source,
            name_pattern=name_pattern,
            form_seconds_under=form_seconds_under,
        )
        _require_selective(condition)
        if not dry_run and not (reason or "").strip():
            raise CannotDo.because("Di por qué con --reason, o solo mira con --dry-run.")
        found = await context.storage.invalidations.find(condition)
        if len(found.numbers) < FEWEST:
            raise CannotDo.because(
                "Hay menos de {n} firmas así, y eso no es una ola. No se dice cuántas, porque "
                "podría decir si una persona ha firmado.",
                n=FEWEST,
            )
        state = await context.storage.petitions.state()
        said = _in_words(condition, context.words)
        _show(context.words, said, found, counted=state.signatures)
        return said, found

    said, found = run_with_context(look)
    total = len(found.numbers)
    if dry_run or not _is_confirmed(_question(out=True, total=total), total, count):
        say(label("No se ha cambiado nada."))
        return
    run_with_context(lambda context: _take_out(context, said, found, (reason or "").strip()))


def _require_selective(condition: SignatureCondition) -> None:
    """Refuses a condition that applies to everybody, or to nobody."""
    if condition == SignatureCondition():
        raise CannotDo.because(
            "Di qué firmas, con --from, --to, --source, --name-pattern o "
            "--form-seconds-under. Sin nada de eso serían todas."
        )
    pattern = condition.name_pattern
    if pattern is not None and not any(each.isalnum() for each in pattern):
        raise CannotDo.because(
            "Un patrón de nombres necesita una letra: sin ella vale para casi todo el mundo."
        )
    begin, end = condition.signed_from, condition.signed_before
    if begin is not None and end is not None and begin >= end:
        raise CannotDo.because("--from no es antes que --to: nadie firmó entre uno y otro.")


def parse_moment(text: str, zone: tzinfo, *, is_end: bool = False) -> datetime:
    """Returns the moment that was typed, in the petition's time zone unless it has another.

    A day alone is its beginning, or with `is_end` the beginning of the next day.
    """
    try:
        if len(text.strip()) == len("2026-11-24"):
            day = date.fromisoformat(text.strip()) + timedelta(days=int(is_end))
            moment = datetime.combine(day, time())
        else:
            moment = datetime.fromisoformat(text.strip())
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise CannotDo.because(
            "«{typed}» no es un momento; se escribe 2026-11-24 13:05, o 2026-11-24 para un día.",
            typed=text,
        ) from None


def _in_words(condition: SignatureCondition, words: Words) -> str:
    """Returns a condition as it is shown and kept."""
    begin, end, seconds = (
        condition.signed_from,
        condition.signed_before,
        condition.form_seconds_under,
    )
    parts = (
        label("firmadas desde el {moment}", moment=words.plain_moment(begin)) if begin else None,
        label("firmadas antes del {moment}", moment=words.plain_moment(end)) if end else None,
        label("del enlace «{link}»", link=condition.source)
        if condition.source is not None
        else None,
        label("con un nombre como «{pattern}»", pattern=condition.name_pattern)
        if condition.name_pattern
        else None,
        label("con el formulario en menos de {n} s", n=seconds) if seconds else None,
    )
    return "; ".join(part for part in parts if part)


def _show(words: Words, said: str, found: Matches, *, counted: int) -> None:
    """Prints how many signatures a condition applies to, and what they are like; no names."""
    # Imported here: Telegram's library takes a moment to load, which --help does not need.
    from handlers.statistics import merge_small_sources

    total = len(found.numbers)
    share = words.percent(total / max(counted, total))
    say(
        label(
            "{n} firmas, el {share} de las {counted} que cuentan: {said}",
            n=words.number(total),
            share=share,
            counted=words.number(counted),
            said=said,
        )
    )
    if total > counted / 2:
        say(label("Son más de la mitad de las que cuentan."), style="bold red")
    _print_bars(words, *_by_time(words, found))
    sources = merge_small_sources(found.by_source)
    by_source = dict(sources.named)
    if sources.unnamed:
        by_source[label("(otros enlaces)")] = sum(sources.unnamed)
    if sources.others:
        by_source[label("(ninguno, y enlaces con pocas)")] = sources.others
    _print_bars(words, label("Por enlace"), by_source)
    _print_bars(words, label("Por idioma"), _merged(found.by_language))
    say(_form_times(words, found))
    examples = ", ".join(str(number) for number in found.numbers[:_EXAMPLES])
    more = " …" if total > _EXAMPLES else ""
    say(label("Números: {numbers}", numbers=f"{examples}{more}"))


def _by_time(words: Words, found: Matches) -> tuple[str, dict[str, int]]:
    """Returns a heading and how many signed in each hour; in each day, if the hours are many."""
    hours, days = Counter[str](), Counter[str]()
    for minute in sorted(found.by_minute):
        hours[f"{words.day(minute)}, {words.clock(minute)[:2]}:00"] += found.by_minute[minute]
        days[words.date(minute)] += found.by_minute[minute]
    return (
        (label("Por hora"), dict(hours))
        if len(hours) <= _HOURS_SHOWN
        else (label("Por día"), dict(days))
    )


def _merged(by_language: Mapping[str, int]) -> dict[str, int]:
    """Returns the languages of at least `FEWEST`, most first, and the others together."""
    ranked = sorted(by_language.items(), key=lambda item: -item[1])
    large = {language: n for language, n in ranked if n >= FEWEST}
    others = sum(n for _, n in ranked) - sum(large.values())
    return {**large, **({label("(otros)"): others} if others else {})}


def _form_times(words: Words, found: Matches) -> str:
    median = median_form_seconds(found.by_form_seconds)
    unknown = found.by_form_seconds[None]
    if median is None:
        return label("Tiempo para rellenar el formulario: no se sabe de ninguna.")
    said = label(
        "Tiempo para rellenar el formulario: {n} s o menos en la mitad de ellas.", n=median
    )
    if not unknown:
        return said
    return f"{said} {label('No se sabe de {n}.', n=words.number(unknown))}"


def _print_bars(words: Words, heading: str, counts: Mapping[str, int]) -> None:
    table, most = Table(box=None, show_header=False, padding=(0, 2, 0, 0)), max(counts.values())
    for name, n in counts.items():
        bar = "█" * max(1, round(_BAR_WIDTH * n / most))
        table.add_row(escape(name), words.number(n), bar)
    say(heading, style="bold")
    out.print(table)


def _question(*, out: bool, total: int) -> str:
    if out:
        return label(
            "¿Saco {n} firmas del recuento? Para confirmarlo, escribe cuántas son", n=total
        )
    return label("¿Cuento otra vez {n} firmas? Para confirmarlo, escribe cuántas son", n=total)


def _is_confirmed(question: str, total: int, count: int | None) -> bool:
    """Returns whether the number of signatures was typed, or given with the command."""
    if count is None:
        typed = typer.prompt(question)
        in_groups = f"{total:,}"
        return typed.strip() in (str(total), in_groups, in_groups.replace(",", "."))
    if count != total:
        raise CannotDo.because(
            "Son {total}, y no {n}. No se ha cambiado nada.", total=total, n=count
        )
    return True


async def _take_out(context: CliContext, said: str, found: Matches, reason: str) -> None:
    now = context.clock()
    # A date that has come closes the petition, so that its count at the closing is as it was.
    await context.storage.petitions.close_if_due(now)
    key, taken = await context.storage.invalidations.take_out(
        found.numbers, reason=reason, condition=said, at=now
    )
    counted = (await context.storage.petitions.state()).signatures
    words, short = context.words, key.hex()[:_ID_SHOWN]
    say(
        label(
            "{n} firmas ya no cuentan. Ahora cuentan {counted}. Para contarlas otra vez: "
            "petition-bot invalidate --undo {id}",
            n=words.number(taken),
            counted=words.number(counted),
            id=short,
        )
    )


def _undo(wanted: str, count: int | None) -> None:
    async def chosen(context: CliContext) -> Invalidation:
        return _choose(await context.storage.invalidations.entries(), wanted)

    async def undone(context: CliContext) -> None:
        now = context.clock()
        await context.storage.petitions.close_if_due(now)  # as before taking them out
        back = await context.storage.invalidations.undo(found.id, now)
        counted = (await context.storage.petitions.state()).signatures
        words = context.words
        say(
            label(
                "{n} firmas cuentan otra vez. Ahora cuentan {counted}.",
                n=words.number(back),
                counted=words.number(counted),
            )
        )
        if back < found.signatures:
            gone = words.number(found.signatures - back)
            say(label("Entretanto se retiraron o se borraron: {n}.", n=gone))

    found = run_with_context(chosen)
    why = f"{found.reason} ({found.condition})"
    say(label("Se sacaron del recuento por esto: {why}", why=why))
    total = found.signatures
    if not _is_confirmed(_question(out=False, total=total), total, count):
        say(label("No se ha cambiado nada."))
        return
    run_with_context(undone)


def _choose(entries: list[Invalidation], wanted: str) -> Invalidation:
    begun = [each for each in entries if wanted and each.id.hex().startswith(wanted.lower())]
    if not begun:
        raise CannotDo.because(
            "Ninguna empieza por {wanted}; --list las muestra todas.", wanted=wanted
        )
    if len(begun) > 1:
        raise CannotDo.because("Varias empiezan por {wanted}: escribe más.", wanted=wanted)
    if begun[0].undone_at is not None:
        raise CannotDo.because("Esa ya se deshizo: sus firmas cuentan.")
    return begun[0]


async def _show_list(context: CliContext) -> None:
    entries, words = await context.storage.invalidations.entries(), context.words
    if not entries:
        say(label("No se ha anulado nada."))
        return
    for each in entries:
        said = label(
            "{id}  {n} firmas, el {moment}",
            id=each.id.hex()[:_ID_SHOWN],
            n=words.number(each.signatures),
            moment=words.plain_moment(each.invalidated_at),
        )
        if each.undone_at:
            undone = words.plain_moment(each.undone_at)
            said += f"; {label('deshecha el {moment}', moment=undone)}"
        say(said, f"          {each.condition}", f"          {each.reason}")
