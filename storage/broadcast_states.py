"""The workflow of a broadcast: its states, why it is paused or stopped, and what changes it.

`TRANSITIONS` is the whole of it; what an action needs besides is in `broadcast_transitions.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class BroadcastState(StrEnum):
    """How far a broadcast is."""

    SCHEDULED = "scheduled"
    """It waits for its time, or for another admin's approval."""
    RUNNING = "running"
    PAUSED = "paused"
    """By an admin, or by the system: then it has a pause reason."""
    FINISHED = "finished"
    """Everyone was sent it; supporters who return may still get it."""
    STOPPED = "stopped"
    """It was ended for a stop reason."""
    CANCELLED = "cancelled"
    """An admin ended it."""


ACTIVE = frozenset({BroadcastState.RUNNING, BroadcastState.PAUSED})
"""The states of a broadcast that has begun and not ended; a petition has one such at most."""


OVER = frozenset({BroadcastState.FINISHED, BroadcastState.STOPPED, BroadcastState.CANCELLED})
"""The states of a broadcast that has ended."""


class PauseReason(StrEnum):
    """Why the system paused a broadcast; it waits for an admin to resume or cancel it."""

    LATE = "late"
    """Its time passed while the bot was not running."""
    FORMER = "former"
    """The admin who confirmed it is no longer one."""
    DEFECT = "defect"
    """A bug; the detail is the exception's class and its reference in the log."""
    UNRECORDED = "unrecorded"
    """A delivery's result could not be recorded; the detail is as with a defect."""
    NOBODY = "nobody"
    """None of the first recipients could be reached; the detail is their number."""
    DENIED = "denied"
    """Telegram or a proxy denied every call for a minute; the detail is what it said."""


class StopReason(StrEnum):
    """Why the system, or an admin who did not approve it, ended a broadcast early."""

    CONTENT = "content"
    """Telegram rejects the content; the detail is what it said."""
    UNREADABLE = "unreadable"
    """No chat can be decrypted: the key is another one, or the data is damaged."""
    DECLINED = "declined"
    """Another admin was asked to approve it, and declined."""
    UNAPPROVED = "unapproved"
    """Another admin was asked to approve it, and nobody answered in time."""
    OPEN = "open"
    """The petition was still open when its time came."""


class BroadcastAction(StrEnum):
    """What can be done to a broadcast; admins' actions have these names in the audit log."""

    BEGIN = "begin"
    BEGIN_PAUSED = "begin paused"
    """Its time has come, but an admin has to decide first."""
    ASK_APPROVAL = "ask approval"
    """It has more recipients by now than one admin may write to."""
    DROP = "drop"
    """There is no closing to report any more."""
    LAPSE = "lapse"
    """No other admin approved it in time."""
    APPROVE = "approve"
    RECOUNT = "recount"
    """Sets how many recipients are to be approved."""
    DECLINE = "decline"
    PAUSE = "pause"
    PAUSE_BY_SYSTEM = "pause by system"
    RESUME = "resume"
    """Also begins a planned broadcast that was paused when its time came."""
    CANCEL = "cancel"
    FINISH = "finish"
    STOP = "stop"
    RECALL = "recall"
    """Orders what was sent to be deleted; `recalls.py` does it."""
    MARK_REPORTED = "mark reported"


@dataclass(frozen=True, slots=True)
class Transition:
    """When an action has an effect, and the state it leads to.

    Attributes:
        sources: the states in which it has an effect.
        to: the state after it; None if that stays the same.
        is_ordered: whether admins do it, or the operator; then it is in the audit log.
    """

    sources: frozenset[BroadcastState]
    to: BroadcastState | None = None
    is_ordered: bool = False


_SCHEDULED = frozenset({BroadcastState.SCHEDULED})
_RUNNING = frozenset({BroadcastState.RUNNING})
_PAUSED = frozenset({BroadcastState.PAUSED})

TRANSITIONS: Mapping[BroadcastAction, Transition] = {
    BroadcastAction.BEGIN: Transition(_SCHEDULED, BroadcastState.RUNNING),
    BroadcastAction.BEGIN_PAUSED: Transition(_SCHEDULED, BroadcastState.PAUSED),
    BroadcastAction.ASK_APPROVAL: Transition(_SCHEDULED),
    BroadcastAction.DROP: Transition(_SCHEDULED, BroadcastState.STOPPED),
    BroadcastAction.LAPSE: Transition(_SCHEDULED, BroadcastState.STOPPED),
    BroadcastAction.APPROVE: Transition(_SCHEDULED, is_ordered=True),
    BroadcastAction.RECOUNT: Transition(_SCHEDULED, is_ordered=True),
    BroadcastAction.DECLINE: Transition(_SCHEDULED, BroadcastState.STOPPED, is_ordered=True),
    BroadcastAction.PAUSE: Transition(_RUNNING, BroadcastState.PAUSED, is_ordered=True),
    BroadcastAction.PAUSE_BY_SYSTEM: Transition(_RUNNING, BroadcastState.PAUSED),
    BroadcastAction.RESUME: Transition(_PAUSED, BroadcastState.RUNNING, is_ordered=True),
    BroadcastAction.CANCEL: Transition(
        _SCHEDULED | ACTIVE, BroadcastState.CANCELLED, is_ordered=True
    ),
    BroadcastAction.FINISH: Transition(_RUNNING, BroadcastState.FINISHED),
    BroadcastAction.STOP: Transition(_RUNNING, BroadcastState.STOPPED),
    BroadcastAction.RECALL: Transition(OVER, is_ordered=True),
    BroadcastAction.MARK_REPORTED: Transition(OVER),
}
