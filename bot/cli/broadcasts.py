"""The commands `petition-bot broadcasts`: list, show, pause, resume and cancel."""

import json
from functools import partial
from typing import Annotated

import typer

from bot.cli.confirmation import Plan, confirmed
from bot.cli.context import CliContext, run_with_context
from bot.cli.ids import with_id
from bot.console import CannotDo, Yes, in_sentences, say
from bot.text.terminal_language import label
from bot.text.translations import mark
from storage import TRANSITIONS, Broadcast, BroadcastAction, Kind

broadcasts = typer.Typer(
    name="broadcasts",
    help="Muestra y dirige los envíos, al lado del bot que los hace.",
    no_args_is_help=True,
)
_MOST = 100_000

Which = Annotated[
    str | None,
    typer.Argument(
        metavar="ID",
        help="El principio de su número, o latest, el último; si no se da, el que está en marcha.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Para programas.")]


@broadcasts.command("list", help="Muestra los envíos, primero el último.")
@in_sentences
def list_(
    limit: Annotated[int, typer.Option(min=1, max=_MOST, help="Cuántos como máximo.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Lists the broadcasts, newest first."""
    # Imported here, as below: Telegram's library takes a moment to load.
    from bot.cli.broadcast_tables import list_broadcasts, read_snapshot, snapshot_json

    async def work(context: CliContext) -> None:
        found = await context.storage.broadcasts.history(limit=limit)
        snapshots = [await read_snapshot(context, each) for each in found]
        if as_json:
            say(json.dumps([snapshot_json(each) for each in snapshots]))
        else:
            list_broadcasts(context.words, snapshots)

    run_with_context(work)


@broadcasts.command(help="Muestra todo sobre un envío.")
@in_sentences
def show(
    which: Which = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Lo sigue hasta que acaba.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Shows the details of one broadcast."""
    from bot.cli.broadcast_tables import (
        details,
        follow_broadcast,
        read_snapshot,
        snapshot_json,
    )

    async def work(context: CliContext) -> None:
        broadcast = await _selected(context, which, or_latest=True)
        if follow:
            await follow_broadcast(context, broadcast)
        snapshot = await read_snapshot(context, broadcast)
        if as_json:
            say(json.dumps(snapshot_json(snapshot)))
        else:
            say(*details(snapshot, context.words))

    run_with_context(work)


_QUESTIONS = {
    BroadcastAction.PAUSE: mark("¿Pauso este envío?"),
    BroadcastAction.RESUME: mark("¿Reanudo este envío?"),
    BroadcastAction.CANCEL: mark("¿Cancelo este envío para siempre?"),
}
_OUTCOMES = {
    BroadcastAction.PAUSE: mark(
        "El envío está en pausa: van {done}. Sin enviar: {left}. Lo que ya salía aún se cuenta."
    ),
    BroadcastAction.RESUME: mark(
        "El envío sigue. Sin enviar: {left}. Lo hace el bot; si no está en marcha, petition-bot "
        "run."
    ),
    BroadcastAction.CANCEL: mark("El envío está cancelado: van {done}. Sin enviar: {left}."),
}


def _add_command(action: BroadcastAction, purpose: str) -> None:
    """Adds the command that does this to a broadcast."""

    @broadcasts.command(action.value, help=purpose)
    @in_sentences
    def change(which: Which = None, yes: Yes = False) -> None:
        confirmed(partial(_prepare, action=action, wanted=which), yes=yes)


for _action, _purpose in (
    (BroadcastAction.PAUSE, mark("Pausa un envío hasta que se reanude.")),
    (BroadcastAction.RESUME, mark("Reanuda un envío en pausa.")),
    (BroadcastAction.CANCEL, mark("Cancela un envío para siempre; lo enviado se queda.")),
):
    _add_command(_action, _purpose)


async def _prepare(context: CliContext, action: BroadcastAction, wanted: str | None) -> Plan:
    """Returns the change of a broadcast, with all that is known of it, to be asked about."""
    from bot.cli.broadcast_tables import STATES, details, read_snapshot, state_of

    snapshot = await read_snapshot(context, await _selected(context, wanted))
    allowed = TRANSITIONS[action].sources
    if snapshot.broadcast.state not in allowed:
        raise CannotDo.because(
            "Este envío está así: {state}. Eso se hace con uno que esté así: {states}.",
            state=state_of(snapshot),
            states=", ".join(label(said) for each, said in STATES.items() if each in allowed),
        )
    return Plan(
        "\n".join(details(snapshot, context.words)),
        label(_QUESTIONS[action]),
        partial(_carry_out, action=action, key=snapshot.broadcast.id),
    )


async def _carry_out(context: CliContext, action: BroadcastAction, key: bytes) -> str:
    """Changes the broadcast; returns the result as a sentence, or raises CannotDo."""
    from bot.cli.broadcast_tables import read_snapshot, state_of

    stored = context.storage.broadcasts
    changes = {
        BroadcastAction.PAUSE: stored.pause,
        BroadcastAction.RESUME: stored.resume,
        BroadcastAction.CANCEL: stored.cancel,
    }
    # The actor None stands in the audit log for the shell, which has no Telegram account.
    broadcast = await changes[action](key, None, context.clock())
    if broadcast is None:
        raise CannotDo.because("Entretanto ese envío ya no está.")
    snapshot = await read_snapshot(context, broadcast)
    if broadcast.state is not TRANSITIONS[action].to:
        raise CannotDo.because(
            "Entretanto ha cambiado, y no se ha tocado nada: {state}", state=state_of(snapshot)
        )
    said = label(
        _OUTCOMES[action],
        done=context.words.number(snapshot.tally.done),
        left=context.words.number(snapshot.left),
    )
    if broadcast.is_over and snapshot.left and broadcast.started_at is not None:
        command = "/broadcast" if broadcast.kind is Kind.CLOSING else "/broadcasts"
        said += f" {label('Se les puede avisar desde el bot, con {command}.', command=command)}"
    return said


async def _selected(
    context: CliContext, wanted: str | None, *, or_latest: bool = False
) -> Broadcast:
    """Returns the broadcast that is meant by the beginning of its id, or by `latest`.

    None is the one that is under way, and with `or_latest` the latest if none is.
    """
    stored = context.storage.broadcasts
    if wanted is not None and wanted.lower() != "latest":
        every = await stored.history(limit=_MOST)
        return with_id(wanted, every, "petition-bot broadcasts list")
    found = None if wanted else await stored.active()
    if found is None and not wanted and not or_latest:
        raise CannotDo.because(
            "No hay ningún envío en marcha. Di cuál: petition-bot broadcasts list los muestra."
        )
    found = found or await stored.latest()
    if found is None:
        raise CannotDo.because(
            "Todavía no hay ningún envío. Quien administra lo prepara con /broadcast."
        )
    return found
