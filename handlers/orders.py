"""Taps under the admins' panels: each button carries what it was offered for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType

from telegram import Update

from . import closing, taps
from .broadcasts import approving, confirming, controls, history, offering, preparing
from .context import Context
from .guards import is_admin_tap
from .panel import PREFIX, Carry, Order, Panel, open_panel

_CARRIED_OUT_BY: Mapping[Order, Carry] = MappingProxyType(
    {
        Order.CLOSE: closing.confirmed_close,
        Order.REOPEN: closing.confirmed_reopen,
        Order.FINAL: offering.final,
        Order.COMPOSE: offering.compose,
        Order.GO_ON: offering.resume,
        Order.DRAFT: preparing.tapped,
        Order.SEND: confirming.send,
        Order.WATCH: controls.watch,
        Order.PAUSE: controls.pause,
        Order.RESUME: controls.resume,
        Order.REVIEW: approving.review,
        Order.APPROVE: approving.approve,
        Order.ASK_DECLINE: approving.ask_to_decline,
        Order.DECLINE: approving.decline,
        Order.ASK_CANCEL: controls.ask_to_cancel,
        Order.CANCEL: controls.cancel,
        Order.ASK_RECALL: controls.ask_to_recall,
        Order.RECALL: controls.recall,
        Order.PAST: history.turn,
        Order.REPORT: history.report,
    }
)

# Each shows what became of its order when it was given after all, or tells that it was not.
_LEFT_BY: Mapping[Order, Callable[[Panel, str], Awaitable[bool]]] = MappingProxyType(
    {
        Order.CLOSE: closing.left,
        Order.REOPEN: closing.left,
        Order.SEND: confirming.leave,
    }
)


def is_order(data: object) -> bool:
    """Whether callback data is an admin's button. Who may tap it is asked in `ordered`."""
    return isinstance(data, str) and data.partition(":")[0] == PREFIX


async def ordered(update: Update, context: Context) -> None:
    """Carries out an order that an admin confirmed; to anyone else it is a button like any."""
    query = update.callback_query
    if not is_admin_tap(update, context.services.admins):
        await taps.tapped(update, context)
        return
    _, _, rest = ((query.data if query else None) or "").partition(":")
    order, _, argument = rest.partition(":")
    panel = await open_panel(update, context)
    if order in _CARRIED_OUT_BY:
        await _CARRIED_OUT_BY[Order(order)](panel, argument)
        return
    await _leave(panel, argument)


async def _leave(panel: Panel, argument: str) -> None:
    """Nothing was ordered, and the panel says so; unless it was ordered meanwhile."""
    what, _, rest = argument.partition(":")
    if what in _LEFT_BY and await _LEFT_BY[Order(what)](panel, rest):
        return
    await panel.say(panel.words.text("De acuerdo: todo queda como estaba."))
