"""What the commands `list` and `show` print: the table of all broadcasts, the details of one."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table

from bot.cli.broadcast_selection import STATES, capitalised, kind_of, select_broadcast, short_ids
from bot.cli.broadcast_snapshot import BroadcastSnapshot, read_snapshot, snapshot_json
from bot.cli.context import CliContext
from bot.console import out, progress_bar, say
from bot.text.terminal_language import label
from bot.text.translations import Words, mark
from storage import Broadcast, BroadcastState, Kind, PauseReason, StopReason

# The longest name of a fact, and two spaces.
_NAME_WIDTH = len("No localizables") + 2
_REASONS: dict[StopReason | PauseReason, str] = {
    StopReason.CONTENT: mark("Telegram no acepta el mensaje: {detail}"),
    StopReason.UNREADABLE: mark("la clave no abre los chats de quienes firmaron"),
    PauseReason.LATE: mark("su hora pasó con el bot apagado; reanúdalo o cancélalo"),
    PauseReason.FORMER: mark("quien lo preparó ya no administra; reanúdalo o cancélalo"),
    StopReason.DECLINED: mark("otra persona no lo aprobó"),
    StopReason.UNAPPROVED: mark("nadie más lo aprobó en un día"),
    StopReason.OPEN: mark("la petición estaba abierta cuando llegó su hora"),
    PauseReason.DEFECT: mark("un fallo del programa ({detail}); el registro dice dónde"),
    PauseReason.UNRECORDED: mark(
        "no se pudo anotar qué fue de un mensaje ({detail}); el registro dice por qué; reanúdalo "
        "cuando esté arreglado"
    ),
    PauseReason.NOBODY: mark(
        "no llegó a nadie de las primeras {detail} personas; mira que el token sea el del bot con "
        "el que firmaron, y reanúdalo"
    ),
    PauseReason.DENIED: mark(
        "Telegram, o el servidor que hay en medio, rechazó todos los mensajes durante un minuto "
        "({detail}); mira qué hay en PETITION_API_URL, y reanúdalo"
    ),
    StopReason.OTHER: mark("{detail}"),
}
# The width for a file or a pipe, where lines should not wrap.
_WIDE = 200


async def list_broadcasts(context: CliContext, *, limit: int, as_json: bool) -> None:
    """Prints a line for each broadcast, newest first."""
    found = await context.storage.broadcasts.history(limit=limit)
    snapshots = [await read_snapshot(context, broadcast) for broadcast in found]
    if as_json:
        _print_json([snapshot_json(snapshot) for snapshot in snapshots])
    elif snapshots:
        console = out if out.is_terminal else Console(file=out.file, width=_WIDE)
        console.print(table_of(snapshots, context.words))
    else:
        say(label("Todavía no hay ningún envío."))


async def show_broadcast(context: CliContext, wanted: str | None, *, as_json: bool) -> None:
    """Prints the details of one broadcast."""
    broadcast = await select_broadcast(context.storage.broadcasts, wanted, or_latest=True)
    snapshot = await read_snapshot(context, broadcast)
    if as_json:
        _print_json(snapshot_json(snapshot))
    else:
        say(*detail_lines(snapshot, context.words))


async def follow_broadcast(
    context: CliContext, wanted: str | None, *, seconds: float, as_json: bool
) -> None:
    """Shows the progress of a broadcast until it has ended, and then its details.

    In a terminal that is a bar; in a file or a pipe, a line for every change.
    """
    broadcast = await select_broadcast(context.storage.broadcasts, wanted, or_latest=True)
    last = ""
    with progress_bar() as bar:
        task = bar.add_task("")
        while True:
            snapshot = await read_snapshot(context, broadcast)
            what, done, total = _activity(snapshot)
            bar.update(task, description=what, completed=done, total=total)
            line = f"{what}: {context.words.number(done)} / {context.words.number(total)}"
            if as_json:
                _print_json(snapshot_json(snapshot))
            elif line != last and not out.is_terminal:
                say(line)
            if snapshot.is_settled:
                break
            last = line
            await asyncio.sleep(seconds)
    if not as_json:
        say(*detail_lines(snapshot, context.words))


def _activity(snapshot: BroadcastSnapshot) -> tuple[str, int, int]:
    """Returns what happens with a broadcast, and how much of it is done of how much."""
    broadcast, recall = snapshot.broadcast, snapshot.recall
    what, done, total = label(STATES[broadcast.state]), snapshot.tally.done, snapshot.total
    if recall is not None and broadcast.is_recalling:
        what, done, total = label("borrándose"), recall.total - recall.open, recall.total
    if (broadcast.is_running or broadcast.is_recalling) and not snapshot.attended:
        what = label("espera al bot")
    return what, done, total


def _print_json(data: Any) -> None:
    out.print(json.dumps(data, ensure_ascii=False), markup=False, soft_wrap=True)
    out.file.flush()


def table_of(snapshots: Sequence[BroadcastSnapshot], words: Words) -> Table:
    """Returns a table with a row for each; long cells wrap, but ids are never cut."""
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    ids = short_ids([snapshot.broadcast for snapshot in snapshots])
    table.add_column(
        label("Número"), no_wrap=True, min_width=max(len(each) for each in ids.values())
    )
    for heading in (label("Qué"), label("Estado"), label("Cuándo")):
        table.add_column(heading, overflow="fold")
    for heading in (
        *(label("Personas"), label("Entregados")),
        *(label("No localizables"), label("Pendientes")),
    ):
        table.add_column(heading, overflow="fold", justify="right")
    for snapshot in snapshots:
        broadcast, tally = snapshot.broadcast, snapshot.tally
        counts = (snapshot.total, tally.delivered, tally.unreachable, snapshot.left)
        when = _when(broadcast).astimezone(words.zone)
        table.add_row(
            ids[broadcast.id],
            kind_of(broadcast),
            label(STATES[broadcast.state]),
            f"{when:%Y-%m-%d %H:%M}",
            *(words.number(count) for count in counts),
        )
    return table


def detail_lines(snapshot: BroadcastSnapshot, words: Words) -> list[str]:
    """Returns the details of one broadcast, a heading and a line for each."""
    broadcast = snapshot.broadcast
    facts = [
        (label("Número"), broadcast.id.hex()),
        (label("Estado"), state_of(snapshot)),
        *_reason(broadcast),
        (label("Para"), _audience(broadcast, words)),
        *_moments(broadcast, words),
        *_counts(snapshot, words),
        *_recall(snapshot, words),
    ]
    paid = f" ({label('de pago')})" if broadcast.paid else ""
    heading = f"{capitalised(kind_of(broadcast))}{paid}"
    return [heading, *(f"  {name:<{_NAME_WIDTH}}{value}" for name, value in facts)]


def state_of(snapshot: BroadcastSnapshot) -> str:
    """Returns the state, and what it waits for: an admin or a running bot."""
    state = label(STATES[snapshot.broadcast.state])
    if snapshot.broadcast.awaits_approval:
        return label("{state}; espera la aprobación de otra persona", state=state)
    waits = snapshot.broadcast.state is BroadcastState.RUNNING or snapshot.broadcast.is_recalling
    if waits and not snapshot.attended:
        return label("{state}; espera al bot: si no está en marcha, petition-bot run", state=state)
    return state


def _when(broadcast: Broadcast) -> datetime:
    return broadcast.started_at or broadcast.starts_at or broadcast.created_at


def _audience(broadcast: Broadcast, words: Words) -> str:
    audience = broadcast.audience
    who = label("quienes firmaron")
    if audience.news_only:
        who = label("quienes aceptaron noticias de otras acciones")
    elif broadcast.kind is Kind.UPDATE:
        who = label("quienes eligieron novedades de la petición")
    elif broadcast.kind is Kind.BREACH:
        who = label("quienes firmaron, también quienes pidieron silencio")
    elif broadcast.kind is Kind.CORRECTION:
        who = label("quienes recibieron el mensaje que corrige")
    if audience.language is None:
        return who
    language = words.language_name(audience.language)
    return label("{people} y leen en {language}", people=who, language=language)


def _reason(broadcast: Broadcast) -> Iterator[tuple[str, str]]:
    reason = broadcast.stop_reason or broadcast.pause_reason
    if reason is not None:
        yield label("Motivo"), label(_REASONS[reason], detail=broadcast.reason_detail)


def _moments(broadcast: Broadcast, words: Words) -> Iterator[tuple[str, str]]:
    named = (
        (label("Confirmado"), broadcast.created_at),
        (label("Previsto"), broadcast.starts_at),
        (label("Empezó"), broadcast.started_at),
        (label("Acabó"), broadcast.ended_at),
    )
    for name, at in named:
        if at is not None:
            yield name, words.plain_moment(at)


def _counts(snapshot: BroadcastSnapshot, words: Words) -> Iterator[tuple[str, str]]:
    tally, total = snapshot.tally, words.number(snapshot.total)
    is_known = snapshot.broadcast.is_enqueued
    yield label("Personas"), total if is_known else label("unas {n}", n=total)
    yield label("Entregados"), words.number(tally.delivered)
    yield label("No localizables"), words.number(tally.unreachable)
    yield label("Sin confirmar"), words.number(tally.unconfirmed)
    if tally.rejected:
        yield label("Rechazados"), words.number(tally.rejected)
    if tally.forbidden:
        yield label("No lo admiten"), words.number(tally.forbidden)
    if tally.withdrawn:
        yield label("Se retiraron"), words.number(tally.withdrawn)
    if snapshot.not_told:
        not_told = words.number(snapshot.not_told)
        yield label("No lo saben"), label("{n}: hay que avisar de otra manera", n=not_told)
    if snapshot.left:
        # After a finished broadcast, only supporters who returned are left.
        ended = snapshot.broadcast.state in (BroadcastState.STOPPED, BroadcastState.CANCELLED)
        yield label("Sin enviar") if ended else label("Pendientes"), words.number(snapshot.left)


def _recall(snapshot: BroadcastSnapshot, words: Words) -> Iterator[tuple[str, str]]:
    recall = snapshot.recall
    if recall is None:
        return
    yield (
        label("Borrados"),
        label(
            "{done} de {total}",
            done=words.number(recall.deleted),
            total=words.number(recall.total),
        ),
    )
    if recall.failed:
        yield label("Sin borrar"), words.number(recall.failed)
    if recall.open:
        over = snapshot.broadcast.recall_ended_at is not None
        yield label("Sin anotar") if over else label("Por borrar"), words.number(recall.open)
