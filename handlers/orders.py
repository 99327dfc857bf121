"""Taps under the admins' panels: each button carries what it was offered for."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from telegram import Update

from . import broadcasting, closing, taps
from .context import Context
from .guards import is_admin_tap
from .panel import PREFIX, Carry, Order, open_panel

_CARRIED_OUT_BY: Mapping[Order, Carry] = MappingProxyType(
    {
        Order.CLOSE: closing.confirmed_close,
        Order.REOPEN: closing.confirmed_reopen,
        Order.SEND: broadcasting.confirmed,
        Order.LEAVE: closing.leave,
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
    if order not in set(Order):
        await closing.leave(panel, "")
        return
    await _CARRIED_OUT_BY[Order(order)](panel, argument)
