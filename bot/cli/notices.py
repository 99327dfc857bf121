"""`petition-bot notices`: of what the addressee has to be told since (GDPR art. 19)."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.age_encryption import encrypting_writer, parse_recipients
from bot.cli.context import CliContext, run_with_context
from bot.console import CannotDo, Yes, agrees, in_sentences, out, say
from bot.export.spreadsheet_cells import harmless
from bot.settings import load_petition_settings
from storage import Change, ChangeOwed, output_file

_TO_DO: Mapping[Change, str] = MappingProxyType(
    {
        Change.WITHDRAWN: "erase it: the signature was withdrawn",
        Change.ERASED: "erase it: the person asked for that",
        Change.NAME_REMOVED: "erase the name, and count the signature without it",
        Change.OBJECTED: "stop using it: the person objects",
        Change.RESTRICTED: "keep it and stop using it: its use is restricted",
        Change.CORRECTED: "replace the name",
    }
)


@in_sentences
def notices(
    as_csv: Annotated[
        bool, typer.Option("--csv", help="For spreadsheets, without names.")
    ] = False,
    names: Annotated[
        bool, typer.Option("--names", help="Show the corrected names, on the screen alone.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", metavar="FILE", help="A CSV file with the corrected names, encrypted."
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace that file.")] = False,
    told: Annotated[
        bool, typer.Option("--told", help="Record that the addressee was told of them.")
    ] = False,
    yes: Yes = False,
) -> None:
    """List the signatures that changed after they were handed over (GDPR art. 19).

    The addressee has to be told of each.
    """
    recipients = load_petition_settings().age_recipients

    async def work(context: CliContext) -> list[ChangeOwed]:
        owed = await list_notices(context, out, as_csv=as_csv, names=names)
        if output is not None and owed:
            say(write_notices(context, owed, output, recipients, replaces=force))
        return owed

    listed = run_with_context(work)
    if not (told and listed):
        return
    those = "it" if len(listed) == 1 else f"these {len(listed)}"
    question = f"Has the addressee been told of {those}?"
    if agrees(question, yes=yes):
        say(run_with_context(lambda context: mark_told(context, listed)))


async def list_notices(
    context: CliContext, console: Console, *, as_csv: bool = False, names: bool = False
) -> list[ChangeOwed]:
    """Prints what the addressee has to be told, and returns it; names only on a screen."""
    if names and (as_csv or not console.is_terminal):
        raise CannotDo(
            "Names are shown on the screen alone, and go into a file only encrypted, with "
            "--output FILE."
        )
    storage, tell = context.storage, partial(say, console=console)
    handover = await storage.handovers.active()
    owed = [] if handover is None else await storage.changes_after_export.owed(handover)
    if as_csv:
        console.print(_csv(context, owed), end="", markup=False, soft_wrap=True)
        return owed
    if handover is None:
        tell(
            "No handover is recorded, so nobody has to be told of anything."
            f"{await _before_the_handover(context)}",
        )
        return []
    day = context.words.date(handover.handed_over_on)
    invalidated = await storage.handovers.invalidated_since(handover)
    if invalidated:
        tell(
            f"{context.words.number(invalidated)} of the "
            f"{context.words.number(handover.signatures)} signatures that were handed over have "
            "been taken out of the count as invalid since. Tell the addressee that number.",
        )
    if not owed:
        tell(f"No notice is owed for what was handed over on {day}.")
        return []
    tell(
        f"Of what was handed over on {day}, {context.words.number(len(owed))} "
        f"{'signature has' if len(owed) == 1 else 'signatures have'} changed since the list was "
        "written. The addressee has to be told:",
    )
    console.print(_table(context, owed, names=names))
    if any(each.is_corrected for each in owed) and not names:
        tell(
            "The corrected names: petition-bot notices --names, on a screen alone, or --output "
            "FILE, encrypted.",
        )
    tell("Once the addressee has been told: petition-bot notices --told")
    return owed


async def _before_the_handover(context: CliContext) -> str:
    """Says what to do about the newest list, from which people may have taken their name since."""
    lists = await context.storage.handovers.exports()
    if not lists:
        return ""
    changed = len(await context.storage.changes_after_export.owed(lists[0]))
    again = (
        f" Since the newest list was written, {context.words.number(changed)} "
        f"{'signature in it has' if changed == 1 else 'signatures in it have'} changed: write it "
        "again with petition-bot export before you hand it over."
        if changed
        else ""
    )
    return (
        " Lists were written: if one was handed over, record it with petition-bot delivered."
        f"{again}"
    )


def write_notices(
    context: CliContext,
    owed: Sequence[ChangeOwed],
    file: Path,
    recipients: Sequence[str],
    *,
    replaces: bool,
) -> str:
    """Writes them as CSV with the corrected names, encrypted; returns that as a sentence."""
    if not recipients:
        raise CannotDo(
            "There is nobody to encrypt the names to: put a public key into "
            "PETITION_AGE_RECIPIENTS, as for petition-bot export."
        )
    content = _csv(context, owed, names=True).encode()
    with (
        output_file(file, replaces=replaces) as target,
        encrypting_writer(target, parse_recipients(recipients)) as encrypted,
    ):
        encrypted.write(content)
    return f"They are in {file} with the corrected names, as CSV, encrypted."


async def mark_told(context: CliContext, told: Sequence[ChangeOwed]) -> str:
    """Records that the addressee was told of what was shown; returns that as a sentence."""
    await context.storage.changes_after_export.mark_told(told, at=context.clock())
    number = context.words.number(len(told))
    return f"It is recorded that the addressee was told of {number} of them."


def _table(context: CliContext, owed: Sequence[ChangeOwed], *, names: bool) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("Number", justify="right")
    table.add_column("Changed on")
    table.add_column("What the addressee has to do")
    for each in owed:
        # Text, since a name must not become markup of the terminal.
        table.add_row(
            context.words.number(each.number),
            context.words.date(each.changed_at),
            Text(_to_do(each, names=names)),
        )
    return table


def _to_do(owed: ChangeOwed, *, names: bool) -> str:
    also = (
        f"; {_TO_DO[Change.CORRECTED]}"
        if owed.is_corrected and owed.change is not Change.CORRECTED
        else ""
    )
    new = ""
    if names and owed.is_corrected:
        new = f" by: {owed.corrected_name or '(it cannot be read here)'}"
    return f"{_TO_DO[owed.change]}{also}{new}"


def _rows(
    context: CliContext, owed: Sequence[ChangeOwed], *, names: bool
) -> Iterator[tuple[str, ...]]:
    """Yields the rows of a CSV file, the first with the names of its columns."""
    yield ("number", "change", "day", *(("corrected_name",) if names else ()))
    for each in owed:
        day = each.changed_at.astimezone(context.words.zone).date().isoformat()
        if each.change is not Change.CORRECTED:
            yield (str(each.number), each.change.value, day, *(("",) if names else ()))
        if each.is_corrected:
            name = harmless(each.corrected_name or "")
            yield (str(each.number), Change.CORRECTED.value, day, *((name,) if names else ()))


def _csv(context: CliContext, owed: Sequence[ChangeOwed], *, names: bool = False) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows(_rows(context, owed, names=names))
    return written.getvalue()
