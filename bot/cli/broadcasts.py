"""The commands `petition-bot broadcasts`: list, show, pause, resume, cancel, recall."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.with_context import INTERRUPTED, run_with_context
from bot.console import Yes, agrees, in_sentences, out, say

if TYPE_CHECKING:
    from bot.cli.broadcast_controls import BroadcastChange

broadcasts = typer.Typer(
    name="broadcasts",
    help="View and control broadcasts, beside the bot that sends them.",
    no_args_is_help=True,
)

Which = Annotated[
    str | None,
    typer.Argument(
        metavar="ID",
        show_default=False,
        help="The beginning of an id, or latest; left out, the one that is under way.",
    ),
]
Ended = Annotated[
    str | None,
    typer.Argument(
        metavar="ID",
        show_default=False,
        help="The beginning of an id, or latest, which it is when left out.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]


@broadcasts.command("list")
@in_sentences
def list_(
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many at most.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List the broadcasts, newest first."""
    from bot.cli.broadcast_tables import list_broadcasts

    run_with_context(lambda context: list_broadcasts(context, out, limit=limit, as_json=as_json))


@broadcasts.command()
@in_sentences
def show(
    which: Which = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Watch it until it has ended.")
    ] = False,
    every: Annotated[
        float, typer.Option(min=0.1, help="Seconds between two looks, with --follow.")
    ] = 1.0,
    as_json: AsJson = False,
) -> None:
    """Show the details of one broadcast."""
    from bot.cli.broadcast_tables import follow_broadcast, show_broadcast

    if not follow:
        run_with_context(lambda context: show_broadcast(context, out, which, as_json=as_json))
        return
    try:
        run_with_context(
            lambda context: follow_broadcast(context, out, which, seconds=every, as_json=as_json)
        )
    except KeyboardInterrupt:
        typer.echo("You no longer watch it; the broadcast goes on.", err=True)
        raise typer.Exit(INTERRUPTED) from None


@broadcasts.command()
@in_sentences
def pause(which: Which = None, yes: Yes = False) -> None:
    """Pause a broadcast until it is resumed."""
    from bot.cli.broadcast_controls import PAUSE

    _change(PAUSE, which, yes=yes)


@broadcasts.command()
@in_sentences
def resume(which: Which = None, yes: Yes = False) -> None:
    """Resume a paused broadcast."""
    from bot.cli.broadcast_controls import RESUME

    _change(RESUME, which, yes=yes)


@broadcasts.command()
@in_sentences
def cancel(which: Which = None, yes: Yes = False) -> None:
    """Cancel a broadcast for good; what was sent stays."""
    from bot.cli.broadcast_controls import CANCEL

    _change(CANCEL, which, yes=yes)


@broadcasts.command()
@in_sentences
def recall(which: Ended = None, yes: Yes = False) -> None:
    """Delete what a broadcast sent from every chat; Telegram allows that for 48 hours."""
    from bot.cli.broadcast_controls import RECALL

    _change(RECALL, which, yes=yes)


def _change(change: BroadcastChange, which: str | None, *, yes: bool) -> None:
    from bot.cli.broadcast_controls import carry_out, prepare_change

    key, question = run_with_context(lambda context: prepare_change(context, change, which))
    if agrees(question, yes=yes):
        say(run_with_context(lambda context: carry_out(context, change, key)))
