"""`petition-bot invalidate`: takes a wave of false signatures out of the count, and back."""

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import partial
from typing import Annotated

import typer

from bot.cli.context import CliContext, Plan, confirmed, run_with_context, short_id, with_id
from bot.console import CannotDo, DryRun, say, say_table, tell
from bot.petition.counts import FEWEST, told_apart
from bot.petition.signing_rate import form_times
from bot.text.terminal_language import label
from bot.text.translations import Words
from storage.invalidations import (
    Matches,
    SignatureCondition,
    all_invalidations,
    find_matches,
    take_out_signatures,
    undo_invalidation,
)
from storage.petitions import petition_state

_HOURS_SHOWN, _EXAMPLES = 48, 10


def invalidate(
    signed_from: Annotated[
        str | None, typer.Option("--from", help="Desde cuándo se firmó: 2026-11-24 13:05.")
    ] = None,
    signed_to: Annotated[
        str | None, typer.Option("--to", help="Firmada antes; un día solo se entiende entero.")
    ] = None,
    source: Annotated[
        str | None, typer.Option(help="Llegó por el enlace que lleva esta palabra.")
    ] = None,
    name_pattern: Annotated[
        str | None, typer.Option(help="El nombre es así: * son letras cualesquiera, ? una.")
    ] = None,
    form_seconds_under: Annotated[
        int | None,
        typer.Option(min=1, max=10**6, help="El formulario se rellenó en menos de N segundos."),
    ] = None,
    with_name: Annotated[
        bool | None,
        typer.Option("--with-name/--without-name", help="Solo con nombre, o solo sin él."),
    ] = None,
    reason: Annotated[str | None, typer.Option(help="Por qué; se guarda cifrado.")] = None,
    dry_run: DryRun = False,
    undo: Annotated[
        str | None, typer.Option(metavar="ID", help="Vuelve a contar las de una anulación.")
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="Muestra lo que se ha anulado.")] = False,
) -> None:
    """Takes a wave of false signatures out of the count, or counts them again.

    Give at least one condition; of several, all have to apply. The signatures are counted and
    shown first, and it can be undone.
    """
    conditions = (signed_from, signed_to, source, name_pattern, form_seconds_under, with_name)
    is_beside = any(each is not None for each in (*conditions, reason))
    if (list_ and (is_beside or dry_run or undo is not None)) or (undo is not None and is_beside):
        raise CannotDo.because(
            "Con --list no va ninguna otra opción, y con --undo solo --dry-run: una anulación se "
            "deshace entera."
        )
    if list_:
        run_with_context(_show_list)
        return
    if undo is not None:
        confirmed(partial(_prepare_undo, wanted=undo), dry_run=dry_run)
        return

    async def prepare(context: CliContext) -> Plan:
        moment = partial(parse_moment, zone=context.words.zone)
        condition = SignatureCondition(
            signed_from=None if signed_from is None else moment(signed_from),
            signed_before=None if signed_to is None else moment(signed_to, is_end=True),
            source=source,
            name_pattern=name_pattern,
            form_seconds_under=form_seconds_under,
            with_name=with_name,
        )
        _require_selective(condition)
        if not dry_run and not (reason or "").strip():
            raise CannotDo.because("Di por qué con --reason, o solo mira con --dry-run.")
        return await _prepare(context, condition, (reason or "").strip())

    confirmed(prepare, dry_run=dry_run)


async def _prepare(context: CliContext, condition: SignatureCondition, reason: str) -> Plan:
    found = await context.storage.read(find_matches, condition)
    total = len(found.numbers)
    if total < FEWEST:
        raise CannotDo.because(
            "Hay menos de {n} firmas así, y eso no es una ola. No se dice cuántas, porque "
            "podría decir si una persona ha firmado.",
            n=FEWEST,
        )
    state = await context.storage.read(petition_state)
    said = _in_words(condition, context.words)
    _show(context.words, said, found, counted=state.signatures)
    return Plan(
        "",
        label("¿Saco {n} firmas del recuento? Para confirmarlo, escribe cuántas son", n=total),
        partial(_take_out, said=said, found=found, reason=reason),
        number=total,
    )


def _require_selective(condition: SignatureCondition) -> None:
    """Refuses a condition that applies to everybody, or to nobody."""
    pattern, begin, end = condition.name_pattern, condition.signed_from, condition.signed_before
    is_like_any = not any(each.isalnum() for each in pattern or "")
    others = replace(condition, with_name=None, name_pattern=None if is_like_any else pattern)
    if others == SignatureCondition():
        raise CannotDo.because(
            "Di qué firmas, con --from, --to, --source, --form-seconds-under o alguna letra en "
            "--name-pattern: si no, serían todas, o todas con nombre, o todas sin él."
        )
    if (pattern and condition.with_name is False) or (begin and end and begin >= end):
        raise CannotDo.because(
            "Así no puede ser ninguna firma: --name-pattern no va con --without-name, y --from "
            "tiene que ser antes que --to."
        )


