"""The commands `petition-bot broadcasts`: list, show, pause, resume and cancel."""

import json
from functools import partial
from typing import Annotated

import typer

from bot.cli.context import CliContext, Plan, confirmed, run_with_context, with_id
from bot.console import CannotDo, Yes, say
from bot.text.terminal_language import label
from bot.text.translations import mark
from storage.broadcast_transitions import change_broadcast
from storage.broadcast_types import TRANSITIONS, Broadcast, BroadcastAction
from storage.broadcasts import broadcast_history

broadcasts = typer.Typer(name="broadcasts", no_args_is_help=True)
Which = Annotated[
    str | None,
    typer.Argument(
        metavar="ID",
        help="El principio de su número, o latest, el último; si no se da, el que está en marcha.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Para programas.")]


@broadcasts.command("list", help="Muestra los envíos, primero el último.")
def list_(as_json: AsJson = False) -> None:
    """Lists the broadcasts, newest first."""
    # Imported here, as below: Telegram's library takes a moment to load.
    from bot.cli import broadcast_tables as tables

    async def work(context: CliContext) -> None:
        found = await context.storage.read(broadcast_history)
        snapshots = [await tables.read_snapshot(context, each) for each in found]
        if as_json:
            say(json.dumps([tables.snapshot_json(each) for each in snapshots]))
        else:
            tables.list_broadcasts(snapshots)

    run_with_context(work)


@broadcasts.command(help="Muestra todo sobre un envío.")
def show(
    which: Which = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Lo sigue hasta que acaba.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Shows the details of one broadcast."""
    from bot.cli import broadcast_tables as tables

    async def work(context: CliContext) -> None:
        broadcast = await _selected(context, which, or_latest=True)
        read = tables.follow_broadcast if follow else tables.read_snapshot
        snapshot = await read(context, broadcast)
        if as_json:
            say(json.dumps(tables.snapshot_json(snapshot)))
        else:
            say(*tables.details(snapshot))

    run_with_context(work)


def _add_command(action: BroadcastAction, purpose: str, question: str) -> None:
    """Adds the command that does this to a broadcast, after showing all that is known of it."""

    async def prepare(context: CliContext, wanted: str | None) -> Plan:
        from bot.cli import broadcast_tables as tables

        snapshot = await tables.read_snapshot(context, await _selected(context, wanted))
        if snapshot.broadcast.state not in TRANSITIONS[action].sources:
            raise _not_touched(snapshot.state)
        carry_out = partial(_carry_out, action=action, found=snapshot.broadcast)
        return Plan("\n".join(tables.details(snapshot)), label(question), carry_out)

    @broadcasts.command(action.value, help=purpose)
    def change(which: Which = None, yes: Yes = False) -> None:
        confirmed(partial(prepare, wanted=which), yes=yes)


_add_command(
    BroadcastAction.PAUSE,
    mark("Pausa un envío hasta que se reanude."),
    mark("¿Pauso este envío?"),
)
_add_command(
    BroadcastAction.RESUME,
    mark("Reanuda un envío en pausa."),
    mark("¿Reanudo este envío?"),
)
_add_command(
    BroadcastAction.CANCEL,
    mark("Cancela un envío para siempre; lo enviado se queda."),
    mark("¿Cancelo este envío para siempre?"),
)


async def _carry_out(context: CliContext, action: BroadcastAction, found: Broadcast) -> str:
    """Changes the broadcast; returns the result as a sentence, or raises CannotDo."""
    from bot.cli.broadcast_tables import read_snapshot

    # The actor None stands in the audit log for the shell, which has no Telegram account.
    storage, at = context.storage, context.clock()
    broadcast = await storage.write(change_broadcast, action, found.id, None, at) or found
    snapshot = await read_snapshot(context, broadcast)
    if broadcast.state is not TRANSITIONS[action].to:
        raise _not_touched(snapshot.state)
    number = context.words.number
    return label(
        "El envío está ahora así: {state}. Van {done}. Sin enviar: {left}.",
        state=snapshot.state,
        done=number(snapshot.counts.done),
        left=number(snapshot.counts.open),
    )


def _not_touched(state: str) -> CannotDo:
    return CannotDo.because("No se ha tocado nada. El envío está así: {state}.", state=state)


async def _selected(
    context: CliContext, wanted: str | None, *, or_latest: bool = False
) -> Broadcast:
    """Returns the broadcast that is meant by the beginning of its id, or by `latest`.

    None is the one that is under way, and with `or_latest` the latest if none is.
    """
    every = await context.storage.read(broadcast_history)
    if wanted is not None and wanted.lower() != "latest":
        return with_id(wanted, every, "petition-bot broadcasts list")
    found = None if wanted else next((each for each in every if each.is_active), None)
    if found is None and every and (wanted or or_latest):
        found = every[0]
    if found is None:
        raise CannotDo.because(
            "No hay ningún envío en marcha. Di cuál: petition-bot broadcasts list los muestra."
            if every
            else "Todavía no hay ningún envío."
        )
    return found
