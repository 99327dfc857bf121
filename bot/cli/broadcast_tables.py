"""What the commands `list` and `show` print: the table of all broadcasts, the details of one."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from bot.cli.context import CliContext
from bot.cli.ids import short_id
from bot.console import interruptible, progress_bar, say, say_table
from bot.text.terminal_language import label
from bot.text.translations import Words, mark
from handlers.broadcasts.screens.broadcast_lines import account
from handlers.broadcasts.screens.labels import recipients_name, subject_name
from storage import (
    Broadcast,
    BroadcastState,
    Kind,
    PauseReason,
    RecallTally,
    StopReason,
    Tally,
)
from telegram_text.markup import seen

SECONDS_BETWEEN_LOOKS = 1.0
STATES = {
    BroadcastState.SCHEDULED: mark("previsto"),
    BroadcastState.RUNNING: mark("enviándose"),
    BroadcastState.PAUSED: mark("en pausa"),
    BroadcastState.FINISHED: mark("enviado"),
    BroadcastState.CANCELLED: mark("cancelado"),
    BroadcastState.STOPPED: mark("detenido"),
}
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
}
_HEADINGS = (
    *(mark("Número"), mark("Qué"), mark("Estado"), mark("Cuándo")),
    *(mark("Personas"), mark("Entregados"), mark("No localizables"), mark("Pendientes")),
)
_MOMENTS = (
    ("created_at", mark("Confirmado")),
    ("starts_at", mark("Previsto")),
    ("started_at", mark("Empezó")),
    ("ended_at", mark("Acabó")),
)


@dataclass(frozen=True, slots=True)
class BroadcastSnapshot:
    """A broadcast and its progress, read at one moment.

    `attended` says whether a bot holds the lease to send this petition's broadcasts, `not_told` of
    a breach's notice that has ended how many signers are not known to have it.
    """

    broadcast: Broadcast
    tally: Tally
    recall: RecallTally | None
    attended: bool
    not_told: int | None = None

    @property
    def total(self) -> int:
        """How many recipients there are; until that is known, how many were confirmed."""
        if self.broadcast.is_enqueued:
            return self.tally.total
        return max(self.broadcast.expected or 0, self.tally.total)

    @property
    def left(self) -> int:
        """How many recipients have no outcome yet."""
        return self.total - self.tally.done


async def read_snapshot(context: CliContext, broadcast: Broadcast) -> BroadcastSnapshot:
    """Reads a broadcast and its progress."""
    storage = context.storage
    now = await storage.broadcasts.get(broadcast.id) or broadcast
    recall = await storage.recalls.tally(now.id) if now.recall_started_at is not None else None
    lease = await storage.leases.look(storage.broadcasts.lease)
    attended = lease is not None and lease.expires_at > context.clock()
    tally, not_told = await storage.broadcasts.tally(now.id), None
    if now.kind is Kind.BREACH and now.is_over:
        not_told = await storage.broadcasts.not_told(now.id)
    return BroadcastSnapshot(now, tally, recall, attended, not_told)


def snapshot_json(snapshot: BroadcastSnapshot) -> dict[str, Any]:
    """Returns a snapshot for JSON: names as in the database, times in UTC, no personal data."""
    broadcast, recall = snapshot.broadcast, snapshot.recall
    return {
        "id": broadcast.id.hex(),
        "kind": broadcast.kind,
        "state": broadcast.state,
        "pause_reason": broadcast.pause_reason,
        "stop_reason": broadcast.stop_reason,
        "reason_detail": broadcast.reason_detail,
        "audience": asdict(broadcast.audience),
        "paid": broadcast.paid,
        **{name: _moment(getattr(broadcast, name)) for name, _ in _MOMENTS},
        "recipients": snapshot.total,
        "recipients_known": broadcast.is_enqueued,
        **{name: n for name, n in asdict(snapshot.tally).items() if name != "total"},
        **({} if snapshot.not_told is None else {"not_told": snapshot.not_told}),
        "attended": snapshot.attended,
        "recall": recall
        and {
            "started_at": _moment(broadcast.recall_started_at),
            "ended_at": _moment(broadcast.recall_ended_at),
            **asdict(recall),
        },
    }


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def list_broadcasts(words: Words, snapshots: Sequence[BroadcastSnapshot]) -> None:
    """Prints a row for each broadcast."""
    if not snapshots:
        say(label("Todavía no hay ningún envío."))
        return
    say_table((_row(each, words) for each in snapshots), [label(each) for each in _HEADINGS])


def _row(snapshot: BroadcastSnapshot, words: Words) -> list[str]:
    broadcast, tally = snapshot.broadcast, snapshot.tally
    when = broadcast.started_at or broadcast.starts_at or broadcast.created_at
    counts = (snapshot.total, tally.delivered, tally.unreachable, snapshot.left)
    return [
        short_id(broadcast),
        seen(subject_name(words, broadcast.kind)),
        label(STATES[broadcast.state]),
        f"{when.astimezone(words.zone):%Y-%m-%d %H:%M}",
        *(words.number(count) for count in counts),
    ]


async def follow_broadcast(context: CliContext, broadcast: Broadcast) -> None:
    """Draws in a terminal how far a broadcast is, or its recall, until that has ended."""
    stopped = label("Dejas de mirarlo; el envío sigue.")
    with progress_bar() as bar, interruptible(stopped):
        task = bar.add_task("")
        while True:
            snapshot = await read_snapshot(context, broadcast)
            what, done, total = _activity(snapshot)
            bar.update(task, description=what, completed=done, total=total)
            if snapshot.broadcast.is_over and not snapshot.broadcast.is_recalling:
                break
            await asyncio.sleep(SECONDS_BETWEEN_LOOKS)


def _activity(snapshot: BroadcastSnapshot) -> tuple[str, int, int]:
    """Returns what happens with a broadcast, and how much of it is done of how much."""
    broadcast, recall = snapshot.broadcast, snapshot.recall
    what, done, total = label(STATES[broadcast.state]), snapshot.tally.done, snapshot.total
    if recall is not None and broadcast.is_recalling:
        what, done, total = label("borrándose"), recall.total - recall.open, recall.total
    if (broadcast.is_running or broadcast.is_recalling) and not snapshot.attended:
        what = label("espera al bot")
    return what, done, total


def details(snapshot: BroadcastSnapshot, words: Words) -> list[str]:
    """Returns all that is known of a broadcast: what it is, and a line for each fact."""
    broadcast = snapshot.broadcast
    paid = f" ({label('de pago')})" if broadcast.paid else ""
    facts = [f"{name}: {value}" for name, value in _facts(snapshot, words)]
    counts = seen(account(words, snapshot.tally)).splitlines()
    heading = f"{seen(subject_name(words, broadcast.kind))}{paid}"
    return [heading, *(f"  {line}" for line in (*facts, *counts))]


def state_of(snapshot: BroadcastSnapshot) -> str:
    """Returns the state, and what it waits for: an admin or a running bot."""
    broadcast, state = snapshot.broadcast, label(STATES[snapshot.broadcast.state])
    if broadcast.awaits_approval:
        return label("{state}; espera la aprobación de otra persona", state=state)
    if (broadcast.is_running or broadcast.is_recalling) and not snapshot.attended:
        return label("{state}; espera al bot: si no está en marcha, petition-bot run", state=state)
    return state


def _facts(snapshot: BroadcastSnapshot, words: Words) -> Iterator[tuple[str, str]]:
    broadcast = snapshot.broadcast
    yield label("Número"), broadcast.id.hex()
    yield label("Estado"), state_of(snapshot)
    if reason := broadcast.stop_reason or broadcast.pause_reason:
        yield label("Motivo"), label(_REASONS[reason], detail=broadcast.reason_detail)
    yield label("Para"), seen(recipients_name(words, broadcast))
    for name, said in _MOMENTS:
        if (at := getattr(broadcast, name)) is not None:
            yield label(said), words.plain_moment(at)
    total = words.number(snapshot.total)
    yield label("Personas"), total if broadcast.is_enqueued else label("unas {n}", n=total)
    if snapshot.not_told:
        not_told = words.number(snapshot.not_told)
        yield label("No lo saben"), label("{n}: hay que avisar de otra manera", n=not_told)
    if recall := snapshot.recall:
        deleted, of = words.number(recall.deleted), words.number(recall.total)
        yield label("Borrados"), label("{done} de {total}", done=deleted, total=of)
        if recall.failed:
            yield label("Sin borrar"), words.number(recall.failed)
        if recall.open:
            over = broadcast.recall_ended_at is not None
            yield label("Sin anotar") if over else label("Por borrar"), words.number(recall.open)
