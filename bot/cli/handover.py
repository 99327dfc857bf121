"""The commands `petition-bot delivered` and `petition-bot notices`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.with_context import run_with_context
from bot.console import Yes, agrees, in_sentences, out, say
from bot.settings import load_petition_settings

if TYPE_CHECKING:
    from bot.cli.context import CliContext
    from storage import ChangeOwed

handover = typer.Typer()


@handover.command()
@in_sentences
def delivered(
    on: Annotated[
        str | None, typer.Option("--on", metavar="DATE", help="The day, like 2026-11-24.")
    ] = None,
    manifest: Annotated[
        str | None,
        typer.Option("--manifest", metavar="HASH", help="The SHA-256 of what was handed over."),
    ] = None,
    export: Annotated[
        str | None,
        typer.Option(
            "--export",
            metavar="ID",
            show_default=False,
            help="The beginning of a list's id; left out, the newest list written by that day.",
        ),
    ] = None,
    without_list: Annotated[
        bool,
        typer.Option("--without-list", help="Only the number of signatures was handed over."),
    ] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Take the record back.")] = False,
    yes: Yes = False,
) -> None:
    """Record that the petition was handed over; without options, show what is recorded.

    Retention counts from that day on: the signatures are erased so many months later.
    """
    from bot.cli.handover_record import (
        HandoverOrder,
        prepare_handover,
        prepare_undo,
        record_handover,
        show_handover,
        undo_handover,
    )

    order = HandoverOrder(on=on, manifest=manifest, export=export, without_list=without_list)
    if undo:
        found, text = run_with_context(lambda context: prepare_undo(context, order))
        say(text)
        if agrees("Take this record back?", yes=yes):
            say(run_with_context(lambda context: undo_handover(context, found)))
        return
    if order.is_empty:
        say(run_with_context(show_handover))
        return
    planned, text = run_with_context(lambda context: prepare_handover(context, order))
    say(text)
    if agrees("Record this?", yes=yes):
        say(run_with_context(lambda context: record_handover(context, planned)))


@handover.command()
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
    from bot.cli.notices import list_notices, mark_told, write_notices

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
