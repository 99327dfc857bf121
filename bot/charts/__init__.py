"""Pictures of numbers, for the chats of admins."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bot.text.translations import Words

if TYPE_CHECKING:
    from bot.charts.series import Interval


async def delivery_picture(moments: Sequence[Interval], words: Words, title: str) -> bytes | None:
    """A delivery over time, as a PNG; None when nothing was delivered yet.

    Drawing is work for a processor and not for the event loop, and Pillow takes memory that most
    runs of the bot need not spend: it happens in a thread, and is loaded there.
    """
    if not any(moment.delivered or moment.unreachable for moment in moments):
        return None
    return await asyncio.to_thread(_draw, moments, words, title)


def _draw(moments: Sequence[Interval], words: Words, title: str) -> bytes:
    from bot.charts.delivery import delivery_chart

    return delivery_chart(moments, words, title)


__all__ = ["delivery_picture"]
