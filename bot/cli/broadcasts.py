"""The commands `petition-bot broadcasts`: list, show, pause, resume and cancel."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Annotated, Any

import typer

from bot.broadcast.confirmation import most_for_one_admin
from bot.cli.context import CliContext, Plan, confirmed, run_with_context, short_id, with_id
from bot.console import AsJson, CannotDo, Yes, interruptible, progress_bar, say, say_table, tell
from bot.settings import Settings, SettingsInvalid
from bot.text.terminal_language import label
from bot.text.translations import mark
from handlers.broadcasts.screens.broadcast_view import BroadcastView
from handlers.broadcasts.screens.labels import recipients_name, subject_name
from handlers.broadcasts.screens.progress import state_screen
from storage.broadcast_transitions import change_broadcast
from storage.broadcast_types import (
    TRANSITIONS,
    Broadcast,
    BroadcastAction,
    BroadcastState,
    DeliveryState,
    Kind,
    PauseReason,
)
from storage.broadcasts import (
    broadcast_history,
    broadcast_with,
    count_not_told,
    tally_of_broadcast,
)
from storage.conversations import count_unsigned
from storage.restores import held_restore
from telegram_text.markup import seen

broadcasts = typer.Typer(name="broadcasts", no_args_is_help=True)
Which = Annotated[
    str | None,
    typer.Argument(
        metavar="ID",
        help="El principio de su número, o latest, el último; si no se da, el que está en marcha.",
    ),
]

SECONDS_BETWEEN_LOOKS = 1.0
_STATES = {
    BroadcastState.SCHEDULED: mark("previsto"),
    BroadcastState.RUNNING: mark("enviándose"),
    BroadcastState.PAUSED: mark("en pausa"),
    BroadcastState.FINISHED: mark("enviado"),
    BroadcastState.CANCELLED: mark("cancelado"),
    BroadcastState.STOPPED: mark("detenido"),
}
_HEADINGS = (
    *(mark("Número"), mark("Qué"), mark("Estado"), mark("Cuándo")),
    *(mark("Personas"), mark("Entregados"), mark("No localizables"), mark("Pendientes")),
)
_AS_STORED = ("kind", "state", "pause_reason", "stop_reason", "reason_detail", "paid")
_MOMENTS = (
    ("created_at", mark("Confirmado")),
    ("starts_at", mark("Previsto")),
    ("started_at", mark("Empezó")),
    ("ended_at", mark("Terminó")),
)


@broadcasts.command("list", help="Muestra los envíos, primero el último.")
def list_(as_json: AsJson = False) -> None:
    """Lists the broadcasts, newest first."""

    async def work(context: CliContext) -> None:
        found = await context.storage.read(broadcast_history)
        snapshots = [await read_snapshot(context, each) for each in found]
        if as_json:
            say(json.dumps([_as_json(each) for each in snapshots]))
        elif snapshots:
            say_table(map(_row, snapshots), [label(each) for each in _HEADINGS])
        else:
            tell("Todavía no hay ningún envío.")

    run_with_context(work)


@broadcasts.command(help="Muestra todo sobre un envío.")
def show(
    which: Which = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Lo sigue hasta que termina.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Shows the details of one broadcast."""

    async def work(context: CliContext) -> None:
        broadcast = await _selected(context, which, or_latest=True)
        read = _follow if follow else read_snapshot
        snapshot = await read(context, broadcast)
        if as_json:
            say(json.dumps(_as_json(snapshot)))
        else:
            say(*_details(snapshot))

    run_with_context(work)


def _add_command(action: BroadcastAction, purpose: str, question: str) -> None:
    """Adds the command that does this to a broadcast, after showing all that is known of it."""

    async def prepare(context: CliContext, wanted: str | None) -> Plan:
        snapshot = await read_snapshot(context, await _selected(context, wanted))
        if snapshot.broadcast.state not in TRANSITIONS[action].sources:
            raise _not_touched(snapshot.state)
        held = await context.storage.read(held_restore)
        if action is BroadcastAction.RESUME and held is not None:
            raise CannotDo.because(
                "No se ha tocado nada. Se restauró una copia, y no sale ningún envío hasta que "
                "lo permita alguien que administra, con el botón que el bot enseña en /broadcast."
            )
        carry_out = partial(_carry_out, action=action, found=snapshot.broadcast)
        return Plan("\n".join(_details(snapshot)), label(question), carry_out)

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


@dataclass(frozen=True, slots=True)
class BroadcastSnapshot(BroadcastView):
    """A broadcast as admins see it in the chat, read at one moment.

    `attended` says whether this petition's bot runs.
    """

    attended: bool = False

    @property
    def waits_for_the_bot(self) -> bool:
        """Whether there is something to do, and no bot that does it."""
        return not self.attended and (self.broadcast.is_running or self.broadcast.is_recalling)

    @property
    def state(self) -> str:
        """The state, and whether it waits for a running bot."""
        state = label(_STATES[self.broadcast.state])
        if self.waits_for_the_bot:
            return label(
                "{state}; espera al bot: si no está en marcha, petition-bot run", state=state
            )
        return state


