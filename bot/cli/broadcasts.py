"""The commands `petition-bot broadcasts`: list, show, pause, resume, cancel and recall."""

from datetime import datetime
from typing import Annotated

import typer

from bot.cli.broadcast_selection import (
    LATEST,
    STATES,
    capitalised,
    name_of,
    select_broadcast,
    short_ids,
)
from bot.cli.broadcast_snapshot import BroadcastSnapshot, read_snapshot
from bot.cli.context import CliContext, run_with_context
from bot.console import CannotDo, Yes, agrees, in_sentences, interruptible, say
from bot.text.terminal_language import label
from bot.text.translations import Words, mark
from storage import TRANSITIONS, Broadcast, BroadcastAction, BroadcastState, Kind

broadcasts = typer.Typer(
    name="broadcasts",
    help="Muestra y dirige los envíos, al lado del bot que los hace.",
    no_args_is_help=True,
)

Which = Annotated[
    str | None,
    typer.Argument(
        metavar="ID",
        show_default=False,
        help="El principio de su número, o latest, el último; si no se da, el que está en marcha.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Para programas.")]


@broadcasts.command("list", help="Muestra los envíos, primero el último.")
@in_sentences
def list_(
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="Cuántos como máximo.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Lists the broadcasts, newest first."""
    from bot.cli.broadcast_tables import list_broadcasts

    run_with_context(lambda context: list_broadcasts(context, limit=limit, as_json=as_json))


@broadcasts.command(help="Muestra todo sobre un envío.")
@in_sentences
def show(
    which: Which = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Lo sigue hasta que acaba.")
    ] = False,
    every: Annotated[
        float, typer.Option(min=0.1, help="Segundos entre dos miradas, con --follow.")
    ] = 1.0,
    as_json: AsJson = False,
) -> None:
    """Shows the details of one broadcast."""
    from bot.cli.broadcast_tables import follow_broadcast, show_broadcast

    if not follow:
        run_with_context(lambda context: show_broadcast(context, which, as_json=as_json))
        return
    with interruptible(label("Dejas de mirarlo; el envío sigue.")):
        run_with_context(
            lambda context: follow_broadcast(context, which, seconds=every, as_json=as_json)
        )


def _add_command(action: BroadcastAction, purpose: str) -> None:
    """Adds the command that does this to a broadcast."""

    @broadcasts.command(action.value, help=purpose)
    @in_sentences
    def change(which: Which = None, yes: Yes = False) -> None:
        key, question = run_with_context(lambda context: _prepare(context, action, which))
        if agrees(question, yes=yes):
            say(run_with_context(lambda context: _carry_out(context, action, key)))


for _action, _purpose in (
    (BroadcastAction.PAUSE, mark("Pausa un envío hasta que se reanude.")),
    (BroadcastAction.RESUME, mark("Reanuda un envío en pausa.")),
    (BroadcastAction.CANCEL, mark("Cancela un envío para siempre; lo enviado se queda.")),
    (
        BroadcastAction.RECALL,
        mark(
            "Borra de los chats lo que se envió en las últimas 48 horas; sin número, el último "
            "envío."
        ),
    ),
):
    _add_command(_action, _purpose)


async def _prepare(
    context: CliContext, action: BroadcastAction, wanted: str | None
) -> tuple[bytes, str]:
    """Returns the id of the broadcast to change, and the question to ask before; or CannotDo."""
    if action is BroadcastAction.RECALL:
        wanted = wanted or LATEST
    found = await select_broadcast(context.storage.broadcasts, wanted)
    snapshot = await read_snapshot(context, found)
    _check(action, snapshot.broadcast)
    if action is BroadcastAction.RECALL:
        _check_recall(snapshot, context.clock())
    return snapshot.broadcast.id, _question(action, snapshot, context.words)


async def _carry_out(context: CliContext, action: BroadcastAction, key: bytes) -> str:
    """Changes the broadcast; returns the result as a sentence, or raises CannotDo."""
    stored = context.storage.broadcasts
    changes = {
        BroadcastAction.PAUSE: stored.pause,
        BroadcastAction.RESUME: stored.resume,
        BroadcastAction.CANCEL: stored.cancel,
        BroadcastAction.RECALL: stored.recall,
    }
    # The actor None stands in the audit log for the shell, which has no Telegram account.
    broadcast = await changes[action](key, None, context.clock())
    if broadcast is None:
        raise CannotDo.because("Entretanto ese envío ya no está.")
    if _state(broadcast) != _leads_to(action):
        raise CannotDo.because(
            "Entretanto ha cambiado, y no se ha tocado nada: {state}", state=_is(broadcast)
        )
    return _outcome(action, await read_snapshot(context, broadcast), context.words)


