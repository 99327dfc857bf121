"""A broadcast and what is known of it, and the lines that more than one page says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.broadcast.stop_reasons import StopReason, parse_reason
from bot.text.markup import Html
from bot.text.translations import Words
from storage import Broadcast, Kind, RecallTally, Tally

from .labels import moment_name, recipients_name, subject_name

BAR_WIDTH: Final = 12


@dataclass(frozen=True, slots=True)
class BroadcastView:
    """A broadcast and what is known of it at one moment.

    Attributes:
        rate: messages a second lately; None when that cannot be told.
        pause: so many seconds Telegram asks to wait with it.
        recall: how far taking it back is, if that was begun.
        reader: the admin who reads it.
        is_asking: whether an admin is deciding about cancelling it.
    """

    words: Words
    broadcast: Broadcast
    tally: Tally
    now: datetime
    zone: str
    languages: Mapping[str, str]
    rate: float | None = None
    pause: float = 0.0
    recall: RecallTally | None = None
    reader: int | None = None
    is_asking: bool = False

    @property
    def key(self) -> str:
        """How buttons name it."""
        return self.broadcast.id.hex()

    @property
    def is_own(self) -> bool:
        """Whether it was prepared by who reads it."""
        return self.reader == self.broadcast.started_by

    @property
    def held_for(self) -> StopReason | None:
        """Why it is paused, when nobody did that."""
        if not self.broadcast.is_held:
            return None
        return parse_reason(self.broadcast.stop_reason or "")[0]

    @property
    def is_waiting(self) -> bool:
        """Whether its time came and it waits for a word without having begun."""
        return self.held_for in (StopReason.LATE, StopReason.FORMER)

    @property
    def can_be_recalled(self) -> bool:
        """Whether Telegram still lets us delete what was sent."""
        return self.broadcast.can_be_recalled(self.tally.delivered, self.now)


def bar(words: Words, done: int, total: int) -> Html:
    """How much of it is done."""
    full = done * BAR_WIDTH // total if total else 0
    squares = "▰" * full + "▱" * (BAR_WIDTH - full)
    return Html(f"{squares}  {words.percent(done / total if total else 0.0)}")


def account(words: Words, tally: Tally) -> Html:
    """What became of each."""
    lines = [
        words.text("Entregados: {n}", n=words.number(tally.delivered)),
        words.text("No localizables: {n}", n=words.number(tally.unreachable)),
        words.text("Sin confirmar: {n}", n=words.number(tally.unknown)),
    ]
    if tally.rejected:
        lines.append(words.text("Rechazados: {n}", n=words.number(tally.rejected)))
    if tally.withdrawn:
        lines.append(words.text("Retiraron su firma: {n}", n=words.number(tally.withdrawn)))
    if tally.open:
        lines.append(words.text("Pendientes: {n}", n=words.number(tally.open)))
    return Html("\n".join(lines))


def plan(now: BroadcastView) -> Html:
    """What is planned, when, and for whom."""
    words, broadcast = now.words, now.broadcast
    starts = broadcast.starts_at or broadcast.created_at
    lines = [
        subject_name(words, broadcast.kind),
        words.text("Saldrá el {moment}.", moment=moment_name(words, starts, now.zone)),
        planned_for(now),
    ]
    return Html("\n".join(lines))


def keep_preview(now: BroadcastView) -> Html | None:
    """What is copied must stay; the closing update is a text of the petition's own."""
    if now.broadcast.kind is Kind.CLOSING:
        return None
    return now.words.text("No borres la vista previa: es el original que se copiará.")


def planned_for(now: BroadcastView) -> Html:
    """For whom it was planned, and how many those were."""
    words, broadcast = now.words, now.broadcast
    return words.text(
        "Para {audience}: {n} cuando se programó.",
        audience=recipients_name(words, broadcast, now.languages),
        n=words.number(broadcast.expected or 0),
    )