async def read_snapshot(context: CliContext, broadcast: Broadcast) -> BroadcastSnapshot:
    """Reads a broadcast and its progress."""
    storage, now = context.storage, context.clock()
    stored = await storage.read(broadcast_with, broadcast.id)
    broadcast = stored or broadcast
    is_told = broadcast.kind is Kind.BREACH and broadcast.is_over and broadcast.started_at
    admins, approval_above = _who_decides(broadcast)
    return BroadcastSnapshot(
        context.words,
        broadcast,
        await storage.read(tally_of_broadcast, broadcast.id),
        now,
        reader=broadcast.author,  # so that no other admin's id is shown
        not_told=await storage.read(count_not_told, broadcast.id) if is_told else 0,
        unsigned=await storage.read(count_unsigned) if is_told else 0,
        admins=admins,
        approval_above=approval_above,
        attended=await context.is_attended(),
    )


def _who_decides(broadcast: Broadcast) -> tuple[frozenset[int] | None, int | None]:
    """Returns who the admins are, and above how many people two decide, if it waits for them.

    Without settings for the bot, which a shell need not have, nobody knows.
    """
    if broadcast.pause_reason is PauseReason.FORMER:
        with suppress(SettingsInvalid):
            settings = Settings.load()
            above = most_for_one_admin(broadcast.kind, settings.approval_above)
            return settings.admin_ids, above
    return None, None


def _as_json(snapshot: BroadcastSnapshot) -> dict[str, Any]:
    """Returns a snapshot for JSON: names as in the database, times in UTC, no personal data."""
    broadcast, tally = snapshot.broadcast, snapshot.counts
    return {
        "id": broadcast.id.hex(),
        **{name: getattr(broadcast, name) for name in _AS_STORED},
        "audience": {"language": broadcast.language, "news_only": broadcast.kind is Kind.NEWS},
        **{name: _moment(getattr(broadcast, name)) for name, _ in _MOMENTS},
        "recipients": snapshot.counts.total,
        "recipients_known": broadcast.enqueued_at is not None,
        **{state: getattr(tally, state) for state in DeliveryState},
        **({"not_told": snapshot.not_told} if snapshot.not_told else {}),
        "attended": snapshot.attended,
        "recall": broadcast.recall_started_at
        and {
            "started_at": _moment(broadcast.recall_started_at),
            "ended_at": _moment(broadcast.recall_ended_at),
            "total": tally.delivered,
            "deleted": tally.recalled,
            "failed": tally.unrecallable,
            "open": tally.left_to_recall,
        },
    }


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _row(snapshot: BroadcastSnapshot) -> list[str]:
    words, broadcast, tally = snapshot.words, snapshot.broadcast, snapshot.counts
    when = broadcast.started_at or broadcast.starts_at or broadcast.created_at
    counts = (tally.total, tally.delivered, tally.unreachable, tally.open)
    return [
        short_id(broadcast.id),
        seen(subject_name(words, broadcast.kind)),
        label(_STATES[broadcast.state]),
        f"{when.astimezone(words.zone):%Y-%m-%d %H:%M}",
        *(words.number(count) for count in counts),
    ]


async def _follow(context: CliContext, broadcast: Broadcast) -> BroadcastSnapshot:
    """Draws in a terminal how far a broadcast is, or its recall, until that has ended."""
    stopped = label("Dejas de mirarlo; el envío sigue.")
    with progress_bar() as bar, interruptible(stopped):
        task = bar.add_task("")
        while True:
            now = await read_snapshot(context, broadcast)
            what, done, total = _STATES[now.broadcast.state], now.counts.done, now.counts.total
            if now.broadcast.is_recalling:
                what, total = mark("borrándose"), now.tally.delivered
                done = total - now.tally.left_to_recall
            if now.waits_for_the_bot:
                what = mark("espera al bot")
            bar.update(task, description=label(what), completed=done, total=total, refresh=True)
            if now.broadcast.is_over and not now.broadcast.is_recalling:
                return now
            await asyncio.sleep(SECONDS_BETWEEN_LOOKS)


def _details(snapshot: BroadcastSnapshot) -> Iterator[str]:
    """Yields all that is known of a broadcast: what it is, and what admins read in the chat."""
    words, broadcast = snapshot.words, snapshot.broadcast
    paid = f" ({label('de pago')})" if broadcast.paid else ""
    yield f"{seen(subject_name(words, broadcast.kind))}{paid}"
    yield f"  {label('Número')}: {broadcast.id.hex()}"
    yield f"  {label('Estado')}: {snapshot.state}"
    yield f"  {label('Para')}: {seen(recipients_name(words, broadcast))}"
    for name, said in _MOMENTS:
        if (at := getattr(broadcast, name)) is not None:
            is_asked_for = name == "created_at" and broadcast.confirmed_by is None
            moment = words.plain_moment(at)
            yield f"  {label('Pedido' if is_asked_for else said)}: {moment}"
    yield label("Quien administra lee en el chat:")
    # But for the question whether to cancel it, if somebody was asked.
    unasked = replace(snapshot, broadcast=replace(broadcast, cancel_requested_at=None))
    yield from (f"  {line}".rstrip() for line in seen(state_screen(unasked).text).splitlines())
    if snapshot.lacks_a_second_admin:
        command = f"petition-bot broadcasts cancel {short_id(broadcast.id)}"
        yield label("Para cancelarlo desde aquí: {command}", command=command)