def parse_moment(text: str, zone: tzinfo, *, is_end: bool = False) -> datetime:
    """Returns the moment that was typed, in the petition's time zone unless it has another.

    A day alone is its beginning, or with `is_end` the beginning of the next day.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
        with suppress(ValueError):  # it has a time of day
            date.fromisoformat(text.strip())
            moment += timedelta(days=is_end)
        return moment.replace(tzinfo=moment.tzinfo or zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise CannotDo.because(
            "«{typed}» no es un momento; se escribe 2026-11-24 13:05, o 2026-11-24 para un día.",
            typed=text,
        ) from None


def _in_words(condition: SignatureCondition, words: Words) -> str:
    """Returns a condition in words, as it is shown and stored."""
    parts = []
    if begin := condition.signed_from:
        parts.append(label("firmadas desde el {moment}", moment=words.plain_moment(begin)))
    if end := condition.signed_before:
        parts.append(label("firmadas antes del {moment}", moment=words.plain_moment(end)))
    if condition.source is not None:
        parts.append(label("del enlace «{link}»", link=condition.source))
    if condition.name_pattern:
        parts.append(label("con un nombre como «{pattern}»", pattern=condition.name_pattern))
    if seconds := condition.form_seconds_under:
        parts.append(label("con el formulario en menos de {n} s", n=seconds))
    if condition.with_name is not None:
        parts.append(label("con nombre" if condition.with_name else "sin nombre"))
    return "; ".join(parts)


def _show(words: Words, said: str, found: Matches, *, counted: int) -> None:
    """Prints how many signatures a condition applies to, and what they are like; no names."""
    total = len(found.numbers)
    tell(
        "{n} firmas, el {share} de las {counted} que cuentan: {said}",
        n=words.number(total),
        share=words.percent(total / max(counted, total)),
        counted=words.number(counted),
        said=said,
    )
    if total > counted / 2:
        say(label("Son más de la mitad de las que cuentan."), style="bold red")
    tables = (
        _by_time(words, found),
        (label("Por enlace"), _large(found.by_source, label("(ninguno, y enlaces con pocas)"))),
        (label("Por idioma"), _large(found.by_language, label("(otros)"))),
    )
    for heading, counts in tables:
        say(heading, style="bold")
        say_table((name, words.number(n)) for name, n in counts.items())
    for sentence, n, seconds in form_times(found.by_form_seconds):
        tell(sentence, n=words.number(n), seconds=words.number(seconds))
    examples = ", ".join(map(str, found.numbers[:_EXAMPLES]))
    tell("Números: {numbers}", numbers=examples + (" …" if total > _EXAMPLES else ""))


def _by_time(words: Words, found: Matches) -> tuple[str, dict[str, int]]:
    """Returns a heading and how many signed in each hour; in each day, if the hours are many."""
    hours, days = Counter[str](), Counter[str]()
    for minute in sorted(found.by_minute):
        hours[f"{words.day(minute)}, {words.clock(minute)[:2]}:00"] += found.by_minute[minute]
        days[words.date(minute)] += found.by_minute[minute]
    if len(hours) > _HOURS_SHOWN:
        return label("Por día"), days
    return label("Por hora"), hours


def _large(counts: Mapping[str, int] | Mapping[str | None, int], others: str) -> dict[str, int]:
    """Returns what is told of each alone, most first, and the others together."""
    large, few = told_apart(counts.items())
    return {**large, **({others: few} if few else {})}


async def _take_out(context: CliContext, said: str, found: Matches, reason: str) -> str:
    now = context.clock()
    key, taken = await context.storage.write(
        take_out_signatures, found.numbers, reason=reason, condition=said, at=now
    )
    return label(
        "{n} firmas ya no cuentan. Ahora cuentan {counted}. Para contarlas otra vez: "
        "petition-bot invalidate --undo {id}",
        n=context.words.number(taken),
        counted=await _counted(context),
        id=short_id(key),
    )


async def _counted(context: CliContext) -> str:
    return context.words.number((await context.storage.read(petition_state)).signatures)


async def _prepare_undo(context: CliContext, wanted: str) -> Plan:
    entries = await context.storage.read(all_invalidations)
    found = with_id(wanted, entries, "petition-bot invalidate --list")
    if found.undone_at is not None:
        raise CannotDo.because("Esa ya se deshizo: sus firmas cuentan.")

    async def undo(context: CliContext) -> str:
        words, now = context.words, context.clock()
        back = await context.storage.write(undo_invalidation, found.id, now)
        return label(
            "{n} firmas cuentan otra vez. Ahora cuentan {counted}. Ya no están: {gone}.",
            n=words.number(back),
            counted=await _counted(context),
            gone=words.number(found.signatures - back),
        )

    return Plan(
        label(
            "Se sacaron del recuento por esto: {why}",
            why=f"{found.reason or ''} ({found.condition or ''})",
        ),
        label(
            "¿Cuento otra vez {n} firmas? Para confirmarlo, escribe cuántas son",
            n=found.signatures,
        ),
        undo,
        number=found.signatures,
    )


async def _show_list(context: CliContext) -> None:
    entries, words = await context.storage.read(all_invalidations), context.words
    if not entries:
        tell("No se ha anulado nada.")
    for each in entries:
        said = label(
            "{id}  {n} firmas, el {moment}",
            id=short_id(each.id),
            n=words.number(each.signatures),
            moment=words.plain_moment(each.invalidated_at),
        )
        if each.undone_at:
            undone = words.plain_moment(each.undone_at)
            said += f"; {label('deshecha el {moment}', moment=undone)}"
        say(said, f"    {each.condition or ''}", f"    {each.reason or ''}")
