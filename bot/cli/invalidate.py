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
    """Take a wave of false signatures out of the count, or count them again.

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
            raise CannotDo("Say why with --reason, or only look with --dry-run.")
        found = await context.storage.invalidations.find(condition)
        if len(found.numbers) < FEWEST:
            raise CannotDo(
                f"Fewer than {FEWEST} signatures are like that, which is no wave. How many there "
                "are is not told, as it could tell whether one person signed."
            )
        state = await context.storage.petitions.state()
        said = _in_words(condition, context.words)
        _show(context.words, said, found, counted=state.signatures)
        return said, found

    said, found = run_with_context(look)
    total = len(found.numbers)
    if dry_run or not _is_confirmed(f"Take {total:,} signatures out of the count?", total, count):
        out.print("Nothing was changed.")
        return
    run_with_context(lambda context: _take_out(context, said, found, (reason or "").strip()))


def _require_selective(condition: SignatureCondition) -> None:
    """Refuses a condition that applies to everybody, or to nobody."""
    if condition == SignatureCondition():
        raise CannotDo(
            "Say which signatures: with --from, --to, --source, --name-pattern or "
            "--form-seconds-under. Without any of them it would be all."
        )
    pattern = condition.name_pattern
    if pattern is not None and not any(each.isalnum() for each in pattern):
        raise CannotDo("A pattern of names needs a letter: without one it fits nearly everybody.")
    begin, end = condition.signed_from, condition.signed_before
    if begin is not None and end is not None and begin >= end:
        raise CannotDo("--from is not before --to, so nobody signed in between.")


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
        raise CannotDo(
            f"“{text}” is no time; write it like 2026-11-24 13:05, or 2026-11-24 for a day."
        ) from None


def _in_words(condition: SignatureCondition, words: Words) -> str:
    """Returns a condition as it is shown and kept."""
    begin, end, seconds = (
        condition.signed_from,
        condition.signed_before,
        condition.form_seconds_under,
    )
    parts = (
        f"signed from {words.plain_moment(begin)} on" if begin else None,
        f"signed before {words.plain_moment(end)}" if end else None,
        f"came by the link “{condition.source}”" if condition.source is not None else None,
        f"named like “{condition.name_pattern}”" if condition.name_pattern else None,
        f"form took less than {seconds} s" if seconds else None,
    )
    return "; ".join(part for part in parts if part)


def _show(words: Words, said: str, found: Matches, *, counted: int) -> None:
    """Prints how many signatures a condition applies to, and what they are like; no names."""
    # Imported here: Telegram's library takes a moment to load, which --help does not need.
    from handlers.statistics import merge_small_sources

    total = len(found.numbers)
    share = words.percent(total / max(counted, total))
    say(
        f"{words.number(total)} signatures, {share} of the {words.number(counted)} counted: {said}"
    )
    if total > counted / 2:
        say("That is more than half of all that are counted.", style="bold red")
    _print_bars(words, *_by_time(words, found))
    sources = merge_small_sources(found.by_source)
    by_source = dict(sources.named)
    if sources.unnamed:
        by_source["(other links)"] = sum(sources.unnamed)
    if sources.others:
        by_source["(none, and links of few)"] = sources.others
    _print_bars(words, "By link", by_source)
    _print_bars(words, "By language", _merged(found.by_language))
    say(_form_times(words, found))
    examples = ", ".join(str(number) for number in found.numbers[:_EXAMPLES])
    say(f"Numbers: {examples}{' …' if total > _EXAMPLES else ''}")


def _by_time(words: Words, found: Matches) -> tuple[str, dict[str, int]]:
    """Returns a heading and how many signed in each hour; in each day, if the hours are many."""
    hours, days = Counter[str](), Counter[str]()
    for minute in sorted(found.by_minute):
        hours[f"{words.day(minute)}, {words.clock(minute)[:2]}:00"] += found.by_minute[minute]
        days[words.date(minute)] += found.by_minute[minute]
    return ("By hour", dict(hours)) if len(hours) <= _HOURS_SHOWN else ("By day", dict(days))


def _merged(by_language: Mapping[str, int]) -> dict[str, int]:
    """Returns the languages of at least `FEWEST`, most first, and the others together."""
    ranked = sorted(by_language.items(), key=lambda item: -item[1])
    large = {language: n for language, n in ranked if n >= FEWEST}
    others = sum(n for _, n in ranked) - sum(large.values())
    return {**large, **({"(others)": others} if others else {})}


def _form_times(words: Words, found: Matches) -> str:
    median = median_form_seconds(found.by_form_seconds)
    unknown = found.by_form_seconds[None]
    if median is None:
        return "Time to fill in the form: not known of any."
    not_known = f"; not known of {words.number(unknown)}" if unknown else ""
    return f"Time to fill in the form: {median} s or less for half of them{not_known}."


def _print_bars(words: Words, heading: str, counts: Mapping[str, int]) -> None:
    table, most = Table(box=None, show_header=False, padding=(0, 2, 0, 0)), max(counts.values())
    for label, n in counts.items():
        bar = "█" * max(1, round(_BAR_WIDTH * n / most))
        table.add_row(escape(label), words.number(n), bar)
    say(heading, style="bold")
    out.print(table)


def _is_confirmed(question: str, total: int, count: int | None) -> bool:
    """Returns whether the number of signatures was typed, or given with the command."""
    if count is None:
        typed = typer.prompt(f"{question} Type their number to confirm")
        in_groups = f"{total:,}"
        return typed.strip() in (str(total), in_groups, in_groups.replace(",", "."))
    if count != total:
        raise CannotDo(f"They are {total:,} and not {count:,}. Nothing was changed.")
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
        f"{words.number(taken)} signatures are not counted any more. Counted now: "
        f"{words.number(counted)}. To count them again: petition-bot invalidate --undo {short}"
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
            f"{words.number(back)} signatures are counted again. Counted now: "
            f"{words.number(counted)}."
        )
        if back < found.signatures:
            gone = words.number(found.signatures - back)
            say(f"Withdrawn or erased meanwhile: {gone}.")

    found = run_with_context(chosen)
    say(f"They were taken out because: {found.reason} ({found.condition})")
    question = f"Count {found.signatures:,} signatures again?"
    if not _is_confirmed(question, found.signatures, count):
        out.print("Nothing was changed.")
        return
    run_with_context(undone)


def _choose(entries: list[Invalidation], wanted: str) -> Invalidation:
    begun = [each for each in entries if wanted and each.id.hex().startswith(wanted.lower())]
    if not begun:
        raise CannotDo(f"No invalidation begins with {wanted}; --list shows all of them.")
    if len(begun) > 1:
        raise CannotDo(f"Several begin with {wanted}: type more of it.")
    if begun[0].undone_at is not None:
        raise CannotDo("That was undone already: its signatures are counted.")
    return begun[0]


async def _show_list(context: CliContext) -> None:
    entries, words = await context.storage.invalidations.entries(), context.words
    if not entries:
        out.print("Nothing was invalidated.")
        return
    for each in entries:
        undone = f"; undone on {words.plain_moment(each.undone_at)}" if each.undone_at else ""
        say(
            f"{each.id.hex()[:_ID_SHOWN]}  {words.number(each.signatures)} signatures on "
            f"{words.plain_moment(each.invalidated_at)}{undone}"
        )
        say(f"          {each.condition}")
        say(f"          because: {each.reason}")