def _leads_to(action: BroadcastAction) -> BroadcastState | None:
    return TRANSITIONS[action].to


def _check(action: BroadcastAction, broadcast: Broadcast) -> None:
    allowed = [each for each in BroadcastState if each in TRANSITIONS[action].sources]
    if _state(broadcast) in allowed:
        return
    needed = ", ".join(label(STATES[each]) for each in allowed)
    raise CannotDo.because(
        "{state} Eso se hace con uno que esté así: {states}.",
        state=_is(broadcast),
        states=needed,
    )


_CORRECTABLE = mark("Después se les puede enviar una corrección, en /broadcasts.")
_AFTER_RECALL = {
    Kind.CLOSING: mark("Después se les puede enviar el bueno, con /broadcast."),
    Kind.BREACH: mark("Se puede enviar otro aviso a todo el mundo, con /broadcast."),
}


def _check_recall(snapshot: BroadcastSnapshot, now: datetime) -> None:
    if snapshot.broadcast.can_be_recalled(snapshot.tally.delivered, now):
        return
    raise CannotDo.because(
        "De {name} no se puede borrar nada: Telegram deja borrar los mensajes durante 48 "
        "horas, o no hay ninguno.",
        name=name_of(snapshot.broadcast),
    )


def _state(broadcast: Broadcast) -> BroadcastState | None:
    """Returns its state; None of one that is being recalled or was."""
    return broadcast.state if broadcast.recall_started_at is None else None


def _is(broadcast: Broadcast) -> str:
    state = _state(broadcast)
    said = label("borrado de los chats") if state is None else label(STATES[state])
    return capitalised(label("{name}: {state}.", name=name_of(broadcast), state=said))


def _question(action: BroadcastAction, snapshot: BroadcastSnapshot, words: Words) -> str:
    broadcast = snapshot.broadcast
    name = name_of(broadcast)
    if action is BroadcastAction.RECALL:
        return label(
            "¿Borro {name} de {n} chats, para siempre? Quien lo ha leído, lo ha leído. {after}",
            name=name,
            n=words.number(snapshot.tally.delivered),
            after=label(_AFTER_RECALL.get(broadcast.kind, _CORRECTABLE)),
        )
    so_far = label(
        "van {done} de {total}",
        done=words.number(snapshot.tally.done),
        total=words.number(snapshot.total),
    )
    if broadcast.state is BroadcastState.SCHEDULED and broadcast.starts_at is not None:
        so_far = label("saldría el {moment}", moment=words.plain_moment(broadcast.starts_at))
    question = {
        BroadcastAction.PAUSE: label("¿Pauso {name}? ({so_far})", name=name, so_far=so_far),
        BroadcastAction.RESUME: label("¿Reanudo {name}? ({so_far})", name=name, so_far=so_far),
    }
    for_good = label("¿Cancelo {name} para siempre? ({so_far})", name=name, so_far=so_far)
    return question.get(action, for_good)


def _outcome(action: BroadcastAction, snapshot: BroadcastSnapshot, words: Words) -> str:
    broadcast = snapshot.broadcast
    values = {
        "name": name_of(broadcast),
        "id": short_ids([broadcast])[broadcast.id],
        "done": words.number(snapshot.tally.done),
        "left": words.number(snapshot.left),
    }
    if action is BroadcastAction.RECALL:
        said = label(
            "{name} se está borrando de {n} chats. Lo hace el bot; si no está en marcha, "
            "petition-bot run. Para seguirlo: petition-bot broadcasts show {id} --follow",
            n=words.number(snapshot.tally.delivered),
            **values,
        )
    elif action is BroadcastAction.RESUME:
        said = label(
            "{name} sigue, y faltan {left}. Lo hace el bot; si no está en marcha, petition-bot "
            "run.",
            **values,
        )
    elif action is BroadcastAction.PAUSE:
        said = label(
            "{name} está en pausa: van {done} y faltan {left}. Lo que ya salía aún se cuenta. "
            "Para seguir: petition-bot broadcasts resume {id}",
            **values,
        )
    else:
        said = label("{name} está cancelado: van {done}, y {left} no lo reciben.", **values)
        if snapshot.left and broadcast.started_at is not None:
            command = "/broadcast" if broadcast.kind is Kind.CLOSING else "/broadcasts"
            again = label("Se les puede avisar desde el bot, con {command}.", command=command)
            said += f" {again}"
    return capitalised(said)
