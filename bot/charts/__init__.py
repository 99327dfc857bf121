"""Charts as PNG pictures, for the chats of admins."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bot.text.translations import Words

if TYPE_CHECKING:
    from bot.charts.series import Interval


async def delivery_picture(moments: Sequence[Interval], words: Words, title: str) -> bytes | None:
    """Returns a chart of a broadcast's deliveries over time; None when there are none yet.

    It is drawn in a thread, so as not to block the event loop, and Pillow is imported only there,
    since most runs of the bot do without its memory.
    """
    if not any(moment.delivered or moment.unreachable for moment in moments):
        return None
    return await asyncio.to_thread(_draw, moments, words, title)


def _draw(moments: Sequence[Interval], words: Words, title: str) -> bytes:
    from bot.charts.delivery import delivery_chart

    return delivery_chart(moments, words, title)


__all__ = ["delivery_picture"]
