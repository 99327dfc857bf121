"""The commands that change a broadcast: when each is allowed, its question and its result."""

from dataclasses import dataclass
from datetime import datetime

from bot.cli.broadcast_selection import LATEST, capitalised, name_of, select_broadcast
from bot.cli.broadcast_snapshot import BroadcastSnapshot, read_snapshot
from bot.cli.context import CliContext
from bot.console import CannotDo
from bot.text.translations import Words
from storage import TRANSITIONS, Broadcast, BroadcastAction, BroadcastState, Kind


@dataclass(frozen=True, slots=True)
class BroadcastChange:
    """A change that an operator can order.

    Attributes:
        verb: its name, as in the table of transitions.
        default: the broadcast to change if none is named; None for the one under way.
    """

    verb: BroadcastAction
    default: str | None = None

    @property
    def allowed(self) -> list[BroadcastState]:
        """The states of a broadcast in which it has an effect."""
        return [each for each in BroadcastState if each in TRANSITIONS[self.verb].sources]

    @property
    def leads_to(self) -> str:
        """The state after it."""
        return TRANSITIONS[self.verb].to or _RECALLED


PAUSE = BroadcastChange(BroadcastAction.PAUSE)
RESUME = BroadcastChange(BroadcastAction.RESUME)
CANCEL = BroadcastChange(BroadcastAction.CANCEL)
RECALL = BroadcastChange(BroadcastAction.RECALL, default=LATEST)
# The word for a broadcast that is being recalled or was, whatever its state.
_RECALLED = "recalled"


async def prepare_change(
    context: CliContext, change: BroadcastChange, wanted: str | None
) -> tuple[bytes, str]:
    """Returns the id of the broadcast to change, and the question to ask before.

    Raises:
        CannotDo: there is no such broadcast, or its state does not allow the change.
    """
    found = await select_broadcast(context.storage.broadcasts, wanted or change.default)
    snapshot = await read_snapshot(context, found)
    _check(change, snapshot.broadcast)
    if change is RECALL:
        _check_recall(snapshot, context.clock())
    return snapshot.broadcast.id, _question(change, snapshot, context.words)


async def carry_out(context: CliContext, change: BroadcastChange, key: bytes) -> str:
    """Changes the broadcast; returns the result as a sentence.

    Raises:
        CannotDo: the broadcast's state has changed since the question.
    """
    broadcasts = context.storage.broadcasts
    changes = {
        PAUSE: broadcasts.pause,
        RESUME: broadcasts.resume,
        CANCEL: broadcasts.cancel,
        RECALL: broadcasts.recall,
    }
    # The actor None stands in the audit log for the shell, which has no Telegram snapshot.
    broadcast = await changes[change](key, None, context.clock())
    if broadcast is None:
        raise CannotDo("Meanwhile the broadcast is gone.")
    if _state(broadcast) != change.leads_to:
        raise CannotDo(f"Meanwhile {_state_clause(broadcast)}, and nothing was changed.")
    return _outcome(change, await read_snapshot(context, broadcast), context.words)


def _check(change: BroadcastChange, broadcast: Broadcast) -> None:
    state = _state(broadcast)
    if state in change.allowed:
        return
    if state == change.leads_to:
        raise CannotDo(f"{capitalised(_state_clause(broadcast))} already.")
    fitting = " or ".join(change.allowed)
    raise CannotDo(
        f"{capitalised(_state_clause(broadcast))}: there is nothing to {change.verb}. "
        f"That needs one that is {fitting}."
    )


def _check_recall(snapshot: BroadcastSnapshot, now: datetime) -> None:
    if snapshot.broadcast.can_be_recalled(snapshot.tally.delivered, now):
        return
    raise CannotDo(
        f"Nothing of {name_of(snapshot.broadcast)} can be recalled: Telegram lets a bot delete "
        "messages for 48 hours, or there are none to delete."
    )


def _state(broadcast: Broadcast) -> str:
    return broadcast.state if broadcast.recall_started_at is None else _RECALLED


def _state_clause(broadcast: Broadcast) -> str:
    return f"{name_of(broadcast)} is {_state(broadcast)}"


def _question(change: BroadcastChange, snapshot: BroadcastSnapshot, words: Words) -> str:
    broadcast = snapshot.broadcast
    if change is RECALL:
        return (
            f"Recall {name_of(broadcast)} for good? (It is deleted from "
            f"{words.number(snapshot.tally.delivered)} chats; who has read it has read it)"
        )
    told, total = words.number(snapshot.tally.done), words.number(snapshot.total)
    so_far = f"{told} of {total} are done"
    if broadcast.state is BroadcastState.SCHEDULED and broadcast.starts_at is not None:
        so_far = f"it would begin on {words.plain_moment(broadcast.starts_at)}"
    for_good = " for good" if change is CANCEL else ""
    return f"{change.verb.capitalize()} {name_of(broadcast)}{for_good}? ({so_far})"


def _outcome(change: BroadcastChange, snapshot: BroadcastSnapshot, words: Words) -> str:
    name = capitalised(name_of(snapshot.broadcast))
    short = name.rpartition(" ")[2]
    done, left = words.number(snapshot.tally.done), words.number(snapshot.left)
    if change is RECALL:
        return (
            f"{name} is being recalled from {words.number(snapshot.tally.delivered)} chats. "
            "The bot does it in a moment; if it is not running, petition-bot run does. "
            f"petition-bot broadcasts show {short} --follow shows how far it is."
        )
    if change is RESUME:
        return (
            f"{name} is running again, and {left} are left. The bot goes on with it in a moment; "
            "if it is not running, petition-bot run does."
        )
    if change is PAUSE:
        return (
            f"{name} is paused: {done} are done and {left} are left. What is on its way is still "
            f"counted. petition-bot broadcasts resume {short} goes on."
        )
    again = ""
    if snapshot.left and snapshot.broadcast.started_at is not None:
        command = "/broadcast" if snapshot.broadcast.kind is Kind.CLOSING else "/broadcasts"
        again = f" An admin can tell them with {command} in the bot."
    return f"{name} is cancelled: {done} are done, {left} are not told by it.{again}"
