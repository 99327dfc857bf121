"""The commands that change a broadcast: when each is allowed, its question and its result."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.cli.broadcast_details import capitalised, name_of
from bot.cli.broadcast_selection import LATEST, pick
from bot.cli.broadcast_snapshot import BroadcastSnapshot, read_account
from bot.cli.context import CliContext
from bot.console import CannotDo
from bot.text.translations import Words
from storage import Broadcast, Kind


@dataclass(frozen=True, slots=True)
class Order:
    """A change that an operator can order.

    Attributes:
        verb: its name.
        allowed: the states of a broadcast in which it has an effect.
        leads_to: the state after it.
        default: the broadcast to change if none is named; None for the one under way.
    """

    verb: str
    allowed: tuple[str, ...]
    leads_to: str
    default: str | None = None


PAUSE: Final = Order("pause", ("running",), "paused")
RESUME: Final = Order("resume", ("paused",), "running")
CANCEL: Final = Order("cancel", ("scheduled", "running", "paused"), "cancelled")
RECALL: Final = Order("recall", ("finished", "stopped", "cancelled"), "recalled", default=LATEST)


async def considered(desk: CliContext, order: Order, wanted: str | None) -> tuple[bytes, str]:
    """Returns the id of the broadcast to change, and the question to ask before.

    Raises:
        CannotDo: there is no such broadcast, or its state does not allow the change.
    """
    found = await pick(desk.storage.broadcasts, wanted or order.default)
    account = await read_account(desk, found)
    _check(order, account.broadcast)
    if order is RECALL:
        _check_recall(account, desk.clock())
    return account.broadcast.id, _question(order, account, desk.words)


async def steered(desk: CliContext, order: Order, key: bytes) -> str:
    """Changes the broadcast; returns the result as a sentence.

    Raises:
        CannotDo: the broadcast's state has changed since the question.
    """
    broadcasts = desk.storage.broadcasts
    deeds = {
        PAUSE: broadcasts.pause,
        RESUME: broadcasts.resume,
        CANCEL: broadcasts.cancel,
        RECALL: broadcasts.recall,
    }
    # The actor None stands in the audit log for the shell, which has no Telegram account.
    broadcast = await deeds[order](key, None, desk.clock())
    if broadcast is None:
        raise CannotDo("Meanwhile the broadcast is gone.")
    if _state(broadcast) != order.leads_to:
        raise CannotDo(f"Meanwhile {_stands(broadcast)}, and nothing was changed.")
    return _outcome(order, await read_account(desk, broadcast), desk.words)


def _check(order: Order, broadcast: Broadcast) -> None:
    state = _state(broadcast)
    if state in order.allowed:
        return
    if state == order.leads_to:
        raise CannotDo(f"{capitalised(_stands(broadcast))} already.")
    fitting = " or ".join(order.allowed)
    raise CannotDo(
        f"{capitalised(_stands(broadcast))}: there is nothing to {order.verb}. "
        f"That needs one that is {fitting}."
    )


def _check_recall(account: BroadcastSnapshot, now: datetime) -> None:
    if account.broadcast.can_be_recalled(account.tally.delivered, now):
        return
    raise CannotDo(
        f"Nothing of {name_of(account.broadcast)} can be recalled: Telegram lets a bot delete "
        "messages for 48 hours, or there are none to delete."
    )


def _state(broadcast: Broadcast) -> str:
    return broadcast.state if broadcast.recall_started_at is None else RECALL.leads_to


def _stands(broadcast: Broadcast) -> str:
    return f"{name_of(broadcast)} is {_state(broadcast)}"


def _question(order: Order, account: BroadcastSnapshot, words: Words) -> str:
    broadcast = account.broadcast
    if order is RECALL:
        return (
            f"Recall {name_of(broadcast)} for good? (It is deleted from "
            f"{words.number(account.tally.delivered)} chats; who has read it has read it)"
        )
    told, total = words.number(account.tally.done), words.number(account.total)
    so_far = f"{told} of {total} are done"
    if broadcast.state == "scheduled" and broadcast.starts_at is not None:
        so_far = f"it would begin on {words.moment(broadcast.starts_at)}"
    for_good = " for good" if order is CANCEL else ""
    return f"{order.verb.capitalize()} {name_of(broadcast)}{for_good}? ({so_far})"


def _outcome(order: Order, account: BroadcastSnapshot, words: Words) -> str:
    name = capitalised(name_of(account.broadcast))
    short = name.rpartition(" ")[2]
    done, left = words.number(account.tally.done), words.number(account.left)
    if order is RECALL:
        return (
            f"{name} is being recalled from {words.number(account.tally.delivered)} chats. "
            "The bot does it in a moment; if it is not running, petition-bot run does. "
            f"petition-bot broadcasts show {short} --follow shows how far it is."
        )
    if order is RESUME:
        return (
            f"{name} is running again, and {left} are left. The bot goes on with it in a moment; "
            "if it is not running, petition-bot run does."
        )
    if order is PAUSE:
        return (
            f"{name} is paused: {done} are done and {left} are left. What is on its way is still "
            f"counted. petition-bot broadcasts resume {short} goes on."
        )
    again = ""
    if account.left and account.broadcast.started_at is not None:
        command = "/broadcast" if account.broadcast.kind is Kind.CLOSING else "/broadcasts"
        again = f" An admin can tell them with {command} in the bot."
    return f"{name} is cancelled: {done} are done, {left} are not told by it.{again}"
