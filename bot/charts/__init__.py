"""Charts as PNG pictures, for the chats of admins."""

import asyncio
from collections.abc import Sequence

from bot.text.translations import Words
from storage.broadcasts import Moment


async def delivery_picture(moments: Sequence[Moment], words: Words) -> bytes | None:
    """Returns a chart of a broadcast's deliveries over time; None when there are none yet.

    It is drawn in a thread, so as not to block the event loop, and Pillow is imported only there,
    since most runs of the bot do without its memory.
    """
    if not any(moment.delivered or moment.unreachable for moment in moments):
        return None
    return await asyncio.to_thread(_draw, moments, words)


def _draw(moments: Sequence[Moment], words: Words) -> bytes:
    from bot.charts.delivery import delivery_chart

    return delivery_chart(moments, words)
