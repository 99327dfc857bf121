"""`BroadcastView`, which the screens of a broadcast are drawn from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.text.translations import Words
from handlers.broadcasts.screens.labels import admin_name
from handlers.screens.buttons import AdminAction, Button, Style
from handlers.screens.screen import lines
from storage.broadcast_types import Broadcast, PauseReason, Tally
from storage.recalls import RECALLABLE_FOR
from telegram_text.markup import Html


@dataclass(frozen=True, slots=True)
class Measured:
    """What the worker knows of a broadcast without reading it again.

    Attributes:
        tally: its deliveries by outcome.
        rate: messages per second lately; None when unknown.
        pause: seconds that Telegram asks to wait.
    """

    tally: Tally | None = None
    rate: float | None = None
    pause: float = 0.0


@dataclass(frozen=True, slots=True)
class BroadcastView:
    """A broadcast with everything that its screens show, at one moment.

    Attributes:
        rate, pause: see `Measured`.
        reader: user id of the admin who reads it.
        names: how to call the admins of whom a name is known, by user id.
        approval_above: a broadcast to more people needs a second admin; None: never.
        not_told: of a breach's notice that has ended, how many signers are not known to have it.
        unsigned: how many people wrote a name and did not sign; only with the above.
        admins: the user ids of all admins; None where they are not known.
    """

    words: Words
    broadcast: Broadcast
    tally: Tally
    now: datetime
    rate: float | None = None
    pause: float = 0.0
    reader: int | None = None
    names: Mapping[int, str] = field(default_factory=dict)
    approval_above: int | None = None
    not_told: int = 0
    unsigned: int = 0
    admins: frozenset[int] | None = None

    @property
    def counts(self) -> Tally:
        """The tally of all recipients; see `Broadcast.counted`."""
        return self.broadcast.counted(self.tally)

    @property
    def key(self) -> str:
        """The broadcast's id in callback data."""
        return self.broadcast.id.hex()

    @property
    def pause_key(self) -> str:
        """The same with why the system paused it, which is what an admin agrees to go on from."""
        reason = self.broadcast.pause_reason
        return self.key if reason is None else f"{self.key}.{reason}"

    def button(
        self,
        label: str,
        action: AdminAction,
        argument: str | None = None,
        *,
        style: Style | None = None,
        **values: object,
    ) -> Button:
        """Returns a button for this broadcast.

        `label` is a source sentence, `values` what it names; the argument is the key by default.
        """
        said, about = self.words.label(label, **values), self.key if argument is None else argument
        return Button(said, action, about, style=style)

    def who(self, admin: int | None) -> str:
        """Returns how the reader calls an admin."""
        return admin_name(self.words, admin, self.names, self.reader)

    @property
    def starts(self) -> datetime:
        """When it starts, or started: at its time, or once it was confirmed."""
        return self.broadcast.starts_at or self.broadcast.created_at

    @property
    def is_waiting(self) -> bool:
        """Whether its time came but it waits for an admin's decision to start."""
        return self.broadcast.pause_reason in (PauseReason.LATE, PauseReason.FORMER)

    @property
    def lacks_a_second_admin(self) -> bool:
        """Whether two had to decide on it, and nobody but the reader who did is an admin now."""
        sent, above = self.broadcast, self.approval_above
        if self.admins is None or above is None or sent.pause_reason is not PauseReason.FORMER:
            return False
        others = {sent.author, sent.confirmed_by} - {self.reader}
        return (sent.expected or 0) > above and others.isdisjoint(self.admins)

    @property
    def can_be_recalled(self) -> bool:
        """Whether Telegram still allows deleting what was sent."""
        sent, ended_at = self.broadcast, self.broadcast.ended_at
        is_late = ended_at is None or self.now - ended_at >= RECALLABLE_FOR
        return not is_late and sent.recall_started_at is None and self.tally.delivered > 0


def account(words: Words, tally: Tally) -> Html:
    """Returns the number of deliveries by outcome, one per line."""
    return lines(
        words.text("Entregados: {n}", n=words.number(tally.delivered)),
        words.text("No localizables: {n}", n=words.number(tally.unreachable)),
        words.text("Sin confirmar: {n}", n=words.number(tally.unconfirmed)),
        tally.rejected and words.text("Rechazados: {n}", n=words.number(tally.rejected)),
        tally.forbidden
        and words.text(
            "No admiten notas de voz ni de vídeo: {n}", n=words.number(tally.forbidden)
        ),
        tally.withdrawn and words.text("Retiraron su firma: {n}", n=words.number(tally.withdrawn)),
        tally.open and words.text("Pendientes: {n}", n=words.number(tally.open)),
    )
